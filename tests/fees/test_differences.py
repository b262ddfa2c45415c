"""A paid bill is corrected: the payment stays, and only the difference moves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from documents import pdf
from documents.models import Paper
from fees import proof, services
from fees.models import Bill, Payment, Refund
from news.models import Message
from tests.factories import person
from tests.fees import factories
from tests.fees.test_services import anew, proposed, tear_down
from workflow import chain, moves
from workflow.models import Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def paid_wrongly(yuan: int) -> Payment:
    """¥88,000 paid on a bill of before quotes were kept; it should have been `yuan` a kVA."""
    payment = factories.paid(factories.billed(factories.ready(quote=False)))
    factories.dearer(yuan)
    return payment


def correct(bill: Bill) -> Bill:
    """Two people decide; returns the bill that stands now."""
    services.approve(proposed(bill, "correct"), by=person(Role.SUPERVISOR))
    return Bill.objects.order_by("pk").last()


def amounts(model) -> list[Decimal]:
    return list(model.objects.order_by("pk").values_list("amount", flat=True))


def booked(bill: Bill) -> Decimal:
    return Payment.objects.booked(bill.step.case)


def test_what_is_dearer_asks_for_the_difference():
    payment = paid_wrongly(230)
    bill = correct(payment.bill)
    step = anew(bill.step)

    assert (bill.total, bill.state) == (Decimal(92000), "issued")
    assert (step.round, step.state) == (2, Step.State.WITH_CUSTOMER)
    assert not Refund.objects.exists()
    factories.paid(bill)
    assert amounts(Payment) == [88000, 4000]
    assert anew(bill.step).outcome == "paid"
    assert list(proof.findings()) == []
    assert chain.verify([step.case.number])[1] == ""


def test_what_is_cheaper_goes_back_and_the_step_stays_done():
    payment = paid_wrongly(210)
    bill = correct(payment.bill)
    step = anew(bill.step)

    assert (bill.total, bill.state) == (Decimal(84000), "paid")
    assert amounts(Refund) == [4000]
    assert Refund.objects.get().reason == "政策减免"
    assert (step.round, step.state, step.outcome) == (1, Step.State.DONE, "paid")
    assert list(proof.findings()) == []
    assert Event.objects.filter(step=step, verb="bill_settled").exists()


def test_where_nothing_is_due_anew_all_goes_back():
    payment = paid_wrongly(0)
    bill = correct(payment.bill)
    step = anew(bill.step)

    assert (bill, bill.state) == (payment.bill, "corrected")
    assert amounts(Refund) == [88000]
    assert (step.round, step.state) == (2, Step.State.IN_HAND)
    assert list(proof.findings()) == []


def test_corrected_again_before_the_difference_is_paid():
    payment = paid_wrongly(230)
    second = correct(payment.bill)
    factories.dearer(240)
    third = correct(second)
    assert (third.total, third.state) == (Decimal(96000), "issued")
    assert anew(third.step).state == Step.State.WITH_CUSTOMER
    factories.dearer(200)
    last = correct(third)

    assert (last.total, last.state) == (Decimal(80000), "paid")
    assert amounts(Payment) == [88000]
    assert amounts(Refund) == [8000]
    assert anew(last.step).outcome == "paid"
    assert list(proof.findings()) == []


def test_what_was_paid_last_goes_back_first():
    bill = correct(paid_wrongly(230).bill)
    factories.paid(bill)
    factories.dearer(200)
    correct(Bill.objects.get(pk=bill.pk))

    assert [(r.payment.amount, r.amount) for r in Refund.objects.order_by("pk")] == [
        (4000, 4000),
        (88000, 8000),
    ]
    assert list(proof.findings()) == []


@pytest.mark.parametrize("pays", [True, False])
def test_a_case_that_closes_gives_back_the_supplementary_payment_too(pays):
    bill = correct(paid_wrongly(230).bill)
    if pays:
        factories.paid(bill)
    moves.withdraw(anew(bill.step).case, by=person(Role.CLERK), reason="不建了")

    assert sum(amounts(Refund)) == (92000 if pays else 88000)
    assert booked(bill) == 0
    assert list(proof.findings()) == []


def test_what_was_paid_back_in_part_goes_back_to_its_end():
    bill = correct(paid_wrongly(210).bill)
    moves.withdraw(anew(bill.step).case, by=person(Role.CLERK), reason="不建了")

    assert amounts(Refund) == [4000, 84000]
    assert list(proof.findings()) == []


def test_a_waiver_gives_back_what_was_paid_before():
    bill = correct(paid_wrongly(230).bill)
    services.approve(proposed(bill), by=person(Role.SUPERVISOR))
    assert "Do not pay it; what was paid is paid back." in texts("bill")[-1]

    assert amounts(Refund) == [88000]
    assert anew(bill.step).outcome == "waived"
    assert list(proof.findings()) == []


# The walls


def test_a_bill_does_not_pass_as_paid_without_the_difference():
    bill = correct(paid_wrongly(230).bill)

    with pytest.raises(IntegrityError, match="whole amount"), transaction.atomic():
        Bill.objects.filter(pk=bill.pk).update(state="paid")


@pytest.mark.parametrize("amount", [92000, 3999, 4001])
def test_a_supplementary_payment_is_the_difference(amount):
    bill = correct(paid_wrongly(230).bill)
    slip = {
        "receipt_number": "X",
        "method": "cash",
        "payer": "x",
        "received_at": timezone.now(),
        "received_by": person(Role.CASHIER),
    }

    with pytest.raises(IntegrityError, match="whole amount"), transaction.atomic():
        Payment.objects.create(bill=bill, amount=amount, **slip)


def test_no_more_goes_back_than_was_received():
    bill = correct(paid_wrongly(210).bill)
    slip = {"reason": "x", "opened_at": timezone.now(), "payment": Payment.objects.get()}

    for amount in (84001, 83999):
        with pytest.raises(IntegrityError, match="A refund is"), transaction.atomic():
            Refund.objects.create(amount=amount, **slip)
    assert booked(bill) == bill.total


def test_the_proof_names_a_false_difference():
    bill = correct(paid_wrongly(230).bill)
    factories.paid(bill)
    tear_down()
    walls = set(proof.findings())
    Payment.objects.filter(bill=bill).update(amount=3000)

    [found] = set(proof.findings()) - walls
    assert bill.number in found
    assert "received ¥91,000.00, billed ¥92,000.00" in found


def test_the_proof_names_money_whose_bill_is_gone():
    payment = paid_wrongly(230)
    tear_down()
    walls = set(proof.findings())
    Bill.objects.filter(pk=payment.bill_id).update(
        state="corrected", reason="x", ended_at="2026-01-01T00:00Z"
    )

    [found] = set(proof.findings()) - walls
    assert payment.receipt_number in found


# What people read


def texts(kind: str) -> list[str]:
    with override("en"):
        papers = Paper.objects.filter(kind=kind, language="en").order_by("pk")
        return [" ".join(pdf.html(paper).split()) for paper in papers]


def test_the_papers_say_what_was_paid_and_what_is_still_due():
    payment = paid_wrongly(230)
    factories.paid(correct(payment.bill))

    _first, ended, second = texts("bill")
    assert "what was paid counts for the next bill" in ended
    assert f"Paid before: receipt {payment.receipt_number} of {timezone.localdate()}" in second
    assert "−88,000.00" in second
    assert "Still to be paid" in second
    assert "人民币肆仟元整" in second
    receipt = texts("payment")[-1]
    assert f"Paid before: receipt {payment.receipt_number}" in receipt
    assert "人民币肆仟元整" in receipt


def test_the_paper_of_a_cheaper_bill_says_what_comes_back():
    correct(paid_wrongly(210).bill)

    paper = texts("bill")[-1]
    assert "Comes back to the payer" in paper
    assert "You need not pay anything" in paper
    assert "Pay at the office" not in paper


@pytest.mark.parametrize(
    ("yuan", "says"),
    [
        (230, "¥4,000.00 more to pay"),
        (210, "¥4,000.00 goes back"),
        (0, "all that was paid goes back: ¥88,000.00"),
    ],
)
def test_the_comparison_says_what_will_happen(client, yuan, says):
    payment = paid_wrongly(yuan)
    biller = person(Role.BILLER)
    biller.language = "en"
    biller.save(update_fields=["language"])
    client.force_login(biller)

    page = client.get(reverse("fees:correction", args=[payment.bill.step.case.number]))

    assert says in page.content.decode()


def test_the_slip_asks_for_the_difference(client):
    bill = correct(paid_wrongly(230).bill)
    cashier = person(Role.CASHIER)
    cashier.language = "en"
    cashier.save(update_fields=["language"])
    client.force_login(cashier)

    page = client.get(reverse("fees:payment", args=[bill.step.case.number])).content.decode()

    assert "¥4,000.00 still to be paid: ¥92,000.00 less ¥88,000.00 paid before" in page


# A bill that is cancelled


def test_cancelling_is_told_once_and_stands_on_its_paper():
    bill = factories.billed()
    moves.set_facts(
        factories.fresh(bill.step.case),
        by=person(Role.SUPERVISOR),
        note="现场查明",
        capacity_kva=Decimal(1600),
    )

    told = Event.objects.get(verb="bill_cancelled")
    assert told.note.startswith(bill.number)
    assert told.actor == person(Role.SUPERVISOR)
    paper = texts("bill")[-1]
    assert "This bill no longer holds" in paper
    assert f"No longer valid since {timezone.localdate()}" in paper
    assert chain.verify([bill.step.case.number])[1] == ""


def test_the_list_of_papers_says_which_bill_no_longer_holds(client):
    bill = correct(paid_wrongly(230).bill)
    clerk = person(Role.CLERK)
    clerk.language = "en"
    clerk.save(update_fields=["language"])
    client.force_login(clerk)

    page = client.get(reverse("documents:papers", args=[bill.step.case.number])).content.decode()

    # The bill that was issued and the paper of its end, in two languages; not the bill that stands.
    assert page.count("no longer valid since") == 4


@pytest.mark.parametrize("make", [factories.billed, lambda: factories.paid().bill])
@pytest.mark.parametrize("end", ["withdraw", "refuse", "back"])
def test_whatever_cancels_a_bill_is_told(make, end):
    bill = make()
    case = factories.fresh(bill.step.case)
    if end == "withdraw":
        moves.withdraw(case, by=person(Role.CLERK), reason="不建了")
    elif end == "refuse":
        moves.refuse(case, by=person(Role.APPROVER), reason="无容量")
    elif bill.state == "issued":
        moves.send_back(anew(bill.step), by=person(Role.BILLER), reason="x", to=Kind.PLAN)
    else:
        return

    assert Event.objects.filter(case=case, verb="bill_cancelled").count() == 1
    assert Message.objects.filter(case=case, verb="bill_cancelled").exists()


def test_a_waiver_is_told():
    bill = factories.billed()
    services.approve(proposed(bill, "waive"), by=person(Role.SUPERVISOR))

    told = Message.objects.filter(case=bill.step.case, verb="bill_waived")
    assert told.exists()
    assert all(bill.number in message.body for message in told)


def test_an_unpaid_bill_that_is_withdrawn_is_told():
    bill = factories.billed(factories.ready(quote=False))
    factories.dearer()
    services.approve(proposed(bill, "correct"), by=person(Role.SUPERVISOR))

    told = Message.objects.filter(case=bill.step.case, verb="bill_withdrawn")
    assert told.exists()
    assert all(bill.number in message.body for message in told)


def test_a_bill_that_another_follows_at_once_is_told_once():
    bill = correct(paid_wrongly(230).bill)

    messages = Message.objects.filter(case=bill.step.case)
    assert not messages.filter(verb="bill_withdrawn").exists()
    assert messages.filter(verb="bill_issued", body__contains=bill.number).exists()
