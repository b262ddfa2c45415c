"""The receipt 用电申请受理回执: what was handed in, what is owed, who acts next and by when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.models import Application, Correction
from applications.services.codes import code_of
from documents.models import Paper, PaperKind
from documents.paper import accountable, in_all_languages, owed, received
from documents.qr import qr
from workflow.models import Case, Step
from workflow.process import Kind

NAME = ("customer_name",)
ADDRESS = ("district", "street", "floor", "room")
LETTER = (*NAME, *ADDRESS)
SHEET = (*LETTER, "phone")
# What each paper prints of the customer data that can be corrected.
PRINTED = {
    PaperKind.RECEIPT: (*SHEET, "id_type", "id_number", "agent_name", "agent_phone"),
    PaperKind.SURVEY: SHEET,
    PaperKind.PLAN: SHEET,
    PaperKind.BILL: SHEET,
    PaperKind.PAYMENT: LETTER,
    PaperKind.CONTRACT: (*LETTER, "id_number", "legal_representative", "agent_name"),
    PaperKind.WORK_ORDER: SHEET,
    PaperKind.REFUSAL: LETTER,
    PaperKind.DEFICIENCY: LETTER,
    PaperKind.CONSENT: LETTER,
}


@dataclass(frozen=True)
class Issued:
    """A paper issued, and what on it was corrected since."""

    paper: Paper
    wrong: list[str]
    is_replaced: bool

    @property
    def to_issue_anew(self) -> bool:
        """Done here for the receipt; other papers are signed or counted in their rooms."""
        return bool(self.wrong) and not self.is_replaced and self.paper.kind == PaperKind.RECEIPT


def bearing(case: Case, language: str) -> list[Issued]:
    """The papers issued in a language, the newest first, each with the items corrected since."""
    made = list(Correction.objects.filter(application__step__case=case).order_by("pk"))
    found, newer = [], set()
    for paper in case.papers.filter(language=language).select_related("step").order_by("-pk"):
        printed = PRINTED[PaperKind(paper.kind)]
        wrong = [c.label for c in made if c.at > paper.issued_at and c.column in printed]
        of = (paper.kind, paper.step_id)
        found.append(Issued(paper, list(dict.fromkeys(wrong)), of in newer))
        newer.add(of)
    return found


def context(paper: Paper) -> dict[str, Any]:
    """The accepted sheet as it held when the paper was issued, and what was frozen then."""
    sheet = paper.step.application if paper.step else Application.of(paper.case)
    sheet = sheet.as_corrected(until=paper.issued_at)
    code = code_of(paper.case)
    return {
        "sheet": sheet,
        "equipment": list(sheet.equipment.all()),
        "code": code,
        "code_qr": qr(code.url, title=_("Follow your case without an account")),
        **paper.data,
    }


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
                "who": live.owner.name if live.owner and live.owner.is_at_work else "",
                "by": live.due_on and live.due_on.isoformat(),
            }
            for live in case.live_steps
            if live.kind != Kind.APPLICATION
        ],
        "on": timezone.localdate().isoformat(),
    }
