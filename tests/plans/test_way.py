"""The plan from draft to acceptance: who, when, how much, and what stands against it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from plans import steps
from plans.models import ApprovalRule, Plan
from surveys.models import SourcePoint
from tests.factories import person
from tests.plans import making as make
from tests.surveys import factories as surveying
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def reserved(name="人民路 2# 公变"):
    return SourcePoint.objects.get(name=name).reserved_kva


def verbs(case):
    return list(case.events.values_list("verb", flat=True))


# Drawing ------------------------------------------------------------------------------------------


def test_an_accepted_plan_ends_the_step_and_opens_what_waited():
    case = make.surveyed()

    plan = make.accepted(case)

    case = Case.objects.get(pk=case.pk)
    assert plan.state == Plan.State.ACCEPTED
    assert Plan.of(case) == plan
    assert case.step(Kind.PLAN).state == Step.State.DONE
    assert case.step(Kind.CONTRACT).state == Step.State.IN_HAND
    assert case.chargeable is False
    assert {"plan_drawn", "plan_approved", "plan_answered", "plan_accepted"} <= set(verbs(case))


def test_a_plan_is_the_ground_for_fees_only_once_it_is_accepted():
    case = make.surveyed()

    make.answered(case)

    assert Plan.of(case) is None


def test_no_plan_is_drawn_before_the_survey_is_signed():
    case = surveying.at_survey()
    step = make.fresh(case)

    with pytest.raises(Refused):
        steps.save_draft(step, Plan(step=step, **make.LV), [], by=make.planner())

    assert not Plan.objects.exists()


def test_who_is_not_a_planner_draws_nothing():
    case = make.surveyed()
    step = make.fresh(case)
    plan, _rows = steps.draft_for(step)

    with pytest.raises(Refused):
        steps.save_draft(step, plan, [], by=make.clerk())

    assert not Plan.objects.exists()


@pytest.mark.parametrize("missing", ["voltage", "total_kva", "property_boundary", "meter_type"])
def test_an_incomplete_plan_may_be_kept_but_not_submitted(missing):
    case = make.surveyed()
    empty = Decimal(0) if missing == "total_kva" else ""

    make.drawn(case, [make.source(case)], **{missing: empty})
    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())

    assert make.plan_of(case).state == Plan.State.DRAFT
    assert reserved() == 0


def test_a_plan_needs_a_source():
    case = make.surveyed()
    make.drawn(case, [])

    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())


def test_the_sources_must_give_what_the_plan_promises():
    case = make.surveyed()
    make.drawn(case, [make.source(case, capacity_kva=Decimal(5))])

    with pytest.raises(Refused, match=r"5\.00.*8\.00"):
        steps.submit(make.fresh(case), by=make.planner())


def test_a_source_of_another_case_is_refused():
    mine, other = make.surveyed(), make.neighbour()

    with pytest.raises(Refused):
        make.drawn(mine, [make.source(other)])

    assert not Plan.objects.exists()


# The story: consent -------------------------------------------------------------------------------


def test_a_point_whose_co_user_refuses_is_not_offered_and_not_accepted():
    case = make.surveyed()
    point = make.source(case).candidate
    surveying_consent(point, answer="no")
    survey = case.step(Kind.SURVEY).survey

    assert steps.usable(survey, timezone.localdate()) == []
    make.drawn(case)
    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())


def test_a_consent_that_ends_between_submission_and_approval_stops_the_approval():
    case = make.surveyed()
    today = timezone.localdate()
    surveying_consent(make.source(case).candidate, answer="yes", expires_on=today)
    make.submitted(case)

    with time_machine.travel(timezone.now() + timedelta(days=1)), pytest.raises(Refused):
        steps.approve(make.fresh(case), by=make.approver())

    assert make.plan_of(case).state == Plan.State.SUBMITTED
    assert not make.plan_of(case).approvals.exists()


def surveying_consent(point, **columns):
    """What a third party answered after the survey was signed."""
    today = timezone.localdate()
    return point.consents.create(
        party_kind="co_user",
        party="张建国",
        subject="从原接户点 T 接",
        asked_on=today,
        asked_how="in_person",
        answered_on=today,
        options="改接院内 2# 分支箱。",
        **columns,
    )


# Capacity -----------------------------------------------------------------------------------------


def test_capacity_is_held_from_submission_on():
    case = make.surveyed()

    make.drawn(case)
    assert reserved() == 0
    steps.submit(make.fresh(case), by=make.planner())

    assert reserved() == 8


def test_capacity_that_is_not_open_is_refused_with_the_figures():
    case = make.surveyed()
    make.drawn(case, [make.source(case, capacity_kva=Decimal("46.01"))])

    with pytest.raises(Refused, match=r"46\.00.*46\.01"):
        steps.submit(make.fresh(case), by=make.planner())

    assert reserved() == 0
    assert make.plan_of(case).state == Plan.State.DRAFT


def test_what_one_plan_holds_another_cannot_have():
    first, second = make.surveyed(), make.neighbour()
    make.submitted(first, [make.source(first, capacity_kva=Decimal(40))])

    with pytest.raises(Refused, match=r"6\.00"):
        make.submitted(second)

    assert reserved() == 40


def test_a_plan_given_back_frees_its_capacity_and_holds_it_again_when_submitted_anew():
    case = make.surveyed()
    make.submitted(case)

    steps.give_back(make.fresh(case), by=make.approver(), reason="计量方式不对")
    assert reserved() == 0
    steps.submit(make.fresh(case), by=make.planner())

    assert reserved() == 8


@pytest.mark.parametrize("state", ["submitted", "approved", "answered", "accepted"])
def test_withdrawing_the_case_frees_the_capacity_and_voids_the_plan(state):
    case = make.surveyed()
    getattr(make, state)(case)
    assert reserved() == 8

    moves.withdraw(Case.objects.get(pk=case.pk), by=make.clerk(), reason="客户放弃")

    assert reserved() == 0
    assert make.plan_of(case).state == Plan.State.VOID


def test_sending_the_case_back_to_the_survey_frees_the_capacity():
    case = make.surveyed()
    make.submitted(case)

    moves.send_back(make.fresh(case), by=make.planner(), reason="电源点不对", to=Kind.SURVEY)

    assert reserved() == 0
    assert make.plan_of(case).state == Plan.State.VOID


# Approval -----------------------------------------------------------------------------------------


def test_who_drew_the_plan_does_not_approve_it():
    case = make.surveyed()
    both = person("planner", "approver")
    make.drawn(case)
    step = make.fresh(case)
    step = moves.assign(step, both, by=person("supervisor"))
    steps.submit(step, by=both)

    with pytest.raises(Refused):
        steps.approve(make.fresh(case), by=both)

    assert make.plan_of(case).state == Plan.State.SUBMITTED


@pytest.mark.parametrize("which", ["surveyor", "second_surveyor"])
def test_who_surveyed_the_site_does_not_approve_the_plan(which):
    case = make.surveyed_hv()
    survey = case.step(Kind.SURVEY).survey
    someone = getattr(survey, which)
    make.submitted(case)
    someone.groups.set(make.approver().groups.all())
    someone = type(someone).objects.get(pk=someone.pk)

    with pytest.raises(Refused):
        steps.approve(make.fresh(case), by=someone)

    assert make.plan_of(case).state == Plan.State.SUBMITTED


def test_who_is_no_approver_does_not_approve():
    case = make.surveyed()
    make.submitted(case)

    with pytest.raises(Refused):
        steps.approve(make.fresh(case), by=person("supervisor"))


def test_an_approver_of_another_office_does_not_approve():
    case = make.surveyed()
    make.submitted(case)

    with pytest.raises(Refused):
        steps.approve(make.fresh(case), by=person("approver", at="bhxc"))


def test_a_small_plan_needs_one_approver():
    case = make.surveyed_hv()
    make.submitted(case, total_kva=Decimal("1259.99"))

    steps.approve(make.fresh(case), by=make.approver())

    assert make.plan_of(case).state == Plan.State.APPROVED


def test_from_1260_kva_two_different_approvers_must_agree():
    case = make.surveyed_hv()
    make.submitted(case, total_kva=Decimal(1260))

    steps.approve(make.fresh(case), by=make.approver(1))
    assert make.plan_of(case).state == Plan.State.SUBMITTED
    with pytest.raises(Refused):
        steps.approve(make.fresh(case), by=make.approver(1))
    steps.approve(make.fresh(case), by=make.approver(2))

    assert make.plan_of(case).state == Plan.State.APPROVED


def test_an_important_customer_needs_joint_review_and_an_emergency_source():
    case = make.surveyed_hv(importance="second")
    make.drawn(case)

    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())
    plan = make.submitted(case, emergency_kva=Decimal(200))

    assert steps.approvers_needed(plan) == 2


def test_the_level_of_approval_is_data():
    case = make.surveyed()
    ApprovalRule.objects.create(from_kva=5, approvers=3, basis="试点")

    plan = make.submitted(case)

    assert steps.approvers_needed(plan) == 3


def test_an_approval_before_the_plan_was_given_back_counts_no_more():
    case = make.surveyed_hv()
    make.submitted(case, total_kva=Decimal(1260))
    steps.approve(make.fresh(case), by=make.approver(1))
    steps.give_back(make.fresh(case), by=make.approver(2), reason="保护方式不对")
    steps.submit(make.fresh(case), by=make.planner())

    steps.approve(make.fresh(case), by=make.approver(2))

    assert make.plan_of(case).state == Plan.State.SUBMITTED


def test_giving_back_needs_a_reason():
    case = make.surveyed()
    make.submitted(case)

    with pytest.raises(Refused):
        steps.give_back(make.fresh(case), by=make.approver(), reason="  ")

    assert make.plan_of(case).state == Plan.State.SUBMITTED
    assert reserved() == 8


# Several sources ----------------------------------------------------------------------------------


def dual(*points):
    return make.surveyed_hv(*points, customer_class="hv_dual")


def test_a_multi_source_customer_needs_two_sources_on_different_lines():
    case = dual(make.hv_point("1#", "湖滨 I 线"), make.hv_point("2#", "湖滨 I 线"))
    half = Decimal(400)

    make.drawn(case, [make.source(case, 0, capacity_kva=Decimal(800))])
    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())
    make.drawn(case, [make.source(case, n, capacity_kva=half) for n in (0, 1)])
    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())

    assert reserved("1#") == 0


def test_a_multi_source_plan_holds_capacity_on_both_and_causes_a_fee():
    case = dual(make.hv_point("1#", "湖滨 I 线"), make.hv_point("2#", "湖滨 II 线"))
    sources = [
        make.source(case, 0, capacity_kva=Decimal(800)),
        make.source(case, 1, capacity_kva=Decimal(800), role="standby"),
    ]

    plan = make.accepted(case, sources)

    assert (reserved("1#"), reserved("2#")) == (800, 800)
    assert plan.multi_source
    case = Case.objects.get(pk=case.pk)
    assert case.chargeable is True
    assert case.step(Kind.FEES).state == Step.State.IN_HAND


def test_what_the_second_source_refuses_the_first_does_not_keep():
    case = dual(
        make.hv_point("1#", "湖滨 I 线"),
        make.hv_point("2#", "湖滨 II 线", rated_kva=Decimal(3100)),
    )
    sources = [make.source(case, n, capacity_kva=Decimal(800)) for n in (0, 1)]
    make.drawn(case, sources)

    with pytest.raises(Refused, match=r"100\.00.*800\.00"):
        steps.submit(make.fresh(case), by=make.planner())

    assert (reserved("1#"), reserved("2#")) == (0, 0)


# Answer and decision ------------------------------------------------------------------------------


def test_an_answer_is_the_customers_turn_and_starts_the_validity():
    case = make.surveyed()

    with time_machine.travel("2026-03-31 02:00:00+00:00", tick=True):
        plan = make.answered(case)

    assert make.fresh(case).state == Step.State.WITH_CUSTOMER
    assert plan.valid_until == date(2026, 6, 30)


def test_high_voltage_plans_hold_for_a_year():
    case = make.surveyed_hv()

    with time_machine.travel("2026-03-31 02:00:00+00:00", tick=True):
        plan = make.answered(case)

    assert plan.valid_until == date(2027, 3, 31)


def test_a_plan_is_not_answered_before_it_is_approved():
    case = make.surveyed()
    make.submitted(case)

    with pytest.raises(Refused):
        steps.answer(make.fresh(case), by=make.planner(), how="counter")

    assert make.fresh(case).state == Step.State.IN_HAND


def test_the_answer_is_issued_as_a_paper():
    case = make.surveyed()

    make.answered(case)

    assert case.papers.filter(kind="plan").exists()


def test_a_clerk_may_hand_the_answer_over_and_note_the_decision():
    case = make.surveyed()
    make.approved(case)

    steps.answer(make.fresh(case), by=make.clerk(), how="counter")
    steps.accept(make.fresh(case), by=make.clerk(), signed_name="王小明", how="signature")

    assert make.fresh(case).state == Step.State.DONE


@pytest.mark.parametrize("role", ["surveyor", "approver", "cashier", "auditor"])
def test_others_do_not_decide_for_the_customer(role):
    case = make.surveyed()
    make.answered(case)

    with pytest.raises(Refused):
        steps.accept(make.fresh(case), by=person(role), signed_name="王小明", how="signature")

    assert Plan.of(case) is None


def test_a_plan_is_not_accepted_before_it_is_answered():
    case = make.surveyed()
    make.approved(case)

    with pytest.raises(Refused):
        steps.accept(make.fresh(case), by=make.planner(), signed_name="王小明", how="signature")

    assert make.plan_of(case).state == Plan.State.APPROVED
    assert make.fresh(case).state == Step.State.IN_HAND


def test_the_step_is_not_finished_past_the_room():
    case = make.surveyed()
    make.answered(case)

    with pytest.raises(Refused):
        moves.finish(make.fresh(case), by=make.planner())

    assert make.fresh(case).state == Step.State.WITH_CUSTOMER


def test_an_objection_frees_the_capacity_and_begins_the_next_version_from_this_one():
    case = make.surveyed()
    make.answered(case)

    steps.object_to(make.fresh(case), by=make.planner(), reason="表位不合适")

    old = Plan.objects.get(step__case=case)
    step = make.fresh(case)
    fresh, sources = steps.draft_for(step)
    assert (old.state, old.objection) == (Plan.State.OBJECTED, "表位不合适")
    assert reserved() == 0
    assert (step.round, step.state) == (2, Step.State.IN_HAND)
    assert (fresh.version, fresh.property_boundary) == (2, old.property_boundary)
    assert [s.candidate_id for s in sources] == [s.candidate_id for s in old.sources.all()]


def test_an_objection_needs_its_reason():
    case = make.surveyed()
    make.answered(case)

    with pytest.raises(Refused):
        steps.object_to(make.fresh(case), by=make.planner(), reason=" ")

    assert make.plan_of(case).state == Plan.State.ANSWERED


def test_nobody_sets_the_state_past_the_verbs():
    case = make.surveyed()
    plan = make.drawn(case)

    with pytest.raises((AttributeError, ValidationError)):
        plan.state = Plan.State.ACCEPTED


# Validity -----------------------------------------------------------------------------------------


def test_on_its_last_day_a_plan_still_holds():
    case = make.surveyed()
    plan = make.answered(case)

    assert steps.expire(plan.valid_until) == 0
    assert make.plan_of(case).state == Plan.State.ANSWERED


def test_an_expired_plan_is_void_frees_its_capacity_and_is_drawn_anew():
    case = make.surveyed()
    plan = make.answered(case)

    assert steps.expire(plan.valid_until + timedelta(days=1)) == 1

    plan.refresh_from_db()
    assert plan.state == Plan.State.VOID
    assert reserved() == 0
    assert (make.fresh(case).round, make.fresh(case).state) == (2, Step.State.IN_HAND)
    assert "plan_expired" in verbs(case)
    assert steps.expire(plan.valid_until + timedelta(days=1)) == 0


def test_an_accepted_plan_does_not_expire():
    case = make.surveyed()
    plan = make.accepted(case)

    assert steps.expire(plan.valid_until + timedelta(days=400)) == 0
    assert Plan.of(case) == plan


def test_an_expired_plan_cannot_be_accepted():
    case = make.surveyed()
    plan = make.answered(case)
    after = timezone.now() + (plan.valid_until - timezone.localdate()) + timedelta(days=1)

    with time_machine.travel(after), pytest.raises(Refused):
        steps.accept(make.fresh(case), by=make.planner(), signed_name="王小明", how="signature")

    assert Plan.of(case) is None


@pytest.mark.parametrize(("days", "granted"), [(10, True), (9, False)])
def test_an_extension_is_asked_for_ten_days_before_the_end(days, granted):
    case = make.surveyed()
    before = make.answered(case).valid_until
    when = timezone.now() + (before - timezone.localdate()) - timedelta(days=days)

    with time_machine.travel(when):
        if granted:
            steps.extend(make.fresh(case), by=make.planner(), reason="客户装修未完")
        else:
            with pytest.raises(Refused):
                steps.extend(make.fresh(case), by=make.planner(), reason="客户装修未完")

    assert (make.plan_of(case).valid_until > before) is granted


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day, months, result):
    assert steps.months_later(day, months) == result
