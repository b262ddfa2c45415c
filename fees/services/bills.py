"""The bill, computed from the accepted plan and ended when that no longer holds."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from documents import services as papers
from documents.templatetags.papers import yuan
from fees import tariff
from fees.guards import TO_BILL
from fees.models import Bill, BillLine, Payment
from fees.services.acts import BILL_ISSUED, BILL_SETTLED, NOTHING_DUE
from fees.standing import Standing
from plans import services as plans
from workflow import moves
from workflow.guards import Refused, demand
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act


def locked(step: Step) -> Step:
    """The step as it is now, its case locked until the transaction ends."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=step.case_id)
    return next(found for found in case.all_steps if found.pk == step.pk)


def locked_bill(bill: Bill) -> Bill:
    step = locked(bill.step)
    found = Bill.objects.get(pk=bill.pk)
    found.step = step
    return found


@act
def issue(step: Step, *, by: User) -> Bill:
    """Compute the bill from the accepted plan, freeze it and hand the case to the customer to pay.

    Raises Refused before a workable survey and an accepted plan, and where nothing is due.
    """
    step = in_our_hand(step, by)
    demand(TO_BILL, step)
    assessment = Standing(step).assessment
    if assessment is None or not assessment.lines:
        raise Refused(_("Nothing is due: there is nothing to bill."))
    bill = issued(step, assessment, by=by)
    bill.step = to_be_paid(step, bill.total, by=by)
    return bill


def issued(step: Step, assessment: tariff.Assessment, *, by: User) -> Bill:
    """A bill with its lines frozen; what is booked on the case counts for it."""
    bill = _write(step, assessment)
    bill.issue()
    bill.issued_at, bill.issued_by = timezone.now(), by
    bill.save(update_fields=["state", "issued_at", "issued_by"])
    booked = Payment.objects.booked(step.case)
    moves.record(
        step.case,
        BILL_ISSUED if bill.total > booked else BILL_SETTLED,
        by=by,
        step=step,
        note=lambda: _asked(bill, booked),
        bill=bill.number,
        total=bill.total,
        booked=booked,
    )
    papers.issue(step.case, "bill", by=by, step=step, bill=bill.pk)
    return bill


def to_be_paid(step: Step, due: Decimal, *, by: User, role: str | None = None) -> Step:
    """The customer's turn to pay so many yuan."""
    return moves.hand_over(
        step, by=by, role=role, note=lambda: _("To be paid: ¥%(total)s") % {"total": yuan(due)}
    )


def _asked(bill: Bill, booked: Decimal) -> str:
    """What a bill asks for, beside what is paid already."""
    if not booked:
        text = _("%(number)s: ¥%(total)s")
    elif bill.total > booked:
        text = _("%(number)s: ¥%(total)s, paid ¥%(booked)s, still to be paid ¥%(rest)s")
    elif bill.total < booked:
        text = _("%(number)s: ¥%(total)s, paid ¥%(booked)s, going back ¥%(rest)s")
    else:
        text = _("%(number)s: ¥%(total)s, paid")
    return text % {
        "number": bill.number,
        "total": yuan(bill.total),
        "booked": yuan(booked),
        "rest": yuan(abs(bill.total - booked)),
    }


def in_our_hand(step: Step, by: User) -> Step:
    """The fees step, locked, in the hand of this person and without a bill."""
    step = locked(step)
    moves.demand_worker(step, by)
    if Bill.standing_of(step):
        raise Refused(_("A bill was issued already."))
    if step.state != Step.State.IN_HAND:
        demand(TO_BILL, step)
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


@act
def nothing_due(step: Step, *, by: User) -> Step:
    """The biller confirms that the accepted plan causes no fee by the catalogue."""
    step = in_our_hand(step, by)
    demand(TO_BILL, step)
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


def end(bill: Bill, transition: str, reason: str, *, by: User | None) -> None:
    """The bill holds no longer; a paper says so. What is to go back was opened before."""
    getattr(bill, transition)()
    bill.reason, bill.ended_at = reason, timezone.now()
    bill.save(update_fields=["state", "reason", "ended_at"])
    papers.issue(bill.step.case, "bill", by=by, step=bill.step, bill=bill.pk)
