"""The payment: the bill is paid, the receipt issued and the step finished in one transaction."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents import services as papers
from documents.templatetags.papers import yuan
from fees import proof
from fees.guards import BEFORE_BILL
from fees.models import Bill, Payment
from fees.services.acts import PAYMENT_RECEIVED
from fees.services.bills import locked_bill
from plans import services as plans
from workflow import moves
from workflow.guards import Refused, unmet
from workflow.moves.unit_of_work import act


@act
def receive(
    bill: Bill,
    *,
    by: User,
    method: str,
    payer: str,
    reference: str = "",
    received_at: datetime | None = None,
) -> Payment:
    """The cashier receives the whole amount that is not paid yet; payment and change of state are
    one transaction.

    Raises Refused for anybody who set the fee, and for a bill that is not open any more.
    """
    bill = locked_bill(bill)
    received_at = received_at or timezone.now()
    moves.demand_worker(bill.step, by, role=Role.CASHIER)
    if wrong := against_payment(bill, received_at, by=by):
        raise Refused(wrong)
    payment = Payment(
        bill=bill,
        receipt_number=f"{bill.step.case.number}-R{bill.number.rpartition('F')[2]}",
        method=method,
        reference=reference,
        payer=payer,
        amount=bill.total - Payment.objects.booked(bill.step.case),
        received_at=received_at,
        received_by=by,
    )
    payment.full_clean()
    payment.save(force_insert=True)
    bill.pay()
    bill.save(update_fields=["state"])
    papers.issue(bill.step.case, "payment", by=by, step=bill.step, payment=payment.pk)
    moves.finish(
        bill.step,
        by=by,
        role=Role.CASHIER,
        outcome="paid",
        what=PAYMENT_RECEIVED,
        note=lambda: (
            _("%(number)s: ¥%(total)s")
            % {"number": payment.receipt_number, "total": yuan(payment.amount)}
        ),
        bill=bill.number,
        receipt=payment.receipt_number,
        amount=payment.amount,
    )
    plans.watch(bill.step.case)
    return payment


def unanswered() -> Refused:
    """While a waiver or correction waits, nobody knows what is to be paid."""
    return Refused(
        _(
            "A waiver or correction of this bill waits for its answer: a supervisor answers it "
            "first, then the payment is taken."
        )
    )


def against_payment(bill: Bill, received_at: datetime | None, *, by: User) -> list[Refused]:
    """Why this bill cannot be paid, or not to this person or at this time."""
    if bill.state != Bill.State.ISSUED:
        text = _("The bill is %(state)s: nothing can be paid on it.")
        return [Refused(text % {"state": bill.get_state_display()})]
    wrong = []
    if bill.issued_by_id == by.pk:
        wrong.append(Refused(_("Who set the fee cannot collect it.")))
    if received_at and received_at > timezone.now():
        text = _("The payment cannot be received in the future.")
        wrong.append(Refused(text, fields=("received_at",)))
    elif (
        received_at
        and bill.issued_at
        and received_at < bill.issued_at.replace(second=0, microsecond=0)
    ):
        text = _("The payment cannot be older than its bill.")
        wrong.append(Refused(text, fields=("received_at",)))
    if bill.corrections.filter(answer="").exists():
        wrong.append(unanswered())
    wrong += [
        Refused(_("The bill is not what the customer accepted: %(what)s") % {"what": what})
        for what in proof.wrong(bill)
    ]
    return [*wrong, *unmet(BEFORE_BILL, bill.step)]
