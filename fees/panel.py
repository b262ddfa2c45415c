"""What the case page shows of fees: what is due, by which document, and what was paid."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents.templatetags.papers import yuan
from fees import services
from fees.guards import TO_BILL
from fees.models import Bill, Correction
from fees.standing import Standing
from workflow import process
from workflow.guards import Finding
from workflow.models import Case, Step
from workflow.process import Kind


def panel(step: Step, user: User) -> dict:
    """The middle of the case page: what is due by the plan, the bill, the payment."""
    return {"step": step, "case": step.case, "standing": Standing.of(step)}


def summary(case: Case, user: User) -> dict:
    """Beside the case: in one line whether a fee is allowed, billed or paid; two queries."""
    step = case.step(Kind.FEES)
    if step is None or step.state == Step.State.VOID:
        return {"case": case, "step": None, "why_not": process.why_not(Kind.FEES, case)}
    standing = Standing.of(step)
    if step.state == Step.State.WAITING:
        # Only a round before this one can have taken money.
        back = standing.refunds if step.round > 1 else []
        return {"case": case, "step": step, "waiting": True, "refunds": back}
    waived = standing.decision if standing.is_waived else None
    back = standing.refunds if standing.bill or step.round > 1 else []
    return {
        "case": case,
        "step": step,
        "bill": standing.bill,
        "refunds": back,
        "waived": waived,
        "proposed_at": standing.proposed_at,
    }


def turn(step: Step, user: User) -> tuple[str, str] | None:
    """What this person does next with the money of a live step, and where, though the step itself
    is not their work; None for all others.
    """
    standing = Standing.of(step)
    if standing.proposed_at or standing.quote_proposal:
        if not user.has_role(Role.SUPERVISOR):
            return None
        return _("Answer the proposal"), reverse("fees:fees", args=[step.case.number])
    if standing.is_unpaid and user.has_role(Role.CASHIER):
        return _("Receive payment"), reverse("fees:payment", args=[step.case.number])
    return None


def on_closing(case: Case) -> str:
    """What becomes of the money when the case closes unsupplied now; empty where none was paid."""
    step = case.step(Kind.FEES)
    standing = Standing.of(step) if step else None
    if standing is None or not standing.booked:
        return ""
    return _(
        "¥%(amount)s goes back to %(payer)s: the cashier of %(unit)s pays it out by %(day)s, "
        "and a second person confirms it."
    ) % {
        "amount": yuan(standing.booked),
        "payer": standing.payments[0].payer,
        "unit": case.unit,
        "day": services.refund_due(timezone.localdate()),
    }


def why(step: Step) -> list[dict]:
    """What stands against a bill, as rows for components/_why.html, the open ones first; empty when
    the step is done.
    """
    if step.is_finished:
        return []
    findings = [guard.finding(step) for guard in TO_BILL if guard.applies(step)]
    here = step.get_absolute_url()
    return [_row(finding, here) for finding in sorted(findings, key=lambda finding: finding.met)]


def _row(finding: Finding, here: str) -> dict:
    """What is done on the page itself is no way to another."""
    label, url = finding.remedy if finding.remedy[1] != here else (_("see below"), "")
    return {
        "missing": finding.what,
        "met": finding.met,
        "detail": finding.detail,
        "owes": finding.owes,
        "since": finding.since,
        "remedy": label,
        "url": url,
    }


def next_acts(steps: Iterable[Step]) -> dict[int, str]:
    """What is to be done next with the bill of each step, by its id; one query."""
    words = {
        Bill.State.DRAFT: _("to issue"),
        Bill.State.ISSUED: _("to be paid"),
        Bill.State.PAID: _("to close"),
        Bill.State.WAIVED: _("to close"),
    }
    waiting = Correction.objects.filter(bill=OuterRef("pk"), answer="")
    bills = Bill.objects.filter(step__in=steps).order_by("pk").annotate(proposed=Exists(waiting))
    found = {
        step: _("proposal to answer") if proposed else words.get(state, _("to bill"))
        for step, state, proposed in bills.values_list("step_id", "state", "proposed")
    }
    return {step.pk: found.get(step.pk, _("to bill")) for step in steps}
