"""The fourth wall: the database itself refuses money taken too early, by raw SQL, on both engines.

The same tests run on PostgreSQL and, by `test_walls_on_sqlite.py`, on SQLite.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from fees.models import Bill
from tests.factories import person
from tests.fees import factories
from workflow.models import Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def sql(statement: str, *values) -> None:
    """Run a statement past Django's models; what is refused leaves nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def insert_bill(plan_id, step_id, *, state="draft", total="1000.00") -> None:
    columns = ["number", "state", "total", "plan_id", "step_id", "reason"]
    values = [f"RAW-{step_id}-{state}", state, total, plan_id, step_id, ""]
    if state != "draft":
        columns += ["issued_at", "issued_by_id"]
        values += [timezone.now(), person("biller").pk]
    marks = ", ".join(["%s"] * len(values))
    sql(f"INSERT INTO fees_bill ({', '.join(columns)}) VALUES ({marks})", *values)


def insert_payment(bill, *, amount=None, by="cashier") -> None:
    sql(
        "INSERT INTO fees_payment (bill_id, receipt_number, method, reference, payer, amount,"
        " received_at, received_by_id) VALUES (%s, %s, 'cash', '', 'x', %s, %s, %s)",
        bill.pk,
        f"RAW-{bill.pk}",
        str(amount or bill.total),
        timezone.now(),
        person(by).pk,
    )


def step_of(case, kind=Kind.FEES) -> Step:
    return factories.fresh(case).step(kind)


# Bills before their time


def test_no_bill_without_any_plan():
    case = factories.hv_case()

    with pytest.raises(IntegrityError):
        insert_bill(None, step_of(case).pk)


@pytest.mark.parametrize("state", ["draft", "submitted", "answered", "objected", "void"])
def test_no_bill_on_a_plan_that_is_not_accepted(state):
    case = factories.hv_case()
    plan = factories.plan(case, state=state)

    with pytest.raises(IntegrityError, match="No bill before"):
        insert_bill(plan.pk, step_of(case).pk)


def test_no_plan_and_so_no_bill_on_a_survey_that_is_not_signed():
    case = factories.hv_case()
    survey = factories.survey(case, can_supply=None, signed_at=None, signed_by=None)

    with pytest.raises(IntegrityError, match="No plan before"):
        factories.plan(case, on=survey)


def test_no_plan_and_so_no_bill_on_a_survey_that_cannot_supply():
    case = factories.hv_case()
    survey = factories.survey(
        case,
        can_supply=False,
        no_supply_reason="无电源点",
        no_supply_at=timezone.now(),
        signed_at=None,
        signed_by=None,
    )

    with pytest.raises(IntegrityError, match="No plan before"):
        factories.plan(case, on=survey)


def test_no_bill_on_the_plan_of_another_case():
    plan = factories.plan(factories.hv_case())
    other = factories.hv_case()

    with pytest.raises(IntegrityError, match="No bill before"):
        insert_bill(plan.pk, step_of(other).pk)


def test_no_bill_on_another_step_than_the_fees():
    case = factories.hv_case()
    plan = factories.plan(case)

    with pytest.raises(IntegrityError, match="No bill before"):
        insert_bill(plan.pk, step_of(case, Kind.CONTRACT).pk)


def test_a_bill_may_stand_on_an_accepted_plan_of_a_workable_survey():
    step = factories.ready()

    insert_bill(step.case.step(Kind.PLAN).plan.pk, step.pk)

    assert Bill.objects.get().state == "draft"


@pytest.mark.parametrize("state", ["issued", "paid", "cancelled"])
def test_a_bill_cannot_be_born_issued(state):
    step = factories.ready()

    with pytest.raises(IntegrityError):
        insert_bill(step.case.step(Kind.PLAN).plan.pk, step.pk, state=state)


def test_a_bill_cannot_be_moved_to_another_case():
    bill = factories.billed()
    other = factories.hv_case()
    plan = factories.plan(other, state="draft")

    with pytest.raises(IntegrityError):
        sql(
            "UPDATE fees_bill SET plan_id = %s, step_id = %s WHERE id = %s",
            plan.pk,
            step_of(other).pk,
            bill.pk,
        )


# Bills that stand


@pytest.mark.parametrize("change", ["total = 1", "number = 'X'", "issued_by_id = NULL"])
def test_an_issued_bill_is_frozen(change):
    bill = factories.billed()

    with pytest.raises(IntegrityError):
        sql(f"UPDATE fees_bill SET {change} WHERE id = %s", bill.pk)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fees_billline SET amount = 1 WHERE bill_id = %s",
        "UPDATE fees_billline SET rate = 1 WHERE bill_id = %s",
        "DELETE FROM fees_billline WHERE bill_id = %s",
        "INSERT INTO fees_billline (bill_id, position, item_id, name_en, name_zh, subject,"
        " document_number, version, valid_from, rate, factor, quantity, unit, self_built,"
        " confirmed, formula, amount) SELECT bill_id, 9, item_id, name_en, name_zh, subject,"
        " document_number, version, valid_from, rate, factor, quantity, unit, self_built,"
        " confirmed, formula, amount FROM fees_billline WHERE bill_id = %s",
    ],
)
def test_the_lines_of_an_issued_bill_are_frozen(statement):
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="never changed"):
        sql(statement, bill.pk)


def test_an_abolished_fee_cannot_be_charged():
    step = factories.ready()
    insert_bill(step.case.step(Kind.PLAN).plan.pk, step.pk)

    with pytest.raises(IntegrityError, match="abolished"):
        sql(
            "INSERT INTO fees_billline (bill_id, position, item_id, name_en, name_zh, subject,"
            " document_number, version, valid_from, rate, factor, quantity, unit, self_built,"
            " confirmed, formula, amount) SELECT %s, 1, id, name_en, name_zh, '',"
            " document_number, version, valid_from, rate, 1, 10, 'kVA', self_built_rate IS NULL,"
            " confirmed, '', 2100 FROM fees_catalogueitem WHERE code = 'temporary-connection'",
            Bill.objects.get().pk,
        )


def test_a_bill_without_lines_cannot_be_issued():
    assert_not_issued(factories.ready(quote=False), "sum of its lines")


def test_a_bill_that_is_not_what_its_plan_quoted_cannot_be_issued():
    assert_not_issued(factories.ready(), "what its plan quoted")


def assert_not_issued(step, why: str) -> None:
    insert_bill(step.case.step(Kind.PLAN).plan.pk, step.pk)
    with pytest.raises(IntegrityError, match=why):
        sql(
            "UPDATE fees_bill SET state = 'issued', issued_at = %s, issued_by_id = %s",
            timezone.now(),
            person("biller").pk,
        )


@pytest.mark.parametrize("state", ["waived", "corrected"])
def test_a_bill_is_not_waived_or_corrected_by_one_person(state):
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="two people"):
        sql(
            f"UPDATE fees_bill SET state = '{state}', reason = 'x', ended_at = %s WHERE id = %s",
            timezone.now(),
            bill.pk,
        )


def test_a_cancelled_bill_does_not_come_back():
    bill = factories.billed()
    sql(
        "UPDATE fees_bill SET state = 'cancelled', reason = 'x', ended_at = %s WHERE id = %s",
        timezone.now(),
        bill.pk,
    )

    with pytest.raises(IntegrityError, match="present state"):
        sql("UPDATE fees_bill SET state = 'issued' WHERE id = %s", bill.pk)


def test_money_does_not_vanish_without_a_refund():
    payment = factories.paid()

    with pytest.raises(IntegrityError, match="refund"):
        sql(
            "UPDATE fees_bill SET state = 'cancelled', reason = 'x', ended_at = %s WHERE id = %s",
            timezone.now(),
            payment.bill_id,
        )


def test_a_bill_is_not_paid_without_a_payment():
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="whole amount"):
        sql("UPDATE fees_bill SET state = 'paid' WHERE id = %s", bill.pk)


# Payments


def test_no_payment_before_the_bill_is_issued():
    step = factories.ready()
    insert_bill(step.case.step(Kind.PLAN).plan.pk, step.pk)

    with pytest.raises(IntegrityError, match="issued bill"):
        insert_payment(Bill.objects.get())


def test_no_payment_once_the_bill_is_cancelled():
    bill = factories.billed()
    sql(
        "UPDATE fees_bill SET state = 'cancelled', reason = 'x', ended_at = %s WHERE id = %s",
        timezone.now(),
        bill.pk,
    )
    sql("UPDATE plans_plan SET state = 'void' WHERE id = %s", bill.plan_id)

    with pytest.raises(IntegrityError, match=r"(?i)payment"):
        insert_payment(bill)


@pytest.mark.parametrize("difference", ["-0.01", "0.01", "1000"])
def test_a_payment_is_the_whole_amount_of_the_bill(difference):
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="whole amount"):
        insert_payment(bill, amount=bill.total + Decimal(difference))


def test_who_set_the_fee_cannot_collect_it_by_sql_either():
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="set the fee"):
        insert_payment(bill, by="biller")


def test_a_payment_is_never_changed():
    payment = factories.paid()

    with pytest.raises(IntegrityError, match="never changed"):
        sql("UPDATE fees_payment SET amount = 1 WHERE id = %s", payment.pk)


@pytest.mark.parametrize("table", ["fees_payment", "fees_billline", "fees_bill"])
def test_money_is_never_deleted(table):
    factories.paid()

    with pytest.raises(IntegrityError, match="never"):
        sql(f"DELETE FROM {table}")


# Refunds


def insert_refund(payment, amount) -> None:
    sql(
        "INSERT INTO fees_refund (payment_id, amount, reason, state, opened_at, method, reference)"
        " VALUES (%s, %s, 'x', 'due', %s, '', '')",
        payment.pk,
        str(amount),
        timezone.now(),
    )


def test_a_refund_is_whole():
    payment = factories.paid()

    with pytest.raises(IntegrityError, match="whole amount"):
        insert_refund(payment, payment.amount - 1)


def test_a_refund_is_neither_changed_nor_deleted():
    payment = factories.paid()
    insert_refund(payment, payment.amount)

    with pytest.raises(IntegrityError, match="keeps its payment"):
        sql("UPDATE fees_refund SET amount = 1")
    with pytest.raises(IntegrityError, match="never deleted"):
        sql("DELETE FROM fees_refund")


# The fees step


@pytest.mark.parametrize("state", ["in_hand", "with_customer", "stopped", "done"])
def test_the_fees_step_does_not_begin_before_the_plan_is_accepted(state):
    case = factories.hv_case()
    factories.plan(case, state="answered")

    with pytest.raises(IntegrityError, match="cannot begin"):
        sql("UPDATE workflow_step SET state = %s WHERE id = %s", state, step_of(case).pk)


@pytest.mark.parametrize("state", ["in_hand", "done"])
def test_the_fees_step_cannot_be_born_begun(state):
    case = factories.hv_case()

    with pytest.raises(IntegrityError, match="cannot begin"):
        sql(
            "INSERT INTO workflow_step (case_id, kind, round, state, unit_id, outcome, reason)"
            " VALUES (%s, 'fees', 2, %s, %s, '', '')",
            case.pk,
            state,
            case.unit_id,
        )


def test_another_step_cannot_turn_into_begun_fees():
    case = factories.hv_case()

    with pytest.raises(IntegrityError):
        sql(
            "UPDATE workflow_step SET kind = 'fees', round = 7 WHERE id = %s",
            step_of(case, Kind.SURVEY).pk,
        )


def test_nothing_due_too_needs_the_accepted_plan():
    case = factories.hv_case()

    with pytest.raises(IntegrityError, match="cannot begin"):
        sql(
            "UPDATE workflow_step SET state = 'done', outcome = 'nothing_due' WHERE id = %s",
            step_of(case).pk,
        )


def test_the_fees_step_is_not_done_while_its_bill_is_unpaid():
    bill = factories.billed()

    with pytest.raises(IntegrityError, match="unpaid"):
        sql("UPDATE workflow_step SET state = 'done' WHERE id = %s", bill.step_id)


# What the money stands on


@pytest.mark.parametrize("make", [factories.billed, factories.paid])
@pytest.mark.parametrize("state", ["void", "draft", "objected"])
def test_a_plan_stays_accepted_while_money_stands_on_it(make, state):
    make()

    with pytest.raises(IntegrityError, match="stands on this plan"):
        sql("UPDATE plans_plan SET state = %s, objection = 'x'", state)


@pytest.mark.parametrize("make", [factories.billed, factories.paid])
@pytest.mark.parametrize(
    "change",
    [
        "can_supply = NULL, signed_at = NULL, signed_by_id = NULL",
        "can_supply = %s, signed_at = NULL, signed_by_id = NULL, no_supply_reason = 'x'",
    ],
)
def test_a_survey_stays_workable_while_money_stands_on_it(make, change):
    make()

    with pytest.raises(IntegrityError, match=r"stands on this survey|frozen"):
        sql(f"UPDATE surveys_survey SET {change}", *([False] if "%s" in change else []))


def test_the_plan_below_a_bill_is_never_deleted():
    factories.billed()

    with pytest.raises(IntegrityError):
        sql("DELETE FROM plans_plan")


def test_a_step_with_a_bill_stays_with_its_case():
    bill = factories.billed()
    other = factories.ready()
    sql("UPDATE workflow_step SET state = 'void' WHERE id = %s", other.pk)

    with pytest.raises(IntegrityError):
        sql(
            "UPDATE workflow_step SET case_id = %s, round = 9 WHERE id = %s",
            other.case_id,
            bill.step_id,
        )


def test_a_plan_may_go_once_its_bill_is_cancelled():
    bill = factories.billed()
    sql(
        "UPDATE fees_bill SET state = 'cancelled', reason = 'x', ended_at = %s WHERE id = %s",
        timezone.now(),
        bill.pk,
    )

    sql("UPDATE plans_plan SET state = 'void' WHERE id = %s", bill.plan_id)
