"""What the case page shows of the plan."""

from __future__ import annotations

from accounts.models import User
from plans.models import Plan
from workflow.models import Step


def panel(step: Step, user: User) -> dict:
    """The step's plan with its sources and approvals; three queries."""
    plan = Plan.objects.filter(step=step).first()
    if plan is None:
        return {"plan": None}
    plan.step = step
    return {
        "plan": plan,
        "sources": list(plan.sources.select_related("candidate__source_point")),
        "approvals": list(plan.approvals.filter(standing=True).select_related("by")),
    }
