"""The plan answer 供电方案答复单: every item of the plan, what it will cost, how long it holds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from documents.models import Paper
from documents.paper import accountable
from plans.models import Plan
from workflow.models import Case, Step


def context(paper: Paper) -> dict[str, Any]:
    """The answered plan with its sources; fees and validity as they were told."""
    plan = paper.step.plan
    return {
        "plan": plan,
        "ratios": " · ".join(ratio for ratio in (plan.ct_ratio, plan.pt_ratio) if ratio),
        "sources": list(plan.sources.select_related("candidate__source_point")),
        "fees": paper.data["fees"],
        "valid_until": paper.data["valid_until"],
        "accountable": paper.data["accountable"],
    }


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The validity (it may be extended), the fees as quoted, who answers questions."""
    plan = Plan.objects.select_related("step__case").get(step=step)
    return {
        "valid_until": plan.valid_until and plan.valid_until.isoformat(),
        "fees": fees(plan),
        "accountable": accountable(case),
    }


def quote(plan: Plan) -> dict[str, Any]:
    """What the plan costs by the catalogue of today, to be kept on it.

    Raises Refused while the catalogue has no rate for something. Fees lie to the right of plans:
    found by name.
    """
    return import_module("fees.tariff").quote(plan)


def fees(plan: Plan) -> dict[str, Any]:
    """What the plan was quoted at, each line with its legal basis; notes in each language."""
    found = import_module("fees.tariff").assess(plan)
    return {
        "lines": [
            {
                "name": {"zh-hans": line.item.name_zh, "en": line.item.name_en},
                "subject": line.subject,
                "basis": line.item.citation,
                "formula": line.formula,
                "amount": f"{line.amount:,.2f}",
            }
            for line in found.lines
        ],
        "notes": plan.quote["notes"],
        "total": f"{found.total:,.2f}",
    }
