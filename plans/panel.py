"""What the case page shows of the plan, and the page of its sheet with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from applications.models import Application
from plans import services
from plans.models import Plan, PlanSource
from plans.services import Act
from surveys.guards import why_not_usable
from surveys.models import Candidate, Survey
from workflow.models import Case, Step

State = Plan.State


def voltage_of(case: Case) -> str:
    """The voltage of the supply, as planned or, before that, as applied for; empty where none is
    named.
    """
    sheet = Plan.read(case) or Application.of(case)
    return sheet.voltage if sheet else ""


def panel(step: Step, user: User) -> dict:
    """The step's plan with its sources, approvals and what may come next; three queries."""
    rows = PlanSource.objects.select_related("candidate__source_point")
    plan = (
        Plan.objects.filter(step=step)
        .prefetch_related(Prefetch("sources", rows))
        .select_related("survey__surveyor", "survey__second_surveyor", "evidence")
        .first()
    )
    if plan is None:
        return {"plan": None, "acts": []}
    plan.step = step
    return {
        "plan": plan,
        "sources": list(plan.sources.all()),
        "approvals": list(plan.approvals.filter(standing=True).select_related("by")),
        "acts": acts(step, plan, user),
        "waits_for": waits_for(step, plan),
    }


def acts(step: Step, plan: Plan, user: User) -> list[Act]:
    """What this person may do with the plan now, in order."""
    return [
        act
        for act in services.ACTS.values()
        if not services.not_yet(act.code, step, plan)
        and not services.hindrances(act.code, step, user)
    ]


def waits_for(step: Step, plan: Plan) -> str:
    """Who acts next, in words, for those who cannot."""
    next_one = {
        State.DRAFT: step.owner or step.role_label,
        State.SUBMITTED: Role.APPROVER.label,
        State.APPROVED: step.owner or step.role_label,
        State.ANSWERED: plan.case.customer_name,
    }.get(plan.state)
    if next_one is None or not step.is_live:
        return ""
    return _("Waits for: %(who)s") % {"who": next_one}


def points(survey: Survey | None) -> list[tuple[Candidate, str]]:
    """The points of the survey, each with why it cannot be used today; empty if it can."""
    today = timezone.localdate()
    found = services.points_of(survey) if survey else []
    return [(point, _why_not(point, today)) for point in found]


def _why_not(point: Candidate, today: date) -> str:
    return "" if point.can_be_used(today) else why_not_usable(point, today)


def next_acts(steps: Iterable[Step]) -> dict[int, str]:
    """What is to be done next with the plan of each step, by its id; one query."""
    words = {
        State.SUBMITTED: _("to approve"),
        State.APPROVED: _("to answer"),
        State.ANSWERED: _("to be accepted"),
    }
    states = dict(Plan.objects.filter(step__in=steps).values_list("step_id", "state"))
    return {step.pk: words.get(states.get(step.pk), _("to draw up")) for step in steps}
