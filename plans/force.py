"""What runs out of a plan: its validity, and the consents that it stands on."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from plans.models import Plan
from surveys.models import Consent
from workflow.force import Term, past
from workflow.models import Case, Step, Subject
from workflow.process import Kind, flow

# While one of these is open the plan is only a promise: once money and contract stand on it, it
# holds for good.
STANDS_ON_IT = (Kind.PLAN, Kind.FEES, Kind.CONTRACT)
WORKS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)
BEHIND = (*WORKS, Kind.FEES, Kind.CONTRACT, Kind.METER)


def plan_of(step: Step) -> Plan | None:
    """The accepted plan until power is on, read once for one case object; None where the flow has
    none.
    """
    case = step.case
    planned = case.state == Case.State.OPEN and Kind.PLAN in flow(case.business_type)
    return Plan.read(case) if planned else None


def is_used(case: Case) -> bool:
    """Money and contract stand on the plan: its term has nothing more to say."""
    found = (case.step(kind) for kind in STANDS_ON_IT)
    return all(step is None or step.is_finished for step in found)


def _validity_ended(step: Step) -> date | None:
    if is_used(step.case):
        return None
    plan = plan_of(step)
    return past(plan.valid_until) if plan else None


def _why_invalid(step: Step) -> str:
    return _(
        "The accepted plan was valid until %(day)s: a supervisor extends its validity, or the "
        "case goes back for a new plan."
    ) % {"day": _validity_ended(step)}


def ended_consents(step: Step) -> list[Consent]:
    """The consents that the accepted plan stands on and that hold no more; read once a plan."""
    plan = plan_of(step)
    if plan is None:
        return []
    if "read_ended" not in plan.__dict__:
        plan.__dict__["read_ended"] = plan.ended_consents(timezone.localdate())
    return plan.__dict__["read_ended"]


def _consent_ended(step: Step) -> date | None:
    days = [consent.ended_on for consent in ended_consents(step) if consent.ended_on]
    return min(days, default=None)


def _why_no_consent(step: Step) -> str:
    ended = ended_consents(step)
    values = {
        "party": _(", ").join(consent.party for consent in ended),
        "day": _consent_ended(step) or "",
    }
    if any(consent.is_withdrawn for consent in ended):
        return (
            _(
                "The consent of %(party)s was withdrawn on %(day)s: the plan stands on it. Refund "
                "what was paid, then the case goes back for another source point or a new consent."
            )
            % values
        )
    return (
        _(
            "The consent of %(party)s ended on %(day)s: the plan stands on it. Refund what was "
            "paid, then the case goes back for another source point or a new consent."
        )
        % values
    )


def _supervisor(step: Step) -> Any:
    return Role.SUPERVISOR.label


def _to(name: str, label: Any):
    return lambda step: (label, reverse(f"plans:{name}", args=[step.case.number]))


# The ladders stand with the answer of the plan (plans.services.validity) and with that of the party
# (surveys.services.awaiting).
VALIDITY = Term(
    Subject.PLAN,
    gates=BEHIND,
    ended=_validity_ended,
    reason=_why_invalid,
    met=gettext_lazy("The accepted plan is still valid."),
    owes=_supervisor,
    remedy=_to("extend", gettext_lazy("Extend the validity")),
    applies=lambda step: step.kind in STANDS_ON_IT and plan_of(step) is not None,
)
CONSENTS = Term(
    Subject.CONSENT,
    gates=BEHIND,
    ended=_consent_ended,
    reason=_why_no_consent,
    met=gettext_lazy("Every consent that the plan stands on holds."),
    owes=_supervisor,
    remedy=_to("plan", gettext_lazy("Open the plan")),
)
PLAN_VALID, CONSENTS_STAND = VALIDITY.guard, CONSENTS.guard
TERMS = (VALIDITY, CONSENTS)
