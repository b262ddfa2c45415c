"""What holds even past the room: the database itself, many hands at once, a stale sheet.

The walls are tried on PostgreSQL here and on SQLite by `test_the_walls_stand_on_sqlite_too`.
"""

import os
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from plans import services
from plans.models import Approval, ApprovalRule, Plan, PlanSource, ValidityRule
from surveys.models import SourcePoint
from tests.plans import factories as make
from tests.surveys import factories as surveys
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def survey_of(case):
    return Case.objects.get(pk=case.pk).step(Kind.SURVEY).survey


def test_a_draft_read_before_the_submission_does_not_undo_it():
    plan = make.drawn()
    stale, _sources = services.draft_for(make.step_of(plan.case))
    services.submit(plan.step, by=make.planner())

    with pytest.raises(Refused):
        services.save_draft(plan.step, stale, [], by=make.planner())

    kept = make.plan_of(plan.case)
    assert (kept.state, kept.sources.count()) == ("submitted", 1)


def test_two_sheets_opened_on_nothing_do_not_write_over_each_other():
    step = make.step_of(make.household())
    first, second = make.filled(step), make.filled(step, protection="63 A")
    services.save_draft(step, first, [], by=make.planner())

    with pytest.raises(Refused, match="meanwhile"):
        services.save_draft(step, second, [], by=make.planner())

    assert make.plan_of(step.case).protection == "40 A 空气断路器"


def test_nobody_sets_the_state_past_the_verbs():
    plan = make.drawn()
    with pytest.raises((AttributeError, ValidationError)):
        plan.state = Plan.State.ACCEPTED


# Walls ------------------------------------------------------------------------------------------


def test_a_plan_stands_only_on_a_signed_survey():
    case = make.household()
    open_case = make.taken(make.sheet())
    unsigned = surveys.services.save(
        surveys.filled(surveys.fresh(open_case)), [], by=surveys.surveyor()
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(step=make.step_of(case), survey=unsigned)


def test_a_plan_stands_only_on_the_survey_of_its_own_case():
    mine, other = make.household(), make.household()

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(step=make.step_of(mine), survey=survey_of(other))
    plan = make.drawn(mine)
    with pytest.raises(IntegrityError):
        sql("UPDATE plans_plan SET survey_id = %s WHERE id = %s", survey_of(other).pk, plan.pk)


@pytest.mark.parametrize(
    "change",
    [
        "total_kva = 9",
        "voltage = '380v'",
        "reserve_kva = 1",
        "signed_name = 'x'",
        "remarks = 'x'",
        "state = 'draft'",
    ],
)
def test_what_the_customer_signed_is_never_changed(change):
    plan = make.accepted_plan()
    with pytest.raises(IntegrityError):
        sql(f"UPDATE plans_plan SET {change} WHERE id = %s", plan.pk)


ADD_SOURCE = """INSERT INTO plans_plansource (plan_id, candidate_id, role, laying, capacity_kva)
    SELECT %s, id, 'standby', 'cable', 1 FROM surveys_candidate WHERE label = 'Z'"""
MOVE_SOURCE = "UPDATE plans_plansource SET plan_id = %s WHERE plan_id <> %s"


def second_point(plan):
    """Another candidate that a source could stand on."""
    point = plan.sources.get().candidate
    point.pk, point.label, point._state.adding = None, "Z", True
    point.save(force_insert=True)


@pytest.mark.parametrize(
    "statement",
    [
        ADD_SOURCE,
        "UPDATE plans_plansource SET capacity_kva = 9 WHERE plan_id = %s",
        "DELETE FROM plans_plansource WHERE plan_id = %s",
    ],
)
def test_the_sources_of_an_accepted_plan_are_never_changed(statement):
    plan = make.accepted_plan()
    second_point(plan)
    assert not plan.bills.exists()

    with pytest.raises(IntegrityError, match="never changed"):
        sql(statement, plan.pk)


def test_no_source_moves_into_an_accepted_plan_or_out_of_it():
    plan, draft = make.accepted_plan(), make.drawn(make.household())

    with pytest.raises(IntegrityError, match="never changed"):
        sql(MOVE_SOURCE, plan.pk, plan.pk)
    with pytest.raises(IntegrityError, match="never changed"):
        sql(MOVE_SOURCE, draft.pk, draft.pk)


def test_a_draft_takes_another_source():
    plan = make.drawn()
    second_point(plan)

    sql(ADD_SOURCE, plan.pk)

    assert plan.sources.count() == 2


def test_a_draft_stays_free_to_be_changed():
    plan = make.drawn()
    sql("UPDATE plans_plan SET total_kva = 9 WHERE id = %s", plan.pk)
    sql("DELETE FROM plans_plansource WHERE plan_id = %s", plan.pk)
    assert not PlanSource.objects.filter(plan=plan).exists()


# Constraints ------------------------------------------------------------------------------------


def refuses(plan: Plan, says: str, **columns) -> None:
    """The row is refused by the model in words, and by the database itself."""
    plan.refresh_from_db()
    state = columns.pop("state", None)
    for name, value in columns.items():
        setattr(plan, name, value)
    if state:
        plan.__dict__["state"] = state
    with pytest.raises(ValidationError, match=says):
        plan.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(**columns, **({"state": state} if state else {}))


def test_a_plan_is_answered_and_accepted_only_with_what_that_takes():
    plan = make.drawn()
    refuses(plan, "valid until a day", state="answered")
    refuses(plan, "approved and answered", state="accepted")
    refuses(plan, "objects to", state="objected")
    plan = make.answered(make.household())
    refuses(plan, "valid until a day", valid_until=None)


@pytest.mark.parametrize("column", ["total_kva", "emergency_kva", "reserve_kva"])
def test_no_capacity_is_negative(column):
    refuses(make.drawn(), "negative", **{column: Decimal(-1)})


@pytest.mark.parametrize("kva", [0, -1])
def test_a_source_gives_something(kva):
    source = make.drawn().sources.get()
    source.capacity_kva = Decimal(kva)
    with pytest.raises(ValidationError, match="more than 0"):
        source.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        source.save(update_fields=["capacity_kva"])


def test_a_source_stands_in_a_plan_once():
    source = make.drawn().sources.get()
    twin = PlanSource(plan=source.plan, candidate=source.candidate, capacity_kva=1)
    with pytest.raises(ValidationError, match="already"):
        twin.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_one_person_gives_one_approval():
    plan = make.submitted()
    first = Approval(plan=plan, by=make.approver(), at=timezone.now())
    first.save()
    second = Approval(plan=plan, by=make.approver(), at=timezone.now())
    with pytest.raises(ValidationError, match="already"):
        second.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()
    Approval.objects.update(standing=False)
    second.save()


def test_rules_ask_for_at_least_one_approver_and_one_month():
    with pytest.raises(ValidationError):
        ApprovalRule(approvers=0, basis="x").full_clean()
    with pytest.raises(ValidationError):
        ValidityRule(customer_class="lv_other", months=0, basis="x").full_clean()


# Many hands at once -----------------------------------------------------------------------------


def at_once(count, press) -> list:
    """Let so many threads press at the same moment; returns results and refusals."""
    start, found = threading.Barrier(count), []

    def one(number):
        try:
            start.wait(timeout=20)
            found.append(press(number))
        except Refused as refusal:
            found.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def refusals(found) -> int:
    return sum(isinstance(one, Refused) for one in found)


many = pytest.mark.django_db(transaction=True)
postgresql = pytest.mark.skipif(
    os.environ.get("JIEDIAN_TEST_DATABASE") == "sqlite", reason="row locks are PostgreSQL's"
)


@postgresql
@many
def test_six_plans_at_once_never_hold_more_than_the_point_has():
    plans = [make.drawn(make.household(), total_kva=Decimal(12)) for _ in range(6)]
    planner = make.planner()

    found = at_once(6, lambda n: services.submit(plans[n].step, by=planner))

    point = SourcePoint.objects.get()
    assert (len(found), refusals(found)) == (6, 3)
    assert (point.reserved_kva, point.open_kva) == (36, 10)
    assert Plan.objects.filter(state="submitted").count() == 3


@postgresql
@many
def test_two_sources_reserved_crosswise_at_once_do_not_lock_each_other_out():
    plans = []
    for turned in (False, True):
        case = make.dual()
        rows = make.sources(make.filled(make.step_of(case)))
        plans.append(make.drawn(case, sources=rows[::-1] if turned else rows))
    planner = make.planner()

    found = at_once(2, lambda n: services.submit(plans[n].step, by=planner))

    assert (len(found), refusals(found)) == (2, 0)
    assert {p.reserved_kva for p in SourcePoint.objects.filter(voltage="10kv")} == {Decimal(1260)}


@postgresql
@many
def test_two_approvers_at_once_both_count_and_the_same_one_twice_counts_once():
    plan = make.submitted(make.dual())
    people = [make.approver(), make.approver(), make.second_approver()]

    found = at_once(3, lambda n: services.approve(plan.step, by=people[n]))

    assert (len(found), refusals(found)) == (3, 1)
    assert make.plan_of(plan.case).state == "approved"
    assert plan.case.events.filter(verb="plan_approved").count() == 2


@postgresql
@many
def test_a_customer_accepts_once_however_many_press():
    plan = make.answered()
    clerk = make.clerk()

    def press(_number):
        return services.accept(plan.step, by=clerk, signed_name="王小明", **make.word())

    found = at_once(8, press)

    assert (len(found), refusals(found)) == (8, 7)
    assert plan.case.events.filter(verb="plan_accepted").count() == 1
