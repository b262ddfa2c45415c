"""The way of a plan: drawn, approved, answered, decided; who may, and what stands against it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from accounts.roles import Role
from documents.models import Paper
from plans import guards, services
from plans.models import ApprovalRule, Plan, PlanSource
from plans.services import terms, validity
from surveys import services as surveying
from surveys.models import Candidate, Consent, SourcePoint, Survey
from tests import factories as office
from tests.applications.factories import shared, sheet
from tests.plans import factories as make
from tests.surveys import factories as surveys
from workflow import clocks, moves, process
from workflow.guards import Refused
from workflow.models import Case, StopReason
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def reserved(plan: Plan) -> list[Decimal]:
    """What stands reserved on the points of a plan (kVA)."""
    points = SourcePoint.objects.filter(candidates__planned__plan=plan).order_by("pk")
    return [point.reserved_kva for point in points]


def refused(act, *args, **options) -> str:
    """What the refusal of an act says."""
    with pytest.raises(Refused) as refusal:
        act(*args, **options)
    return " ".join(refusal.value.messages)


def near_the_end(plan: Plan) -> datetime:
    """The first moment on which more time is given."""
    return timezone.now() + (terms.first_day_to_ask(plan) - timezone.localdate())


# The way through ------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [make.household, make.factory, make.dual])
def test_a_plan_goes_from_draft_to_accepted_and_opens_what_waits_for_it(begin):
    plan = make.accepted_plan(begin())

    case = Case.objects.get(pk=plan.case.pk)
    assert plan.state == Plan.State.ACCEPTED
    assert (plan.signed_name, plan.accepted_how) == (make.signer(case), "signature")
    assert Plan.of(case) == plan
    assert case.step(Kind.PLAN).state == "done"
    assert case.step(Kind.CONTRACT).state == "in_hand"
    assert case.chargeable is plan.multi_source
    assert Paper.objects.filter(case=case, kind="plan").count() == 2
    told = list(case.events.filter(step=plan.step).values_list("verb", flat=True))
    expected = ["claimed", "plan_drafted", "plan_drawn", "plan_approved"]
    assert [verb for verb in told if verb in expected][:4] == expected
    assert told[-1] == "plan_accepted"


def test_only_a_plan_with_several_sources_or_a_reserve_opens_the_fees():
    single, dual = make.accepted_plan(make.factory()), make.accepted_plan(make.dual())
    reserve = make.accepted_plan(make.household(), reserve_kva=Decimal(5))

    def fees(plan):
        step = Case.objects.get(pk=plan.case.pk).step(Kind.FEES)
        return step.state if step else None

    assert [plan.chargeable for plan in (single, dual, reserve)] == [False, True, True]
    assert [fees(single), fees(dual), fees(reserve)] == ["void", "in_hand", "in_hand"]
    assert single.causes == []
    assert "reliability" in dual.causes[0]
    assert "reserve" in reserve.causes[0]


def test_the_first_version_takes_over_what_the_customer_asked_for():
    plan, sources = services.draft_for(make.step_of(make.factory(kva=400)))

    assert (plan.voltage, plan.total_kva, plan.metering) == ("10kv", 400, "hv_hv")
    assert (plan.tariff, plan.version) == ("commercial", 1)
    assert sources == []
    assert not Plan.objects.exists()


def test_what_the_application_says_of_the_voltage_counts_only_where_it_fits_the_class():
    case = make.household()
    case.steps.get(kind=Kind.APPLICATION).application.__class__.objects.update(voltage="10kv")

    plan, _sources = services.draft_for(make.step_of(case))

    assert plan.voltage == "220v"


def test_a_draft_may_be_incomplete_and_is_changed_as_often_as_wanted():
    step = make.step_of(make.household())
    plan, _sources = services.draft_for(step)
    services.save_draft(step, plan, [], by=make.planner())

    again, _sources = services.draft_for(make.step_of(step.case))
    again.protection = "40 A"
    services.save_draft(step, again, make.sources(again), by=make.planner())

    kept = make.plan_of(step.case)
    assert (kept.protection, kept.sources.count()) == ("40 A", 1)
    assert step.case.events.filter(verb="plan_drafted").count() == 1


def test_who_begins_the_plan_has_claimed_it():
    plan = make.drawn()

    assert make.step_of(plan.case).owner == make.planner()
    colleague = make.planner(username="other-planner")
    assert "has this step" in refused(services.save_draft, plan.step, plan, [], by=colleague)
    assert "has this step" in refused(services.submit, plan.step, by=colleague)


# What a plan must hold ------------------------------------------------------------------------


def test_a_plan_is_submitted_complete_and_all_that_is_missing_is_said_at_once():
    step = make.step_of(make.household())
    plan, _sources = services.draft_for(step)
    services.save_draft(step, plan, [], by=make.planner())

    said = refused(services.submit, step, by=make.planner())

    for item in ("property boundary", "meter type", "at least one source"):
        assert item in said
    assert make.plan_of(step.case).state == "draft"


def test_relay_protection_is_asked_for_at_high_voltage_only():
    household = make.drawn(make.household(), protection="")
    assert services.submit(household.step, by=make.planner()).state == "submitted"

    factory = make.drawn(make.factory(), protection="")
    assert "protection" in refused(services.submit, factory.step, by=make.planner())


def test_the_main_sources_carry_the_whole_capacity():
    case = make.dual()
    plan = make.filled(make.step_of(case))
    main, standby = make.sources(plan)
    main.capacity_kva = Decimal(300)
    make.drawn(case, sources=[main, standby])
    assert "main sources give 300" in refused(services.submit, plan.step, by=make.planner())

    main.role = PlanSource.Role.STANDBY
    make.drawn(case, sources=[main, standby])
    assert "One source must be the main one" in refused(
        services.submit, plan.step, by=make.planner()
    )


def test_a_multi_source_customer_needs_two_different_lines():
    case = make.dual()
    plan = make.drawn(case)
    plan = make.drawn(case, sources=make.sources(plan)[:1])
    assert "different lines" in refused(services.submit, plan.step, by=make.planner())

    both = make.sources(plan)
    Candidate.objects.filter(survey=plan.survey).update(line="同一线", substation="同一变")
    for source in both:
        source.candidate.refresh_from_db()
    make.drawn(case, sources=both)
    assert "different lines" in refused(services.submit, plan.step, by=make.planner())


def test_an_important_customer_needs_an_own_emergency_source():
    case = make.dual()
    moves.set_facts(case, by=None, importance="first")
    plan = make.drawn(case)
    assert "emergency source" in refused(services.submit, plan.step, by=make.planner())

    make.drawn(case, emergency_kva=Decimal(200))
    assert services.submit(plan.step, by=make.planner()).state == "submitted"


def test_low_voltage_for_a_high_voltage_customer_is_refused_with_what_to_do():
    plan = make.drawn(make.factory(), voltage="380v")

    said = refused(services.submit, plan.step, by=make.planner())

    assert "does not fit the customer class" in said
    assert "supervisor" in said


def test_a_source_point_stands_in_the_plan_once_and_belongs_to_its_own_survey():
    case = make.household()
    plan = make.filled(make.step_of(case))
    twice = [*make.sources(plan), *make.sources(plan)]
    assert "twice" in refused(services.save_draft, plan.step, plan, twice, by=make.planner())

    foreign = make.sources(make.filled(make.step_of(make.household())))
    assert "does not belong" in refused(
        services.save_draft, plan.step, plan, foreign, by=make.planner()
    )
    assert not Plan.objects.exists()


def test_a_point_outside_the_catalogue_gives_no_more_than_was_measured():
    case = make.taken(make.sheet())
    typed = {"source_point": None, "name": "路东 14# 杆", "rated_kva": 20, "committed_kva": 15}
    surveys.candidate(case, **typed)
    surveys.signed_survey(Case.objects.get(pk=case.pk))
    plan = make.drawn(case)

    assert "5.00 kVA open" in refused(services.submit, plan.step, by=make.planner())


def test_no_plan_without_a_signed_survey():
    case = make.taken(make.sheet())
    step = make.step_of(case)
    assert step.state == "waiting"

    plan, _sources = services.draft_for(step)
    assert "not open" in refused(services.save_draft, step, plan, [], by=make.planner())
    assert "not drawn" in refused(services.submit, step, by=make.planner())


# Third parties: the story of DOMAIN section 1 ----------------------------------------------------


def contested(*, other_workable: bool = False, **consent) -> Case:
    """Surveyed on the co-user's consent at point A; point B only if it is workable."""
    case = make.taken(shared())
    tap = surveys.candidate(case)
    b = surveys.source_point("路东 14# 杆")
    why_not = {} if other_workable else {"workable": False, "why_not": "距离过远"}
    surveys.candidate(case, source_point=b, **why_not)
    surveys.answered(surveys.asked(tap), "yes", **consent)
    surveys.signed_survey(
        Case.objects.get(pk=case.pk),
        found_supply="shared",
        found_disputed=True,
        co_users="张建国",
    )
    return Case.objects.get(pk=case.pk)


def withdraw_consent() -> None:
    """The co-user says no after all, behind the back of the signed survey."""
    Consent.objects.update(answer="no", options="改接路东 14# 杆。")


def test_while_the_co_user_refuses_and_no_other_point_is_workable_no_plan_is_possible():
    case = contested()
    withdraw_consent()
    plan = make.drawn(case)

    said = refused(services.submit, plan.step, by=make.planner())

    assert "cannot be used" in said
    assert "张建国" in said
    assert "refuses since" in said
    assert reserved(make.plan_of(case)) == [0]
    assert make.step_of(case).state == "in_hand"
    assert case.step(Kind.FEES).state == "waiting"


def test_another_workable_point_is_the_way_on():
    case = contested(other_workable=True)
    withdraw_consent()
    plan = make.filled(make.step_of(case))
    [b] = services.usable(plan.survey, timezone.localdate())

    source = PlanSource(candidate=b, capacity_kva=plan.total_kva)
    assert make.accepted_plan(case, sources=[source]).state == "accepted"


@pytest.mark.parametrize(
    ("reach", "act"),
    [
        (make.submitted, lambda step: services.approve(step, by=make.approver())),
        (make.approved, lambda step: services.answer(step, by=make.clerk(), how="counter")),
        (
            make.answered,
            lambda step: services.accept(step, by=make.clerk(), signed_name="王", **make.word()),
        ),
    ],
    ids=["approve", "answer", "accept"],
)
@pytest.mark.parametrize("way", ["withdrawn", "expired"])
def test_a_consent_that_is_gone_stops_the_plan_at_its_next_turn(reach, act, way):
    plan = reach(contested(expires_on=timezone.localdate() + timedelta(days=5)))
    if way == "withdrawn":
        withdraw_consent()
    later = timezone.now() + timedelta(days=0 if way == "withdrawn" else 6)

    with time_machine.travel(later, tick=False):
        said = refused(act, make.step_of(plan.case))

    assert "张建国" in said
    assert ("refuses since" if way == "withdrawn" else "ended on") in said
    assert make.plan_of(plan.case).state == plan.state
    assert make.step_of(plan.case).case.chargeable is None


def test_back_to_the_survey_voids_the_plan_and_frees_its_capacity():
    plan = make.submitted(contested())
    assert reserved(plan) == [plan.total_kva]

    moves.send_back(plan.step, by=make.planner(), reason="张建国反悔", to=Kind.SURVEY)

    plan.refresh_from_db()
    assert plan.state == "void"
    assert reserved(plan) == [0]
    case = Case.objects.get(pk=plan.case.pk)
    assert case.step(Kind.SURVEY).state == "in_hand"
    assert case.step(Kind.PLAN).state == "waiting"


def test_after_another_survey_the_plan_begins_on_the_same_points():
    plan = make.submitted(make.dual())
    moves.send_back(plan.step, by=make.planner(), reason="距离未测", to=Kind.SURVEY)
    step = make.step_of(plan.case).case.step(Kind.SURVEY)
    again = surveying.begin(step, by=surveys.surveyor())
    lost = again.candidates.last()

    Survey.objects.filter(pk=again.pk).update(
        can_supply=True,
        on_site_at=timezone.now(),
        **surveys.both_signatures(),
    )
    before = {str(source.candidate) for source in plan.sources.all()}
    _fresh, sources = services.draft_for(make.step_of(plan.case))

    assert {source.candidate.survey_id for source in sources} == {again.pk}
    assert {str(source.candidate) for source in sources} == before
    lost.consents.all().delete()
    Candidate.objects.filter(pk=lost.pk).update(label="Z")
    assert len(services.draft_for(make.step_of(plan.case))[1]) == len(before) - 1


# Capacity ---------------------------------------------------------------------------------------


def test_capacity_is_held_from_submission_on_and_never_beyond_what_is_open():
    plan = make.drawn()
    assert reserved(plan) == [0]
    services.submit(plan.step, by=make.planner())
    assert reserved(plan) == [plan.total_kva]

    said = refused(make.submitted, make.household(), total_kva=Decimal("46.01"))

    assert "38.00 kVA open; 46.01 kVA are asked for" in said
    assert reserved(plan) == [plan.total_kva]


def test_what_the_second_source_refuses_the_first_does_not_keep():
    plan = make.drawn(make.dual())
    SourcePoint.objects.filter(name__startswith="滨河").update(committed_kva=Decimal(1000))

    assert "260.00" in refused(services.submit, plan.step, by=make.planner())

    assert reserved(plan) == [0, 0]


@pytest.mark.parametrize("reach", [make.submitted, make.approved, make.accepted_plan])
def test_withdrawing_the_case_voids_the_plan_and_frees_its_capacity(reach):
    plan = reach()
    assert reserved(plan) == [plan.total_kva]

    moves.withdraw(plan.case, by=make.clerk(), reason="不办了")

    plan.refresh_from_db()
    assert plan.state == "void"
    assert reserved(plan) == [0]


# Approval ---------------------------------------------------------------------------------------


def test_who_drew_the_plan_cannot_approve_it():
    both = office.person(Role.PLANNER, Role.APPROVER, at="lh")
    plan = make.submitted(by=both)

    assert "Ask a colleague" in refused(services.approve, plan.step, by=both)
    assert not plan.approvals.exists()


def test_who_began_the_drawing_cannot_approve_it_though_a_colleague_submits():
    both = office.person(Role.PLANNER, Role.APPROVER, at="lh")
    plan = make.drawn(by=both)
    moves.assign(plan.step, make.planner(), by=both)
    services.submit(plan.step, by=make.planner())

    assert "Plan begun" in refused(services.approve, plan.step, by=both)


@pytest.mark.parametrize("place", ["surveyor", "second_surveyor"])
def test_who_surveyed_the_site_cannot_approve_its_plan(place):
    plan = make.submitted(make.factory())
    both = getattr(plan.survey, place)
    both.groups.add(*make.approver().groups.all())
    both = type(both).objects.get(pk=both.pk)

    assert "surveyed this site" in refused(services.approve, plan.step, by=both)
    assert not plan.approvals.exists()


def test_only_an_approver_of_the_unit_approves():
    plan = make.submitted()
    elsewhere = make.approver(at="bh", username="far-approver")

    assert "Plan approver" in refused(services.approve, plan.step, by=make.planner())
    assert "another unit" in refused(services.approve, plan.step, by=elsewhere)


@pytest.mark.parametrize(
    ("begin", "facts", "columns", "needed"),
    [
        (lambda: make.household(), {}, {}, 1),
        (lambda: make.factory(1259), {}, {}, 1),
        (lambda: make.factory(1260), {}, {}, 2),
        (lambda: make.dual(), {}, {}, 2),
        (lambda: make.factory(), {"importance": "second"}, {"emergency_kva": Decimal(100)}, 2),
    ],
    ids=["household", "below 1260 kVA", "1260 kVA", "multi-source", "important"],
)
def test_the_strictest_rule_says_how_many_approve(begin, facts, columns, needed):
    case = begin()
    if facts:
        moves.set_facts(case, by=None, **facts)
    plan = make.submitted(case, **columns)
    assert services.approvers_needed(plan) == needed

    plan = services.approve(plan.step, by=make.approver())
    assert plan.state == ("approved" if needed == 1 else "submitted")
    if needed == 2:
        assert "waits for a colleague" in refused(services.approve, plan.step, by=make.approver())
        assert services.approve(plan.step, by=make.second_approver()).state == "approved"


def test_without_any_rule_one_approver_is_enough():
    ApprovalRule.objects.update(valid_to=timezone.localdate() - timedelta(days=1))
    assert make.approved(make.dual()).approvals.count() == 1


def test_given_back_the_plan_is_a_draft_again_and_approvals_begin_anew():
    plan = make.submitted(make.dual())
    services.approve(plan.step, by=make.approver())
    assert "Say why" in refused(services.give_back, plan.step, by=make.approver(), reason=" ")

    plan = services.give_back(plan.step, by=make.second_approver(), reason="计量方式不符")

    assert plan.state == "draft"
    assert reserved(plan) == [0, 0]
    assert plan.approvals.filter(standing=True).count() == 0
    assert services.given_back(plan.step).note == "计量方式不符"
    services.submit(plan.step, by=make.planner())
    services.approve(plan.step, by=make.approver())
    assert services.approve(plan.step, by=make.second_approver()).state == "approved"
    assert plan.approvals.count() == 3


def test_an_approved_plan_can_be_given_back_but_an_answered_one_cannot():
    plan = make.approved()
    assert services.give_back(plan.step, by=make.approver(), reason="改").state == "draft"
    plan = make.answered()
    assert "cannot be done" in refused(
        services.give_back, plan.step, by=make.approver(), reason="改"
    )
    assert reserved(plan) == [plan.total_kva]


def test_each_act_has_its_turn():
    plan = make.drawn()
    step, clerk = plan.step, make.clerk()
    assert "Draft" in refused(services.approve, step, by=make.approver())
    assert "Draft" in refused(services.answer, step, by=clerk, how="counter")
    assert "Draft" in refused(services.accept, step, by=clerk, signed_name="王", how="call")
    assert "Draft" in refused(services.object_to, step, by=clerk, reason="太远")
    assert "Draft" in refused(services.extend, step, by=make.planner(), reason="x")
    services.submit(step, by=make.planner())
    assert "cannot be done" in refused(services.submit, step, by=make.planner())
    assert "submitted" in refused(services.save_draft, step, plan, [], by=make.planner())


def test_while_the_clock_stands_still_nothing_is_submitted():
    plan = make.drawn()
    reason = StopReason.objects.filter(active=True).first()
    moves.stop(
        plan.step,
        by=make.planner(),
        reason=reason,
        party="王小明",
        evidence="电话",
        review_on=clocks.calendar().add(timezone.localdate(), 1),
    )

    assert "not open" in refused(services.submit, plan.step, by=make.planner())


# The answer -------------------------------------------------------------------------------------


def test_answering_makes_it_the_customers_turn_and_the_paper_goes_out():
    plan = make.answered()

    step = make.step_of(plan.case)
    assert (step.state, step.due_on) == ("with_customer", None)
    assert plan.answered_by == make.clerk()
    assert Paper.objects.filter(step=step, kind="plan").count() == 2


def test_the_planner_who_has_it_answers_too_and_others_do_not():
    plan = make.approved()
    other = make.planner(username="other-planner")
    assert "has this step" in refused(services.answer, plan.step, by=other, how="mail")
    cashier = office.person(Role.CASHIER)
    assert "work of" in refused(services.answer, plan.step, by=cashier, how="mail")
    assert services.answer(plan.step, by=make.planner(), how="mail").state == "answered"


def test_an_objection_opens_the_next_round_with_what_was_drawn():
    plan = make.answered(remarks="沿北墙敷设")
    assert "objects to" in refused(services.object_to, plan.step, by=make.clerk(), reason="  ")

    services.object_to(plan.step, by=make.clerk(), reason="不同意沿北墙敷设")

    plan.refresh_from_db()
    assert (plan.state, plan.objection) == ("objected", "不同意沿北墙敷设")
    assert reserved(plan) == [0]
    step = make.step_of(plan.case)
    assert (step.round, step.state, step.owner) == (2, "in_hand", make.planner())
    fresh, sources = services.draft_for(step)
    assert (fresh.pk, fresh.version, fresh.remarks) == (None, 2, "沿北墙敷设")
    assert [source.candidate for source in sources] == [s.candidate for s in plan.sources.all()]
    again = make.accepted_plan(plan.case)
    assert (again.version, Plan.of(plan.case)) == (2, again)


def test_acceptance_needs_a_name_and_a_way():
    plan = make.answered()
    for name, how in (("  ", "signature"), ("王小明", ""), ("王小明", "telepathy")):
        assert "named customer" in refused(
            services.accept, plan.step, by=make.clerk(), signed_name=name, how=how
        )
    assert make.plan_of(plan.case).state == "answered"


def test_the_decision_is_taken_once():
    plan = make.accepted_plan()
    assert refused(services.accept, plan.step, by=make.clerk(), signed_name="王", how="call")
    assert refused(services.object_to, plan.step, by=make.clerk(), reason="反悔")
    assert plan.case.events.filter(verb="plan_accepted").count() == 1


@pytest.mark.parametrize("decide", ["accept", "object"])
def test_a_decision_is_news_from_the_customer(decide):
    plan = make.answered()
    before = plan.case.last_contact_at
    if decide == "accept":
        services.accept(plan.step, by=make.clerk(), signed_name="王小明", **make.word())
    else:
        services.object_to(plan.step, by=make.clerk(), reason="太远")

    assert Case.objects.get(pk=plan.case.pk).last_contact_at > before


def test_a_plan_at_ten_kilovolts_makes_a_low_voltage_case_high_voltage():
    case = make.taken(make.sheet(customer_class="lv_other", category="commercial"))
    surveys.signed_survey(case, second_surveyor=surveys.second())
    plan = make.accepted_plan(Case.objects.get(pk=case.pk), voltage="10kv", tariff="commercial")

    case = Case.objects.get(pk=plan.case.pk)
    assert (case.customer_class, case.capacity_kva) == ("hv_single", 8)
    assert case.step(Kind.ACCEPTANCE)


@pytest.mark.parametrize("role", [Role.SURVEYOR, Role.APPROVER, Role.CASHIER, Role.AUDITOR])
def test_others_do_not_decide_for_the_customer(role):
    plan = make.answered()
    someone = office.person(role)

    assert "work of" in refused(
        services.accept, plan.step, by=someone, signed_name="王小明", how="call"
    )
    assert "work of" in refused(services.object_to, plan.step, by=someone, reason="太远")


def test_the_step_is_not_finished_past_the_room():
    plan = make.answered()
    assert "not accepted" in refused(moves.finish, plan.step, by=make.planner())


# Validity ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 12, 15), 12, date(2027, 12, 15)),
        (date(2026, 9, 23), 3, date(2026, 12, 23)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_there_is(day, months, expected):
    assert services.months_later(day, months) == expected


@pytest.mark.parametrize(("begin", "months"), [(make.household, 3), (make.factory, 12)])
def test_low_voltage_plans_hold_three_months_and_high_voltage_ones_a_year(begin, months):
    plan = make.answered(begin())
    assert plan.valid_until == services.months_later(timezone.localdate(), months)


def test_an_extension_is_asked_for_in_time_and_once():
    plan = make.answered()
    end = plan.valid_until

    with time_machine.travel(timezone.now() + (end - timezone.localdate()) - timedelta(days=9)):
        assert "supervisor may still extend" in refused(
            services.extend, plan.step, by=make.planner(), reason="施工延期"
        )
    with time_machine.travel(timezone.now() + (end - timezone.localdate()) - timedelta(days=10)):
        assert "Say why" in refused(services.extend, plan.step, by=make.planner(), reason=" ")
        plan = services.extend(plan.step, by=make.planner(), reason="施工延期")

    assert plan.valid_until == services.months_later(end, 3)
    with time_machine.travel(near_the_end(plan)):
        assert "once already" in refused(
            services.extend, plan.step, by=make.planner(), reason="再延"
        )
        assert "This is the work of" in refused(
            services.extend, plan.step, by=make.clerk(), reason="施工延期"
        )


def test_more_time_is_given_when_the_end_is_near_and_so_never_twice_in_a_row():
    plan = make.answered()
    too_early = near_the_end(plan) - timedelta(days=1)
    supervisor = office.person(Role.SUPERVISOR, at="lh")

    with time_machine.travel(too_early):
        said = refused(services.extend, plan.step, by=supervisor, reason="施工延期")
    with time_machine.travel(near_the_end(plan)):
        services.extend(plan.step, by=supervisor, reason="施工延期")
        twice = refused(services.extend, plan.step, by=supervisor, reason="施工延期")

    assert f"from {timezone.localdate(near_the_end(plan))} on" in said
    assert "more time can be asked for from" in twice


def test_a_plan_can_be_accepted_on_its_last_day_and_not_after():
    plan = make.answered()
    after = plan.valid_until + timedelta(days=1)
    with time_machine.travel(timezone.now() + (after - timezone.localdate())):
        assert "valid until" in refused(
            services.accept, plan.step, by=make.clerk(), signed_name="王小明", how="call"
        )
    with time_machine.travel(timezone.now() + (plan.valid_until - timezone.localdate())):
        services.accept(plan.step, by=make.clerk(), signed_name="王小明", **make.word())
    assert make.plan_of(plan.case).state == "accepted"


def test_past_its_validity_a_plan_is_void_its_capacity_free_and_the_next_round_open():
    plan, running = make.answered(), make.answered(make.factory())
    assert services.expire(plan.valid_until) == 0

    assert services.expire(plan.valid_until + timedelta(days=1)) == 1

    plan.refresh_from_db()
    assert plan.state == "void"
    assert reserved(plan) == [0]
    step = make.step_of(plan.case)
    assert (step.round, step.state) == (2, "in_hand")
    assert plan.case.events.filter(verb="plan_expired").count() == 1
    assert make.plan_of(running.case).state == "answered"
    assert services.expire(plan.valid_until + timedelta(days=1)) == 0


def test_a_plan_whose_case_is_held_keeps_no_other_from_running_out(monkeypatch):
    held, plan = make.answered(), make.answered(make.factory())
    whole = validity.lapse

    def stuck(step, today):
        if step.pk == held.step_id:
            raise OperationalError("canceling statement due to lock timeout")
        return whole(step, today)

    monkeypatch.setattr(validity, "lapse", stuck)
    last = max(held.valid_until, plan.valid_until)

    assert services.expire(last + timedelta(days=1)) == 1
    assert make.plan_of(held.case).state == "answered"


@pytest.mark.parametrize("state", ["accepted", "answered"])
def test_the_clock_leaves_alone_what_was_extended_a_moment_before(state):
    plan = make.accepted_plan() if state == "accepted" else make.answered()
    late = plan.valid_until + timedelta(days=1)
    with time_machine.travel(near_the_end(plan)):
        services.extend(plan.step, by=make.planner(), reason="施工延期")

    assert services.lapse(plan.step, late) is False

    assert make.plan_of(plan.case).state == state
    assert make.step_of(plan.case).round == 1


# The process ------------------------------------------------------------------------------------


@pytest.mark.parametrize("business_type", sorted(process.SHORT_FLOW))
def test_a_short_flow_has_no_plan(business_type):
    case = office.case(business_type=business_type, existing_supply="own")
    assert case.step(Kind.PLAN) is None


def test_the_plan_step_says_what_is_missing_until_the_customer_decided():
    plan = make.drawn()

    def unmet(case):
        step = make.step_of(case)
        guards = process.guards(Kind.PLAN)
        return [str(g.finding(step).what) for g in guards if not g(step)], step

    missing, step = unmet(plan.case)
    assert len(missing) == 3
    assert "The plan is not approved." in missing
    with pytest.raises(Refused, match="not accepted"):
        moves.finish(step, by=make.planner())
    services.submit(step, by=make.planner())
    approval = next(g for g in process.guards(Kind.PLAN) if "approved" in str(g.reason))
    assert approval.finding(make.step_of(plan.case)).owes == Role.APPROVER.label
    make.plan_of(plan.case)
    services.approve(step, by=make.approver())
    services.answer(step, by=make.clerk(), how="counter")
    missing, step = unmet(plan.case)
    assert missing == ["The customer has not accepted the plan."]
    finding = process.guards(Kind.PLAN)[-1].finding(step)
    assert finding.owes == plan.case.customer_name
    assert finding.remedy[1].endswith("/plan/decide/")


def test_where_three_phases_are_needed_220_v_is_neither_proposed_nor_submitted():
    case = make.taken(sheet())
    surveys.signed_survey(case, phase="three")

    plan = make.drawn(case, voltage="220v")

    assert "three phases are needed" in refused(services.submit, plan.step, by=plan.step.owner)
    plan = make.drawn(case, voltage="380v")
    assert services.submit(plan.step, by=plan.step.owner).state == Plan.State.SUBMITTED


def test_the_draft_proposes_the_voltage_that_the_phases_found_need():
    case = make.taken(sheet())
    surveys.signed_survey(case, phase="three")

    plan, _sources = services.draft_for(make.step_of(case))

    assert plan.voltage == "380v"


def test_a_survey_that_is_done_once_more_holds_up_the_plan():
    """The shared meter is found when the plan is drawn: the old survey is a matter of the past."""
    case = make.household()
    make.drawn(case)
    moves.set_facts(
        case, by=office.person(Role.SUPERVISOR), existing_supply="shared", note="现场查明合表"
    )

    step = make.step_of(case)

    assert not guards.SURVEYED.finding(step).met
