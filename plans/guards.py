"""What must hold before the plan step is done: surveyed, approved, answered, accepted."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from documents.debts import PAPERS_RECEIVED
from plans.models import Plan
from surveys.models import Consent, Survey
from workflow.guards import Guard
from workflow.models import Case, Step
from workflow.process import Kind


def _plan(step: Step) -> Plan | None:
    """The step's plan, read once for one step object."""
    if "read_plan" not in step.__dict__:
        step.read_plan = Plan.objects.filter(step=step).select_related("survey").first()  # type: ignore[attr-defined]
    return step.read_plan  # type: ignore[attr-defined]


def _reached(*states: str):
    def test(step: Step) -> bool:
        plan = _plan(step)
        return plan is not None and plan.state in states

    return test


def _surveyed(step: Step) -> bool:
    plan = _plan(step)
    survey = plan.survey if plan else Survey.of(step.case)
    return bool(survey and survey.can_supply and survey.signed_at)


def _to(name: str, label):
    return lambda step: (label, reverse(f"plans:{name}", args=[step.case.number]))


def still_valid(plan_of: Callable[[Step], Plan | None]) -> Guard:
    """The accepted plan has not run out: for the links that stand on it, until power is on."""

    def test(step: Step) -> bool:
        plan = plan_of(step)
        return plan is None or not plan.has_expired(timezone.localdate())

    def reason(step: Step) -> str:
        plan = plan_of(step)
        return _(
            "The accepted plan was valid until %(day)s: a supervisor extends its validity, or the "
            "case goes back for a new plan."
        ) % {"day": plan and plan.valid_until}

    return Guard(
        test,
        reason=reason,
        met=gettext_lazy("The accepted plan is still valid."),
        owes=lambda step: Role.SUPERVISOR.label,
        since=lambda step: (plan := plan_of(step)) and plan.valid_until,
        remedy=_to("extend", gettext_lazy("Extend the validity")),
        applies=lambda step: step.case.state == Case.State.OPEN and plan_of(step) is not None,
    )


def consents_stand(plan_of: Callable[[Step], Plan | None]) -> Guard:
    """No consent that the accepted plan stands on has ended: until power is on."""

    def ended(step: Step) -> list[Consent]:
        if "ended_consents" not in step.__dict__:
            plan = plan_of(step)
            step.__dict__["ended_consents"] = (
                plan.ended_consents(timezone.localdate()) if plan else []
            )
        return step.__dict__["ended_consents"]

    def reason(step: Step) -> str:
        return _(
            "The consent of %(party)s ended on %(day)s: the plan stands on it. Refund what was "
            "paid, then the case goes back for another source point or a new consent."
        ) % {
            "party": _(", ").join(consent.party for consent in ended(step)),
            "day": min((consent.expires_on for consent in ended(step)), default=""),
        }

    return Guard(
        lambda step: not ended(step),
        reason=reason,
        met=gettext_lazy("Every consent that the plan stands on holds."),
        owes=lambda step: Role.SUPERVISOR.label,
        since=lambda step: min((consent.expires_on for consent in ended(step)), default=None),
        remedy=_to("plan", gettext_lazy("Open the plan")),
        applies=lambda step: step.case.state == Case.State.OPEN and bool(ended(step)),
    )


State = Plan.State
SURVEYED = Guard(
    _surveyed,
    reason=gettext_lazy("No signed survey says that the site can be supplied."),
    met=gettext_lazy("The survey says that the site can be supplied."),
    remedy=lambda step: (_("Open the survey"), reverse("surveys:survey", args=[step.case.number])),
)
APPROVED = Guard(
    _reached(State.APPROVED, State.ANSWERED, State.ACCEPTED),
    reason=gettext_lazy("The plan is not approved."),
    met=gettext_lazy("The plan is approved."),
    owes=lambda step: (
        Role.APPROVER.label
        if (plan := _plan(step)) and plan.state == State.SUBMITTED
        else step.owner or step.role_label
    ),
    remedy=_to("plan", gettext_lazy("Open the plan")),
)
ANSWERED = Guard(
    _reached(State.ANSWERED, State.ACCEPTED),
    reason=gettext_lazy("The customer does not have the plan in writing."),
    met=gettext_lazy("The customer has the plan in writing."),
    remedy=_to("plan", gettext_lazy("Open the plan")),
)
DECIDED = Guard(
    _reached(State.ACCEPTED),
    reason=gettext_lazy("The customer has not accepted the plan."),
    met=gettext_lazy("The customer has accepted the plan."),
    owes=lambda step: step.case.customer_name,
    remedy=lambda step: (
        _to("decide", _("Record the decision"))
        if (plan := _plan(step))
        and plan.state == State.ANSWERED
        and not plan.has_expired(timezone.localdate())
        else _to("plan", _("Open the plan"))
    )(step),
)
GUARDS = {Kind.PLAN: (SURVEYED, PAPERS_RECEIVED, APPROVED, ANSWERED, DECIDED)}
