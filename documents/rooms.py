"""Which room knows what a paper says. Found by name, as papers are made left of most rooms.

Each has a module `paper` with `context(paper)`, what its template shows, read from the signed
sheets; and,
where a paper tells of things that go on changing (owners, debts, due dates), `frozen(case, step)`:
what it
says of them on the day it is issued, however late the worker comes by.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from documents.models import Paper, PaperKind
from workflow.models import Case, Step

ROOMS = {
    PaperKind.RECEIPT: "applications",
    PaperKind.SURVEY: "surveys",
    PaperKind.PLAN: "plans",
    PaperKind.BILL: "fees",
    PaperKind.PAYMENT: "fees",
    PaperKind.CONTRACT: "contracts",
    PaperKind.WORK_ORDER: "metering",
    PaperKind.REFUSAL: "documents",
    PaperKind.DEFICIENCY: "documents",
}


def template(kind: str) -> str:
    return f"{ROOMS[PaperKind(kind)]}/papers/{kind}.html"


def context(paper: Paper) -> dict[str, Any]:
    """What the template of a paper shows."""
    return _knows(paper.kind).context(paper)


def frozen(case: Case, kind: str, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """What a paper says, as of now, of things that go on changing."""
    freeze = getattr(_knows(kind), "frozen", None)
    return freeze(Case.objects.get(pk=case.pk), step, data) if freeze else {}


def _knows(kind: str) -> ModuleType:
    return import_module(f"{ROOMS[PaperKind(kind)]}.paper")
