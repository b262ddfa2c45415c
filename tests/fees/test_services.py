"""What the office does about money, and what it refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from documents import pdf
from documents.models import Paper
from fees import proof, services, tariff
from fees.models import Bill, CatalogueItem, Correction, FeeProof, Payment, Refund
from plans.models import Plan
from surveys.models import Survey
from tests.factories import case as opened
from tests.factories import person
from tests.fees import factories
from workflow import chain, moves
from workflow.guards import Refused
from workflow.models import Event, Step
from workflow.process import CustomerClass, Kind

pytestmark = pytest.mark.django_db


def anew(step: Step) -> Step:
    return factories.fresh(step.case).step(Kind.FEES)


# The tariff


def test_every_source_but_the_largest_is_charged_by_its_voltage():
    assessment = tariff.assess(factories.ready(sources=(630, 400, 250)).case.step(Kind.PLAN).plan)

    assert [(line.quantity, line.rate, line.amount) for line in assessment.lines] == [
        (Decimal(400), Decimal(220), Decimal("88000.00")),
        (Decimal(250), Decimal(220), Decimal("55000.00")),
    ]
    assert assessment.total == Decimal("143000.00")


def test_works_built_by_the_customer_cost_the_lower_rate():
    case = factories.hv_case(customer_works=True)
    line = tariff.assess(factories.plan(case)).lines[0]

    assert (line.rate, line.self_built, line.amount) == (170, True, Decimal("68000.00"))


def test_cable_costs_half_as_much_again_and_says_so():
    line = tariff.assess(factories.plan(factories.hv_case(), laying="cable")).lines[0]

    assert line.amount == Decimal("132000.00")
    assert line.formula == "400 kVA × 220.00 × 1.5 = 132,000.00"


def test_own_generation_pays_for_its_reserve():
    assessment = tariff.assess(factories.plan(factories.hv_case(), sources=(630,), reserve_kva=100))

    assert [line.item.code for line in assessment.lines] == ["system-reserve"]


def test_low_voltage_up_to_160_kw_pays_nothing():
    case = factories.floor_case(customer_class=CustomerClass.LV_OTHER)
    assessment = tariff.assess(factories.plan(case, sources=(100, 60), voltage="380v"))

    assert assessment.nothing_due
    assert "160" in assessment.notes[0]


def test_low_voltage_above_160_kw_with_two_sources_pays():
    case = factories.floor_case(customer_class=CustomerClass.LV_OTHER)
    assessment = tariff.assess(factories.plan(case, sources=(120, 60), voltage="380v"))

    assert assessment.total == Decimal(60 * 270)


def test_what_the_catalogue_does_not_list_is_not_charged_but_asked_for():
    CatalogueItem.objects.filter(code="reliability-10kv").update(
        status="abolished", valid_to=timezone.localdate()
    )
    step = factories.ready(quote=False)

    assert not tariff.assess(step.case.step(Kind.PLAN).plan).nothing_due
    with pytest.raises(Refused, match="catalogue has no rate"):
        services.issue(step, by=person(Role.BILLER))
    with pytest.raises(Refused, match="catalogue has no rate"):
        services.nothing_due(step, by=person(Role.BILLER))


def test_the_newest_version_in_force_on_the_day_of_acceptance_counts():
    old = CatalogueItem.objects.get(code="reliability-10kv")
    today = timezone.localdate()
    for version, rate, day in ((2, 200, today), (3, 100, today + timedelta(days=1))):
        old.pk, old.version, old.rate, old.valid_from = None, version, rate, day
        old.save(force_insert=True)

    line = tariff.assess(factories.plan(factories.hv_case(), quote=False)).lines[0]

    assert (line.item.version, line.rate) == (2, 200)


def test_the_shipped_catalogue_is_unconfirmed_and_keeps_what_is_abolished():
    assert not CatalogueItem.objects.filter(confirmed=True).exists()
    abolished = CatalogueItem.objects.filter(status="abolished")
    assert abolished.filter(code="temporary-connection").exists()
    today = timezone.localdate()
    assert not (abolished & CatalogueItem.objects.chargeable(today)).exists()


# Billing


def test_a_bill_cites_item_document_version_day_and_formula():
    bill = factories.billed()
    line = bill.lines.get()

    assert bill.total == line.amount == Decimal("88000.00")
    assert line.document_number == "发改价格〔2003〕2279号"
    assert (line.version, str(line.valid_from)) == (1, "2004-01-01")
    assert line.formula == "400 kVA × 220.00 = 88,000.00"


def test_issuing_makes_it_the_customers_turn_and_leaves_event_and_paper():
    bill = factories.billed()
    step = anew(bill.step)

    assert (bill.state, step.state) == ("issued", Step.State.WITH_CUSTOMER)
    assert Event.objects.filter(step=step, verb="bill_issued").count() == 1
    assert Paper.objects.filter(step=step, kind="bill").count() == 2


def test_a_bill_is_issued_once():
    bill = factories.billed()

    with pytest.raises(Refused, match="issued already"):
        services.issue(bill.step, by=person(Role.BILLER))


@pytest.mark.parametrize("role", [r for r in Role if r != Role.BILLER])
def test_only_the_biller_issues_bills(role):
    step = factories.ready()

    with pytest.raises(Refused, match=str(Role.BILLER.label)):
        services.issue(step, by=person(role))
    assert not Bill.objects.exists()


def test_no_bill_through_the_door_before_the_survey():
    case = opened()

    with pytest.raises(Refused) as refusal:
        services.issue(case.step(Kind.FEES), by=person(Role.BILLER))
    said = " ".join(refusal.value.messages)
    assert "survey" in said
    assert "plan" in said
    assert not Bill.objects.exists()


@pytest.mark.parametrize("state", ["draft", "answered", "objected"])
def test_no_bill_through_the_door_before_the_plan_is_accepted(state):
    case = factories.hv_case()
    factories.plan(case, state=state)

    with pytest.raises(Refused, match="not accepted"):
        services.issue(factories.fresh(case).step(Kind.FEES), by=person(Role.BILLER))


def test_where_nothing_is_due_there_is_no_bill():
    step = factories.ready(sources=(630,))

    with pytest.raises(Refused, match="Nothing is due"):
        services.issue(step, by=person(Role.BILLER))
    done = services.nothing_due(step, by=person(Role.BILLER))
    assert (done.state, done.outcome) == ("done", "nothing_due")


def test_nothing_due_is_not_said_where_a_fee_is_due():
    step = factories.ready()

    with pytest.raises(Refused, match="issue the bill"):
        services.nothing_due(step, by=person(Role.BILLER))


def test_the_fees_step_cannot_be_finished_past_its_room():
    bill = factories.billed()

    with pytest.raises(Refused, match="not paid"):
        moves.finish(anew(bill.step), by=None, outcome="paid")


# Paying


def test_a_payment_finishes_the_step_with_its_receipt():
    payment = factories.paid()
    step = anew(payment.bill.step)

    assert payment.amount == payment.bill.total
    assert (step.state, step.outcome) == ("done", "paid")
    assert Event.objects.get(step=step, verb="payment_received").actor == person(Role.CASHIER)
    assert Paper.objects.filter(step=step, kind="payment").count() == 2


def test_who_set_the_fee_does_not_collect_it():
    both = person(Role.BILLER, Role.CASHIER)
    bill = services.issue(factories.ready(), by=both)

    with pytest.raises(Refused, match="set the fee"):
        services.receive(bill, by=both, method="cash", payer="x")
    assert not Payment.objects.exists()


def test_only_the_cashier_takes_money():
    bill = factories.billed()

    with pytest.raises(Refused, match=str(Role.CASHIER.label)):
        services.receive(bill, by=person(Role.SUPERVISOR), method="cash", payer="x")


def test_a_bill_is_paid_once():
    payment = factories.paid()

    with pytest.raises(Refused, match="nothing can be paid"):
        services.receive(payment.bill, by=person(Role.CASHIER), method="cash", payer="x")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("days", "reason"), [(1, "in the future"), (-1, "older than its bill")])
def test_a_payment_lies_between_its_bill_and_now(days, reason):
    bill = factories.billed()
    moment = timezone.now() + timedelta(days=days)

    with pytest.raises(Refused, match=reason):
        services.receive(
            bill, by=person(Role.CASHIER), method="cash", payer="x", received_at=moment
        )


def test_a_transfer_needs_its_reference():
    bill = factories.billed()

    with pytest.raises(ValidationError, match="reference"):
        services.receive(bill, by=person(Role.CASHIER), method="transfer", payer="x")


def test_the_fast_lane_defers_payment_and_never_advances_it():
    case = factories.hv_case()
    moves.ask_fast_lane(case, by=person(Role.CLERK), grounds="重点项目")
    moves.approve_fast_lane(
        case,
        by=person(Role.SUPERVISOR),
        kinds=[Kind.FEES],
        until=timezone.localdate() + timedelta(days=30),
    )

    with pytest.raises(Refused, match="not accepted"):
        services.issue(factories.fresh(case).step(Kind.FEES), by=person(Role.BILLER))
    step = factories.ready(factories.fresh(case))
    assert step.satisfies
    factories.paid(factories.billed(step))
    assert anew(step).outcome == "paid"


# Waivers and corrections


def proposed(bill: Bill, kind: str = "waive"):
    return services.propose(bill, by=person(Role.BILLER), kind=kind, reason="政策减免")


def test_a_waiver_needs_two_people():
    both = person(Role.BILLER, Role.SUPERVISOR)
    bill = factories.billed()
    proposal = services.propose(bill, by=both, kind="waive", reason="政策减免")

    with pytest.raises(Refused, match="two people"):
        services.approve(proposal, by=both)
    services.approve(proposal, by=person(Role.SUPERVISOR))
    step = anew(bill.step)
    assert Bill.objects.get().state == "waived"
    assert (step.state, step.outcome) == ("done", "waived")


def test_a_waiver_needs_a_reason():
    bill = factories.billed()

    with pytest.raises(Refused, match="reason"):
        services.propose(bill, by=person(Role.BILLER), kind="waive", reason="  ")


def test_while_a_proposal_waits_no_money_is_taken():
    bill = factories.billed()
    proposed(bill)

    with pytest.raises(Refused, match="waits for its answer"):
        factories.paid(bill)


def test_a_declined_proposal_leaves_the_bill_as_it_is():
    bill = factories.billed()
    services.decline(proposed(bill), by=person(Role.SUPERVISOR))

    factories.paid(bill)

    assert Bill.objects.get().state == "paid"


def unquoted() -> Bill:
    """A bill of before quotes were kept, 4,000 yuan too little."""
    bill = factories.billed(factories.ready(quote=False))
    factories.dearer()
    return bill


def test_a_corrected_bill_is_computed_anew():
    bill = unquoted()
    services.approve(proposed(bill, "correct"), by=person(Role.SUPERVISOR))
    second = services.issue(anew(bill.step), by=person(Role.BILLER))

    assert (bill.total, second.total) == (Decimal("88000.00"), Decimal("92000.00"))
    assert list(Bill.objects.order_by("pk").values_list("state", flat=True)) == [
        "corrected",
        "issued",
    ]


@pytest.mark.parametrize("make", [factories.billed, lambda: factories.paid().bill])
def test_a_bill_that_would_be_the_same_is_not_corrected(make):
    bill = make()

    with pytest.raises(Refused, match=r"the same, ¥88,000\.00: there is nothing to correct"):
        proposed(bill, "correct")
    assert not Correction.objects.exists()


def test_what_would_be_the_same_by_now_is_not_agreed_to():
    bill = factories.billed()
    proposal = Correction.objects.create(
        bill=bill,
        kind="correct",
        reason="算错",
        proposed_by=person(Role.BILLER),
        proposed_at=timezone.now(),
    )

    with pytest.raises(Refused, match="nothing to correct"):
        services.approve(proposal, by=person(Role.SUPERVISOR))
    assert Bill.objects.get().state == "issued"


def test_the_paper_of_a_waived_bill_names_who_waived_it():
    bill = factories.billed()
    services.approve(proposed(bill), by=person(Role.SUPERVISOR, name="周卫东"))

    papers = Paper.objects.filter(kind="bill", language="en").order_by("pk")
    with override("en"):
        issued, waived = (pdf.html(paper) for paper in papers)
    assert "Waived by" not in issued
    assert "Waived by 周卫东 on" in waived


def waived_paper() -> str:
    """The paper of the waived bill, in English."""
    with override("en"):
        return pdf.html(Paper.objects.filter(kind="bill", language="en").order_by("pk").last())


def test_the_paper_of_a_waived_bill_speaks_of_money_back_only_where_some_was_paid():
    services.approve(proposed(factories.billed()), by=person(Role.SUPERVISOR))

    paper = waived_paper()
    assert "paid back" not in paper.split("No longer valid")[0]
    assert "Do not pay it; nothing was paid on it." in paper


def test_a_paid_bill_cannot_be_waived():
    payment = factories.paid()

    with pytest.raises(Refused):
        proposed(payment.bill)


# What no longer holds


def test_a_case_that_closes_unsupplied_opens_the_refund_by_itself():
    payment = factories.paid()
    case = factories.fresh(payment.bill.step.case)

    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")

    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.state) == (payment, payment.amount, "due")
    assert Bill.objects.get().state == "cancelled"
    assert Plan.objects.get().state == "void"


def test_the_refund_is_told_in_the_move_that_opens_it_and_by_whom():
    case = factories.fresh(factories.paid().bill.step.case)

    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")

    told = Event.objects.get(case=case, verb="refund_opened")
    assert told.actor == person(Role.CLERK)
    assert list(case.events.order_by("seq").values_list("verb", flat=True))[-4:] == [
        "refund_opened",
        "paper_issued",
        "bill_cancelled",
        "withdrawn",
    ]
    assert chain.verify([case.number])[1] == ""


def test_bill_and_refund_say_why_in_the_language_of_the_reader():
    case = factories.fresh(factories.paid().bill.step.case)
    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")

    assert Refund.objects.get().reason == "Withdrawn by the customer: 不建了"
    with override("zh-hans"):
        assert Refund.objects.get().reason == "客户撤回：不建了"
        assert Bill.objects.get().reason == "客户撤回：不建了"


def test_a_refusal_cancels_the_unpaid_bill():
    bill = factories.billed()
    moves.refuse(factories.fresh(bill.step.case), by=person(Role.APPROVER), reason="无容量")

    assert Bill.objects.get().state == "cancelled"
    assert not Refund.objects.exists()


def test_going_back_to_the_plan_cancels_the_unpaid_bill_first():
    bill = factories.billed()
    moves.send_back(anew(bill.step), by=person(Role.BILLER), reason="容量有误", to=Kind.PLAN)

    assert Bill.objects.get().state == "cancelled"
    assert anew(bill.step).state == Step.State.WAITING


def test_a_refund_is_paid_out_by_the_cashier_and_confirmed_by_another():
    payment = factories.paid()
    case = factories.fresh(payment.bill.step.case)
    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")
    refund = Refund.objects.get()

    with pytest.raises(Refused, match=str(Role.CASHIER.label)):
        services.pay_out(refund, by=person(Role.BILLER), method="transfer", reference="6222")
    services.pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")
    with pytest.raises(Refused, match="cannot confirm"):
        services.confirm(refund, by=person(Role.CASHIER))
    services.confirm(refund, by=person(Role.BILLER))

    assert Refund.objects.get().state == "confirmed"
    assert not Refund.objects.waiting().exists()


# The proof


def test_the_proof_finds_nothing_where_all_is_well():
    factories.paid()
    factories.billed(factories.ready(factories.hv_case()))

    call_command("prove_fees")

    result = proof.latest()
    assert (result.bills_checked, result.payments_checked, result.found) == (2, 1, 0)
    assert result.is_clean


def test_the_proof_lists_money_without_survey_and_plan_once_the_walls_are_torn_down(capsys):
    factories.paid()
    tear_down()
    Survey.objects.update(can_supply=None, signed_at=None, signed_by=None)
    Plan.objects.update(state="void")

    with pytest.raises(CommandError):
        call_command("prove_fees")

    said = capsys.readouterr().out
    assert "without a signed survey" in said
    assert "without an accepted plan" in said
    assert "does not stand" in said
    assert FeeProof.objects.get().found >= 3


def tear_down() -> None:
    """Somebody with every right over the database takes all triggers away."""
    if connection.vendor == "sqlite":
        query = "SELECT name, '' FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname, ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(query)
        for name, table in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}{table}")
