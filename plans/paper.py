"""The plan answer 供电方案答复单: every item of the plan, what it will cost, how long it holds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils import translation

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
    """The validity (it may be extended), the fees of today's catalogue, who answers questions."""
    plan = Plan.objects.select_related("step__case").get(step=step)
    return {
        "valid_until": plan.valid_until and plan.valid_until.isoformat(),
        "fees": fees(plan),
        "accountable": accountable(case),
    }


def fees(plan: Plan) -> dict[str, Any]:
    """What the plan costs by the catalogue, each line with its legal basis; notes in each language.

    Fees lie to the right of plans: found by name.
    """
    assess = import_module("fees.tariff").assess
    found = assess(plan)
    notes = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said = assess(plan)
            notes[code] = [*said.notes, *said.missing]
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
        "notes": notes,
        "total": f"{found.total:,.2f}",
    }
