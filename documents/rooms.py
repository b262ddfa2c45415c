"""Which room knows what a paper says. Found by name, as papers are made left of most rooms.

Each has a module `paper` with `context(paper)`, what its template shows, read from the signed
sheets; and, where a paper tells of things that go on changing (owners, debts, due dates),
`frozen(case, step, data)`: what it says of them on the day it is issued, however late the worker
comes by. Whom every paper is about is frozen here.
"""

from __future__ import annotations

from copy import copy
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
    PaperKind.CONSENT: "surveys",
}
# What papers print of the applicant, columns of Case.
APPLICANT = ("customer_name", "phone", "address")


def template(kind: str) -> str:
    return f"{ROOMS[PaperKind(kind)]}/papers/{kind}.html"


def context(paper: Paper) -> dict[str, Any]:
    """What the template of a paper shows."""
    return _knows(paper.kind).context(paper)


def frozen(case: Case, kind: str, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """What a paper says, as of now, of things that go on changing; the case is locked."""
    freeze = getattr(_knows(kind), "frozen", None)
    said = freeze(case, step, data) if freeze else {}
    return {"applicant": {column: getattr(case, column) for column in APPLICANT}, **said}


def case_of(paper: Paper) -> Case:
    """The case as its papers name it: a correction since the paper was issued is not on it.

    Papers of the time before this was kept name it as it is. Never to be saved.
    """
    case = copy(paper.case)
    for column, value in paper.data.get("applicant", {}).items():
        setattr(case, column, value)
    return case


def _knows(kind: str) -> ModuleType:
    return import_module(f"{ROOMS[PaperKind(kind)]}.paper")
