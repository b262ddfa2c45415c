"""What must hold before the plan step is done: surveyed, approved, answered, accepted."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from documents.debts import PAPERS_RECEIVED
from plans.models import Plan
from surveys.models import Survey
from workflow.guards import Guard
from workflow.models import Step
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
    return survey is not None and survey.carries(step.case)


def _to(name: str, label):
    return lambda step: (label, reverse(f"plans:{name}", args=[step.case.number]))


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
