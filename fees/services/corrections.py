"""Waivers and corrections: one proposes, another decides."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents.templatetags.papers import yuan
from fees import tariff
from fees.models import Bill, Correction, Payment
from fees.services.acts import (
    BILL_CORRECTED,
    BILL_WAIVED,
    BILL_WITHDRAWN,
    CORRECTION_DECLINED,
    CORRECTION_PROPOSED,
)
from fees.services.bills import end, issued, locked_bill, to_be_paid
from fees.services.refunds import give_back
from fees.standing import Standing
from plans import services as plans
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act


@act
def propose(bill: Bill, *, by: User, kind: str, reason: str) -> Correction:
    """The biller proposes to waive a bill or to compute it anew; a supervisor answers."""
    bill = locked_bill(bill)
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
    if wrong := against_correction(bill, kind):
        raise Refused(wrong)
    proposal = Correction.objects.create(
        bill=bill, kind=kind, reason=reason.strip(), proposed_by=by, proposed_at=timezone.now()
    )
    moves.record(
        bill.step.case,
        CORRECTION_PROPOSED,
        by=by,
        step=bill.step,
        note=lambda: f"{proposal.get_kind_display()}{_(': ')}{proposal.reason}",
        bill=bill.number,
    )
    return proposal


def against_proposal(bill: Bill) -> Refused:
    """Why neither a waiver nor a correction of the bill can be asked for."""
    if Standing.of(bill.step).proposal:
        return Refused(_("A waiver or correction is proposed already."))
    if bill.step.case.state != Case.State.OPEN:
        return Refused(_("The bill is paid and the power is on: it cannot be computed anew."))
    return Refused(against_correction(bill, Correction.Kind.CORRECT))


def against_correction(bill: Bill, kind: str) -> list[Refused]:
    """Why the bill is not computed anew: it would be the same, or there is no rate for it."""
    anew = Standing.of(bill.step).recomputed if kind == Correction.Kind.CORRECT else None
    if anew is None:
        return []
    if anew.is_equal:
        text = _(
            "Computed anew the bill would be the same, ¥%(total)s: there is nothing to correct. "
            "Where the plan itself is wrong, the case goes back to the plan."
        ) % {"total": yuan(bill.total)}
        return [Refused(text, fields=("kind",))]
    return [Refused(text, fields=("kind",)) for text in anew.assessment.missing]


@act
def approve(proposal: Correction, *, by: User) -> Correction:
    """The supervisor, a second person, agrees: the bill is waived, or computed anew.

    Where money is booked, the new bill is issued at once and only the difference moves.
    """
    bill, proposal = _open_proposal(proposal, by)
    if bill.state not in Bill.STANDING:
        raise Refused(_("The bill is %(state)s.") % {"state": bill.get_state_display()})
    if wrong := against_correction(bill, proposal.kind):
        raise Refused(wrong)
    _answer(proposal, Correction.Answer.APPROVED, by)
    booked = Payment.objects.booked(bill.step.case)
    if proposal.kind == Correction.Kind.WAIVE:
        give_back(bill.step, booked, reason=proposal.reason, by=by)
        end(bill, "waive", proposal.reason, by=by)
        moves.finish(
            bill.step,
            by=by,
            role=Role.SUPERVISOR,
            outcome="waived",
            what=BILL_WAIVED,
            note=_ended(bill, proposal.reason),
            bill=bill.number,
        )
    else:
        _compute_anew(bill, booked, reason=proposal.reason, by=by)
    plans.watch(bill.step.case)
    return proposal


def _compute_anew(bill: Bill, booked: Decimal, *, reason: str, by: User) -> None:
    """Withdraw the bill. While nothing is booked the biller issues the next one; else it is issued
    here, so that money never lies without a bill: the customer pays what is missing, or what is too
    much goes back.
    """
    assessment = Standing.of(bill.step).assessment
    total = assessment.total if assessment else Decimal(0)
    if not total:
        give_back(bill.step, booked, reason=reason, by=by)
    end(bill, "correct", reason, by=by)
    step = bill.step
    follows = bool(booked and total)
    what = BILL_CORRECTED if follows else BILL_WITHDRAWN
    if step.state == Step.State.DONE and (total > booked or not total):
        step = moves.send_back(
            step,
            by=by,
            role=Role.SUPERVISOR,
            reason=reason,
            what=what,
            bill=bill.number,
        )
    else:
        note = _ended(bill, reason)
        moves.record(step.case, what, by=by, step=step, note=note, bill=bill.number)
        if step.state == Step.State.WITH_CUSTOMER and not follows:
            moves.take_back(step, by=None, note=reason)
    if assessment and follows:
        _settle(step, assessment, booked, reason=reason, by=by)


def _ended(bill: Bill, reason: str) -> Callable[[], str]:
    """Which bill holds no longer, and why."""
    return lambda: f"{bill.number}{_(': ')}{reason}"


def _settle(
    step: Step, assessment: tariff.Assessment, booked: Decimal, *, reason: str, by: User
) -> None:
    """The new bill beside what is booked: only the difference moves."""
    bill = issued(step, assessment, by=by)
    if bill.total > booked:
        if step.state == Step.State.IN_HAND:
            to_be_paid(step, bill.total - booked, by=by, role=Role.SUPERVISOR)
        return
    give_back(step, booked - bill.total, reason=reason, by=by)
    bill.pay()
    bill.save(update_fields=["state"])
    if step.is_live:
        moves.finish(step, by=by, role=Role.SUPERVISOR, outcome="paid")


@act
def decline(proposal: Correction, *, by: User) -> Correction:
    """The supervisor does not agree: the bill stands as it is."""
    bill, proposal = _open_proposal(proposal, by)
    _answer(proposal, Correction.Answer.DECLINED, by)
    moves.record(bill.step.case, CORRECTION_DECLINED, by=by, step=bill.step, bill=bill.number)
    return proposal


def _open_proposal(proposal: Correction, by: User) -> tuple[Bill, Correction]:
    bill = locked_bill(proposal.bill)
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
