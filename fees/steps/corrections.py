"""Waivers and corrections: one proposes, another decides."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents import steps as papers
from fees.models import Bill, Correction
from fees.standing import Standing
from fees.steps.acts import BILL_CORRECTED, BILL_WAIVED, CORRECTION_DECLINED, CORRECTION_PROPOSED
from fees.steps.bills import end, locked_bill
from fees.steps.refunds import open_refund
from plans import steps as plans
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step


@transaction.atomic
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
        note=lambda: f"{proposal.get_kind_display()}: {proposal.reason}",
        bill=bill.number,
    )
    return proposal


def against_correction(bill: Bill, kind: str) -> list[Refused]:
    """Why the bill is not computed anew: it would be the same, or there is no rate for it."""
    anew = Standing.of(bill.step).recomputed if kind == Correction.Kind.CORRECT else None
    if anew is None:
        return []
    if anew.is_equal:
        text = _(
            "Computed anew the bill would be the same, ¥%(total)s: there is nothing to correct. "
            "Where the plan itself is wrong, the case goes back to the plan."
        ) % {"total": f"{bill.total:,.2f}"}
        return [Refused(text, fields=("kind",))]
    return [Refused(text, fields=("kind",)) for text in anew.assessment.missing]


@transaction.atomic
def approve(proposal: Correction, *, by: User) -> Correction:
    """The supervisor, a second person, agrees: the bill is waived, or computed anew."""
    bill, proposal = _open_proposal(proposal, by)
    if bill.state not in Bill.STANDING:
        raise Refused(_("The bill is %(state)s.") % {"state": bill.get_state_display()})
    if wrong := against_correction(bill, proposal.kind):
        raise Refused(wrong)
    _answer(proposal, Correction.Answer.APPROVED, by)
    waive = proposal.kind == Correction.Kind.WAIVE
    was_paid = bill.state == Bill.State.PAID
    if was_paid:
        open_refund(bill, reason=proposal.reason, by=by)
    end(bill, "waive" if waive else "correct", proposal.reason)
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
