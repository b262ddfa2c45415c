"""The receipt 用电申请受理回执: what was handed in, what is owed, who acts next and by when."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from applications.models import Application
from documents.models import Paper
from documents.paper import accountable, in_all_languages, owed, received
from workflow.models import Case, Step
from workflow.process import Kind


def context(paper: Paper) -> dict[str, Any]:
    """The accepted sheet, and what was frozen at acceptance."""
    sheet = paper.step.application if paper.step else Application.of(paper.case)
    return {"sheet": sheet, "equipment": list(sheet.equipment.all()), **paper.data}


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The papers in and owed, whose turn it is now and until when, who answers for the case."""
    return {
        "handed_in": received(case),
        "missing": owed(case),
        "accountable": accountable(case),
        "whole_case": case.due_on and case.due_on.isoformat(),
        "next_steps": [
            {
                "kind": in_all_languages(Kind, live.kind),
                "who": live.owner.name if live.owner else "",
                "by": live.due_on and live.due_on.isoformat(),
            }
            for live in case.live_steps
            if live.kind != Kind.APPLICATION
        ],
        "on": timezone.localdate().isoformat(),
    }
