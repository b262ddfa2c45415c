"""The only writer of this room: bills, payments, waivers and corrections, refunds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from documents import steps as papers
from fees import tariff
from fees.guards import BEFORE_BILL
from fees.models import Bill, BillLine, Correction, Payment, Refund
from fees.models.refund import WAITING
from fees.standing import Standing
from plans import steps as plans
from workflow import clocks, ladder, moves
from workflow.guards import Refused, demand
from workflow.models import Case, Step
from workflow.verbs import verb
from workflow.words import Words, keep

BILL_ISSUED = verb("bill_issued", gettext_lazy("Bill issued"))
NOTHING_DUE = verb("nothing_due", gettext_lazy("Nothing is due"))
PAYMENT_RECEIVED = verb(
    "payment_received", gettext_lazy("Payment received"), not_by_whom=("bill_issued",)
)
CORRECTION_PROPOSED = verb(
    "correction_proposed", gettext_lazy("Waiver or correction of a bill proposed")
)
BILL_WAIVED = verb("bill_waived", gettext_lazy("Bill waived"), not_by_whom=("correction_proposed",))
BILL_CORRECTED = verb(
    "bill_corrected",
    gettext_lazy("Bill withdrawn to be corrected"),
    not_by_whom=("correction_proposed",),
    reopens=True,
)
CORRECTION_DECLINED = verb(
    "correction_declined",
    gettext_lazy("Waiver or correction declined"),
    not_by_whom=("correction_proposed",),
)
REFUND_OPENED = verb("refund_opened", gettext_lazy("Refund opened"))
REFUND_PAID = verb("refund_paid_out", gettext_lazy("Refund paid out"))
REFUND_CONFIRMED = verb(
    "refund_confirmed", gettext_lazy("Refund confirmed"), not_by_whom=("refund_paid_out",)
)
# Who may confirm that a refund arrived: anybody of the money but the one who paid it out.
CONFIRMING = (Role.BILLER, Role.CASHIER, Role.SUPERVISOR)


def _locked(step: Step) -> Step:
    """The step as it is now, its case locked until the transaction ends."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=step.case_id)
    return next(found for found in case.all_steps if found.pk == step.pk)


def _locked_bill(bill: Bill) -> Bill:
    step = _locked(bill.step)
    found = Bill.objects.get(pk=bill.pk)
    found.step = step
    return found


# Billing ----------------------------------------------------------------------------------------


@transaction.atomic
def issue(step: Step, *, by: User) -> Bill:
    """Compute the bill from the accepted plan, freeze it and hand the case to the customer to pay.

    Raises Refused before a workable survey and an accepted plan, and where nothing is due.
    """
    step = _in_our_hand(step, by)
    demand(BEFORE_BILL, step)
    assessment = Standing(step).assessment
    if assessment is None or not assessment.lines:
        raise Refused(_("Nothing is due: there is nothing to bill."))
    bill = _write(step, assessment)
    bill.issue()
    bill.issued_at, bill.issued_by = timezone.now(), by
    bill.save(update_fields=["state", "issued_at", "issued_by"])
    moves.record(
        step.case,
        BILL_ISSUED,
        by=by,
        step=step,
        note=lambda: _("%(number)s: %(total)s yuan") % {"number": bill.number, "total": bill.total},
        bill=bill.number,
        total=bill.total,
    )
    papers.issue(step.case, "bill", by=by, step=step, bill=bill.pk)
    bill.step = moves.hand_over(
        step, by=by, note=lambda: _("To be paid: %(total)s yuan") % {"total": bill.total}
    )
    return bill


def _in_our_hand(step: Step, by: User) -> Step:
    """The fees step, locked, in the hand of this person and without a bill."""
    step = _locked(step)
    moves.demand_worker(step, by)
    if Bill.standing_of(step):
        raise Refused(_("A bill was issued already."))
    if step.state != Step.State.IN_HAND:
        demand(BEFORE_BILL, step)
        raise Refused(
            _("%(step)s is %(state)s: no bill can be issued now.")
            % {"step": step.get_kind_display(), "state": step.get_state_display()}
        )
    return step


def _write(step: Step, assessment: tariff.Assessment) -> Bill:
    """The bill as a draft with its lines."""
    count = Bill.objects.of_case(step.case).count() + 1
    bill = Bill.objects.create(
        step=step,
        plan=assessment.plan,
        number=f"{step.case.number}-F{count}",
        total=assessment.total,
    )
    BillLine.objects.bulk_create(
        BillLine(
            bill=bill,
            position=position,
            item=line.item,
            name_en=line.item.name_en,
            name_zh=line.item.name_zh,
            subject=line.subject,
            document_number=line.item.document_number,
            version=line.item.version,
            valid_from=line.item.valid_from,
            rate=line.rate,
            factor=line.factor,
            quantity=line.quantity,
            unit=line.unit,
            self_built=line.self_built,
            confirmed=line.item.confirmed,
            formula=line.formula,
            amount=line.amount,
        )
        for position, line in enumerate(assessment.lines, 1)
    )
    return bill


@transaction.atomic
def nothing_due(step: Step, *, by: User) -> Step:
    """The biller confirms that the accepted plan causes no fee by the catalogue."""
    step = _in_our_hand(step, by)
    demand(BEFORE_BILL, step)
    assessment = Standing(step).assessment
    if assessment is None or not assessment.nothing_due:
        raise Refused(_("By the catalogue a fee is due: issue the bill."))
    step = moves.finish(
        step,
        by=by,
        outcome="nothing_due",
        what=NOTHING_DUE,
        note=lambda: " ".join(tariff.assess(assessment.plan).notes),
    )
    plans.watch(step.case)
    return step


# Paying -----------------------------------------------------------------------------------------


@transaction.atomic
def receive(
    bill: Bill,
    *,
    by: User,
    method: str,
    payer: str,
    reference: str = "",
    received_at: datetime | None = None,
) -> Payment:
    """The cashier receives the whole amount; payment and change of state are one transaction.

    Raises Refused for anybody who set the fee, and for a bill that is not open any more.
    """
    bill = _locked_bill(bill)
    now = timezone.now()
    received_at = received_at or now
    moves.demand_worker(bill.step, by, role=Role.CASHIER)
    if bill.state != Bill.State.ISSUED:
        raise Refused(
            _("The bill is %(state)s: nothing can be paid on it.")
            % {"state": bill.get_state_display()}
        )
    if bill.issued_by_id == by.pk:
        raise Refused(_("Who set the fee cannot collect it."))
    if received_at > now:
        raise Refused(_("The payment cannot be received in the future."))
    if bill.issued_at and received_at < bill.issued_at.replace(second=0, microsecond=0):
        raise Refused(_("The payment cannot be older than its bill."))
    if bill.corrections.filter(answer="").exists():
        raise Refused(_("A waiver or correction of this bill waits for its answer."))
    demand(BEFORE_BILL, bill.step)
    payment = Payment(
        bill=bill,
        receipt_number=f"{bill.step.case.number}-R{bill.number.rpartition('F')[2]}",
        method=method,
        reference=reference,
        payer=payer,
        amount=bill.total,
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
            _("%(number)s: %(total)s yuan")
            % {"number": payment.receipt_number, "total": payment.amount}
        ),
        bill=bill.number,
        receipt=payment.receipt_number,
        amount=payment.amount,
    )
    plans.watch(bill.step.case)
    return payment


# Waivers and corrections ------------------------------------------------------------------------


@transaction.atomic
def propose(bill: Bill, *, by: User, kind: str, reason: str) -> Correction:
    """The biller proposes to waive a bill or to compute it anew; a supervisor answers."""
    bill = _locked_bill(bill)
    moves.demand_role(bill.step.case, by, Role.BILLER)
    if not reason.strip():
        raise Refused(_("A waiver or correction needs a reason."))
    allowed = (
        (Bill.State.ISSUED,)
        if kind == Correction.Kind.WAIVE
        else (Bill.State.ISSUED, Bill.State.PAID)
    )
    if bill.state not in allowed or bill.step.case.step(bill.step.kind) != bill.step:
        raise Refused(_("The bill is %(state)s.") % {"state": bill.get_state_display()})
    if bill.state == Bill.State.PAID and bill.step.case.state != Case.State.OPEN:
        raise Refused(_("The bill is paid and the power is on: it cannot be computed anew."))
    if bill.corrections.filter(answer="").exists():
        raise Refused(_("A waiver or correction is proposed already."))
    proposal = Correction.objects.create(
        bill=bill, kind=kind, reason=reason.strip(), proposed_by=by, proposed_at=timezone.now()
    )
    moves.record(
        bill.step.case,
        CORRECTION_PROPOSED,
        by=by,
        step=bill.step,
        note=lambda: f"{proposal.get_kind_display()}: {proposal.reason}",
        bill=bill.number,
    )
    return proposal


@transaction.atomic
def approve(proposal: Correction, *, by: User) -> Correction:
    """The supervisor, a second person, agrees: the bill is waived, or computed anew."""
    bill, proposal = _open_proposal(proposal, by)
    if bill.state not in Bill.STANDING:
        raise Refused(_("The bill is %(state)s.") % {"state": bill.get_state_display()})
    _answer(proposal, Correction.Answer.APPROVED, by)
    waive = proposal.kind == Correction.Kind.WAIVE
    was_paid = bill.state == Bill.State.PAID
    if was_paid:
        _open_refund(bill, reason=proposal.reason, by=by)
    _end(bill, "waive" if waive else "correct", proposal.reason)
    papers.issue(bill.step.case, "bill", by=by, step=bill.step, bill=bill.pk)
    if waive:
        moves.finish(
            bill.step,
            by=by,
            role=Role.SUPERVISOR,
            outcome="waived",
            what=BILL_WAIVED,
            note=proposal.reason,
            bill=bill.number,
        )
    elif was_paid:
        moves.send_back(
            bill.step,
            by=by,
            role=Role.SUPERVISOR,
            reason=proposal.reason,
            what=BILL_CORRECTED,
            bill=bill.number,
        )
    else:
        moves.record(
            bill.step.case,
            BILL_CORRECTED,
            by=by,
            step=bill.step,
            note=proposal.reason,
            bill=bill.number,
        )
        if bill.step.state == Step.State.WITH_CUSTOMER:
            moves.take_back(bill.step, by=None, note=proposal.reason)
    plans.watch(bill.step.case)
    return proposal


@transaction.atomic
def decline(proposal: Correction, *, by: User) -> Correction:
    """The supervisor does not agree: the bill stands as it is."""
    bill, proposal = _open_proposal(proposal, by)
    _answer(proposal, Correction.Answer.DECLINED, by)
    moves.record(bill.step.case, CORRECTION_DECLINED, by=by, step=bill.step, bill=bill.number)
    return proposal


def _open_proposal(proposal: Correction, by: User) -> tuple[Bill, Correction]:
    bill = _locked_bill(proposal.bill)
    moves.demand_role(bill.step.case, by, Role.SUPERVISOR)
    proposal = Correction.objects.get(pk=proposal.pk)
    if proposal.answer:
        raise Refused(
            _("This was answered already: %(answer)s.") % {"answer": proposal.get_answer_display()}
        )
    if proposal.proposed_by_id == by.pk:
        raise Refused(_("A waiver or correction needs two people."))
    return bill, proposal


def _answer(proposal: Correction, answer: str, by: User) -> None:
    proposal.answer, proposal.answered_by, proposal.answered_at = answer, by, timezone.now()
    proposal.save(update_fields=["answer", "answered_by", "answered_at"])


# What no longer holds ---------------------------------------------------------------------------


def undone(step: Step, *, by: User | None) -> None:
    """Called by the door when the fees step no longer holds: the bill ends, money goes back.

    That is the case when the case closes unsupplied, or goes back behind the plan.
    """
    bill = Bill.standing_of(step)
    if bill is None:
        return
    bill.step = step  # with the case that the door has in hand
    reason = keep(_why_undone(step.case))
    if bill.state == Bill.State.PAID:
        _open_refund(bill, reason=reason, by=by)
    _end(bill, "cancel", reason)


def _why_undone(case: Case) -> Words:
    """Why the money of a case no longer stands: it was closed and why, or goes back to its plan."""
    if case.state == Case.State.WITHDRAWN:
        return lambda: _("Withdrawn by the customer: %(reason)s") % {"reason": case.closing_reason}
    if case.state == Case.State.REFUSED:
        return lambda: _("The case was refused: %(reason)s") % {"reason": case.closing_reason}
    return lambda: _("What the bill stood on no longer holds.")


def _open_refund(bill: Bill, *, reason: str, by: User | None) -> Refund:
    """Money that was taken goes back, whole."""
    refund = Refund.objects.create(
        payment=bill.payment, amount=bill.payment.amount, reason=reason, opened_at=timezone.now()
    )
    _remind(refund)
    moves.record(
        bill.step.case, REFUND_OPENED, by=by, step=bill.step, note=reason, **_event_of(refund)
    )
    return refund


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


def _end(bill: Bill, transition: str, reason: str) -> None:
    getattr(bill, transition)()
    bill.reason, bill.ended_at = reason, timezone.now()
    bill.save(update_fields=["state", "reason", "ended_at"])


# Refunds ----------------------------------------------------------------------------------------


def _locked_refund(refund: Refund) -> Refund:
    bill = _locked_bill(refund.payment.bill)
    found = Refund.objects.select_related("payment").get(pk=refund.pk)
    found.payment.bill = bill
    return found


def _event_of(refund: Refund) -> dict[str, Any]:
    return {"receipt": refund.payment.receipt_number, "amount": refund.amount}


@transaction.atomic
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
    moves.record(step.case, REFUND_PAID, by=by, step=step, **_event_of(refund))
    return refund


@transaction.atomic
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
    moves.record(step.case, REFUND_CONFIRMED, by=by, step=step, **_event_of(refund))
    return refund
