"""Money that goes back: opened, paid out, confirmed by a second person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents.templatetags.papers import yuan
from fees.models import Bill, Payment, Refund
from fees.models.refund import WAITING
from fees.services.acts import BILL_CANCELLED, REFUND_CONFIRMED, REFUND_OPENED, REFUND_PAID
from fees.services.bills import end, locked_bill
from workflow import clocks, ladder, moves, words
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.words import keep

# Who may confirm that a refund arrived: anybody of the money but the one who paid it out.
CONFIRMING = (Role.BILLER, Role.CASHIER, Role.SUPERVISOR)


def undone(step: Step, *, by: User | None) -> None:
    """Called by the door when the fees step no longer holds: the bill ends, money goes back.

    That is the case when the case closes unsupplied, or goes back behind the plan.
    """
    bill = Bill.standing_of(step)
    if bill is None:
        return
    bill.step = step  # with the case that the door has in hand
    why = _why_undone(step.case)
    reason = keep(why)
    give_back(step, Payment.objects.booked(step.case), reason=reason, by=by)
    end(bill, "cancel", reason, by=by)
    moves.record(
        step.case,
        BILL_CANCELLED,
        by=by,
        step=step,
        note=lambda: f"{bill.number}{_(': ')}{why()}",
        bill=bill.number,
    )


def _why_undone(case: Case) -> Callable[[], str]:
    """Why the money of a case no longer stands: it was closed and why, or goes back to its plan."""
    if case.state == Case.State.WITHDRAWN:
        return lambda: _("Withdrawn by the customer: %(reason)s") % {"reason": case.closing_reason}
    if case.state == Case.State.REFUSED:
        return lambda: _("The case was refused: %(reason)s") % {"reason": case.closing_reason}
    return lambda: _("What the bill stood on no longer holds.")


def give_back(step: Step, amount: Decimal, *, reason: str, by: User | None) -> None:
    """So many yuan of what is booked on the case go back: what was paid last goes back first."""
    for payment in Payment.objects.held(step.case).select_related("bill__step__case"):
        if not amount:
            break
        part = min(amount, payment.left)
        amount -= part
        refund = Refund.objects.create(
            payment=payment, amount=part, reason=reason, opened_at=timezone.now()
        )
        _remind(refund)
        _record(REFUND_OPENED, refund, step, by, reason)


def refund_due(on: date) -> date:
    """The day by which money that begins to go back on this day is paid out."""
    return clocks.calendar().add(on, settings.REFUND_WORKING_DAYS)


def _remind(refund: Refund) -> None:
    """The ladder stands while the money waits to be paid out, then to be confirmed."""
    now = timezone.now()
    due_on = refund_due(timezone.localdate(now))
    for state, subject in WAITING.items():
        ladder.stand(
            subject,
            refund.pk,
            case=refund.payment.bill.step.case,
            due_on=due_on if refund.state == state else None,
            at=now,
        )


def _locked_refund(refund: Refund) -> Refund:
    bill = locked_bill(refund.payment.bill)
    found = Refund.objects.select_related("payment").get(pk=refund.pk)
    found.payment.bill = bill
    return found


def _record(verb: str, refund: Refund, step: Step, by: User | None, reason: Any = "") -> None:
    """The history says how much, of which receipt, and why."""
    receipt, why = refund.payment.receipt_number, words.as_data(reason)
    moves.record(
        step.case,
        verb,
        by=by,
        step=step,
        note=lambda: _(": ").join(
            filter(None, (f"{receipt} ¥{yuan(refund.amount)}", words.from_data(why)))
        ),
        receipt=receipt,
        amount=refund.amount,
    )


@act
def pay_out(refund: Refund, *, by: User, method: str, reference: str) -> Refund:
    """The cashier gives the money back; a second person has to confirm it."""
    refund = _locked_refund(refund)
    step = refund.payment.bill.step
    moves.demand_role(step.case, by, Role.CASHIER)
    if refund.state != Refund.State.DUE:
        raise Refused(_("The refund is %(state)s.") % {"state": refund.get_state_display()})
    if not reference.strip():
        raise Refused(_("Say how and to which account it was paid out."))
    refund.pay_out()
    refund.method, refund.reference = method, reference.strip()
    refund.paid_out_at, refund.paid_out_by = timezone.now(), by
    refund.save(update_fields=["state", "method", "reference", "paid_out_at", "paid_out_by"])
    _remind(refund)
    _record(REFUND_PAID, refund, step, by)
    return refund


@act
def confirm(refund: Refund, *, by: User) -> Refund:
    """A second person confirms that the money went back."""
    refund = _locked_refund(refund)
    step = refund.payment.bill.step
    moves.demand_role(step.case, by, *CONFIRMING)
    if refund.state != Refund.State.PAID_OUT:
        raise Refused(_("The refund is %(state)s.") % {"state": refund.get_state_display()})
    if refund.paid_out_by_id == by.pk:
        raise Refused(_("Who paid out the refund cannot confirm it."))
    refund.confirm()
    refund.confirmed_at, refund.confirmed_by = timezone.now(), by
    refund.save(update_fields=["state", "confirmed_at", "confirmed_by"])
    _remind(refund)
    _record(REFUND_CONFIRMED, refund, step, by)
    return refund
