"""A fact found late: what rests on it follows, at every step, and no correction is a dead end."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from fees.models import Bill, Refund
from plans.models import Plan, PlanSource
from surveys import services as surveying
from surveys.models import SourcePoint
from tests import world as desks
from tests.contracts import factories as contracts
from tests.factories import person
from tests.fees import factories as fees
from tests.metering import factories as metering
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow import clocks, moves, process
from workflow.guards import Refused
from workflow.models import Case, Event
from workflow.process import Kind

pytestmark = pytest.mark.django_db

# What somebody finds out after it should have been known.
LATE = {
    "shared": {"existing_supply": "shared"},
    "resold": {"existing_supply": "resold"},
    "disputed": {"disputed": True},
    "to low voltage": {"customer_class": "lv_residential"},
    "to high voltage": {"customer_class": "hv_single"},
    "two sources": {"customer_class": "hv_dual"},
    "important": {"importance": "first"},
    "capacity": {"capacity_kva": Decimal(1600)},
    "line works": {"line_works": True, "concealed_works": True},
    "own works": {"customer_works": True, "special_load": True},
    "no own works": {"customer_works": False, "concealed_works": False},
    "name change": {"business_type": "name_change"},
    "decrease": {"business_type": "decrease"},
    "meter move": {"business_type": "meter_move"},
    "closing": {"business_type": "closing"},
    "increase": {"business_type": "increase"},
}


def fresh(case: Case) -> Case:
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def correct(case: Case, **facts) -> Case:
    """The supervisor says what was found."""
    moves.set_facts(case, by=person(Role.SUPERVISOR), note="现场查明", **facts)
    return fresh(case)


def reserved() -> Decimal:
    return SourcePoint.objects.aggregate(kva=Sum("reserved_kva"))["kva"] or Decimal(0)


def held() -> Decimal:
    """What live plans hold on points of the catalogue, of cases whose power is not on."""
    rows = PlanSource.objects.filter(
        plan__state__in=Plan.HOLDING,
        candidate__source_point__isnull=False,
        plan__step__case__state=Case.State.OPEN,
    )
    return rows.aggregate(kva=Sum("capacity_kva"))["kva"] or Decimal(0)


def wrong_with(case: Case) -> list[str]:
    """What a corrected case must not be."""
    found = []
    applies = process.kinds_of(case)
    if not case.live_steps:
        found.append("nobody acts next")
    for step in case.live_steps:
        if step.kind not in applies:
            found.append(f"{step.kind} is open and does not apply")
        before = [case.step(kind) for kind in process.predecessors(step.kind, applies)]
        found += [
            f"{step.kind} is open before {b.kind if b else None}"
            for b in before
            if not (b and b.satisfies)
        ]
    for kind in applies:
        if case.step(kind) is None or case.step(kind).is_void:
            found.append(f"{kind} is missing")
    plan = Plan.objects.filter(step__case=case, state__in=Plan.HOLDING).first()
    if plan and (plan.step.kind not in applies or plan.step_id != case.step(Kind.PLAN).pk):
        found.append("a plan holds that does not count")
    bills = Bill.objects.filter(step__case=case, state__in=Bill.STANDING)
    if bills and not (plan and plan.state == "accepted"):
        found.append("a bill stands without its plan")
    return found


@pytest.fixture
def world() -> SimpleNamespace:
    return desks.build()


@pytest.mark.parametrize("name", LATE)
def test_no_correction_at_any_step_is_a_dead_end(name, world):
    supervisor = Client(raise_request_exception=False)
    supervisor.force_login(person(Role.SUPERVISOR))
    seen, wrong = set(), []
    connected = reserved() - held()  # of the desks' cases whose power is on
    for case in Case.objects.filter(state=Case.State.OPEN).select_related("unit", "owner"):
        at = (case.customer_class, tuple((s.kind, s.state) for s in case.live_steps))
        if at in seen or all(getattr(case, f) == value for f, value in LATE[name].items()):
            continue
        seen.add(at)
        with transaction.atomic():
            after = correct(case, **LATE[name])
            wrong += [f"{at}: {text}" for text in wrong_with(after)]
            if reserved() - held() != connected:
                wrong.append(f"{at}: {reserved()} kVA reserved, {held()} held")
            for step in after.live_steps:
                status = supervisor.get(step.get_absolute_url()).status_code
                if status != 200:
                    wrong.append(f"{at}: the page of {step.kind} says {status}")
            transaction.set_rollback(True)

    assert wrong == []
    assert len(seen) > 4


# The story of DOMAIN section 1, found out late ---------------------------------------------------

STAGES = {
    "plan drawn": lambda: plans.drawn().step.case,
    "plan answered": lambda: plans.answered().step.case,
    "plan accepted": lambda: plans.accepted_plan().step.case,
    "billed": lambda: fees.billed().step.case,
    "paid": lambda: fees.paid().bill.step.case,
    "contract": lambda: contracts.ready().case,
    "contract drawn": lambda: contracts.drawn().step.case,
    "works": lambda: works.case_at(Kind.ACCEPTANCE),
    "meter": lambda: metering.case_at(Kind.METER, street="临湖路 9 号"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_shared_meter_found_late_stops_there_and_names_who_acts_next(stage):
    case = fresh(STAGES[stage]())
    was_paid = Bill.objects.filter(step__case=case, state="paid").first()

    after = correct(case, existing_supply="shared")

    assert [step.kind for step in after.live_steps] == [Kind.SURVEY]
    survey = after.step(Kind.SURVEY)
    assert survey.round == 2
    assert survey.came_back.note.endswith("Why: 现场查明")
    assert not Plan.objects.filter(step__case=case, state__in=Plan.HOLDING).exists()
    assert not Bill.objects.filter(step__case=case, state__in=Bill.STANDING).exists()
    refunds = Refund.objects.of_case(after)
    assert [r.amount for r in refunds] == ([was_paid.total] if was_paid else [])
    with pytest.raises(Refused):
        plans.services.submit(after.step(Kind.PLAN), by=plans.planner())
    assert surveying.draft_for(survey)[0].found_supply == "shared"


def test_what_is_not_contested_any_more_goes_on():
    case = fees.billed().step.case

    after = correct(case, existing_supply="own")

    assert after.step(Kind.SURVEY).round == 1
    assert Bill.objects.filter(step__case=case, state__in=Bill.STANDING).exists()


def test_a_low_voltage_case_that_is_high_voltage_is_surveyed_by_two():
    case = plans.accepted_plan(plans.household()).step.case
    before = fresh(case).due_on

    after = correct(case, customer_class="hv_single")

    assert [step.kind for step in after.live_steps] == [Kind.SURVEY]
    assert surveying.draft_for(after.step(Kind.SURVEY))[0].surveyors_needed == 2
    assert after.step(Kind.ACCEPTANCE).state == "waiting"
    assert after.due_on != before


def test_works_found_late_are_checked_before_the_acceptance_that_had_begun():
    case = works.case_at(Kind.ACCEPTANCE, concealed_works=False)
    case = fresh(case)
    assert case.step(Kind.ACCEPTANCE).is_live

    after = correct(case, concealed_works=True)

    assert after.step(Kind.MID_CHECK).is_live
    assert (after.step(Kind.ACCEPTANCE).round, after.step(Kind.ACCEPTANCE).state) == (2, "waiting")


def test_what_does_not_apply_any_more_ends_and_gives_back():
    case = fees.paid().bill.step.case

    after = correct(case, business_type="name_change")

    assert [step.kind for step in after.live_steps] == [Kind.CONTRACT]
    assert reserved() == 0
    assert Refund.objects.of_case(after).count() == 1
    event = Event.objects.filter(case=case, verb="facts_changed").latest("seq")
    assert ["plan", 2, "void"] in event.data["changes"]


def test_the_limit_of_what_is_open_and_the_date_of_the_case_follow():
    case = fresh(surveys.at_survey())
    before = case.step(Kind.SURVEY)

    after = correct(case, customer_class="hv_dual")

    step = after.step(Kind.SURVEY)
    assert (step.round, step.rule.customer_class) == (1, "hv_dual")
    assert before.rule.customer_class != "hv_dual"
    assert step.due_on == clocks.schedule(step, timezone.localdate())[0]
    assert after.due_on == clocks.case_due(after, timezone.localdate()) != case.due_on


def test_a_plan_at_high_voltage_needs_a_survey_by_two():
    case = plans.taken(plans.sheet(customer_class="lv_other", category="commercial"))

    with pytest.raises(Refused) as refused:
        plans.submitted(case, voltage="10kv", tariff="commercial")

    assert "two surveyors" in " ".join(refused.value.messages)
