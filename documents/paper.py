"""What the papers of no other room say: the refusal, and the one list of what is missing."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile
from django.utils import translation

from documents.files import Checked, without_metadata
from documents.models import Paper, PaperItem, PaperKind
from workflow import ladder, words
from workflow.models import Case, Step
from workflow.process import Kind

PICTURE_PIXELS = 640  # the longer side: a signature stands 40 mm wide


def context(paper: Paper) -> dict[str, Any]:
    """Everything was frozen when the paper was issued."""
    said = paper.data
    if paper.kind == PaperKind.DEFICIENCY:
        return {
            # The one list; a notice of the time before it had the papers owed or the findings of
            # one check (`items`), never both.
            "list": said.get("list", []),
            "missing": [] if "items" in said else said["missing"],
            "items": said.get("items", []),
            "about": words.from_data(said.get("reason", "")),
            "round": paper.step and paper.step.round,
            "accountable": said["accountable"],
        }
    return {
        "reason": words.from_data(said.get("reason", "")),
        "options": [
            line.strip()
            for line in words.from_data(said.get("options", "")).splitlines()
            if line.strip()
        ],
        "accountable": said["accountable"],
        # About one step (a consent refused, a site that cannot be supplied), or about the whole
        # case.
        "closes": said.get("closes", True),
        # Letters of the time before this was asked stay as they were written.
        "on_site": said.get("on_site", True),
    }


def picture(file: FieldFile) -> str:
    """A stored picture, small, as the address of an image that stands in the paper itself; empty
    where the file is gone or cannot be read: the paper is issued without it.
    """
    try:
        with file.open("rb") as stored:
            whole = Checked(stored.read(), "image/jpeg", file.name)
        small = without_metadata(whole, PICTURE_PIXELS)
    except (FileNotFoundError, ValidationError):
        return ""
    return f"data:image/jpeg;base64,{b64encode(small.content).decode()}"


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The one list of the case as it stands now, and who answers for it."""
    return {
        "missing": owed(case),
        "list": open_points(case),
        "accountable": accountable(case),
        "closes": case.state == Case.State.REFUSED,
        "on_site": _on_site(case),
    }


def _on_site(case: Case) -> bool:
    """Somebody signed what was found on site, in the latest round of the survey: that the site can
    be supplied, or that it cannot.
    """
    # The survey is to the right of here: found by name.
    survey = getattr(case.step(Kind.SURVEY), "survey", None)
    return survey is not None and bool(survey.signed_at or survey.no_supply_at)


def owed(case: Case) -> list[dict[str, Any]]:
    """The papers owed: label in every language, day, what each blocks, basis."""
    items = PaperItem.objects.owed().filter(case=case).select_related("requirement")
    return [
        {
            "paper": {"zh-hans": item.requirement.label_zh, "en": item.requirement.label_en},
            "by": item.due_on.isoformat(),
            "blocks": in_all_languages(Kind, item.requirement.blocks),
            "basis": item.requirement.basis,
        }
        for item in items
    ]


def open_points(case: Case) -> list[dict[str, Any]]:
    """Everything still missing, whoever asked for it, under the numbers of the one list."""
    items = PaperItem.objects.owed().filter(case=case, number__isnull=False)
    lines: list[dict[str, Any]] = [
        {
            "number": item.number,
            "what": {"zh-hans": item.requirement.label_zh, "en": item.requirement.label_en},
            "from": "",
            "by": item.due_on.isoformat(),
            "before": in_all_languages(Kind, item.requirement.blocks),
            "basis": item.requirement.basis,
        }
        for item in items.select_related("requirement")
    ]
    lines += [
        {
            "number": ask.number,
            "what": ask.what,
            "from": in_all_languages(Kind, ask.step.kind),
            "by": ask.due_on.isoformat() if ask.due_on else "",
            "before": in_all_languages(Kind, ask.step.kind),
            "basis": "",
            "late": ask.late,
        }
        for ask in case.asks.open().select_related("step")
    ]
    return sorted(lines, key=lambda line: line["number"])


def received(case: Case) -> list[dict[str, str]]:
    """The papers handed in: label in every language."""
    items = case.papers_owed.filter(state=PaperItem.State.RECEIVED).select_related("requirement")
    return [
        {"zh-hans": item.requirement.label_zh, "en": item.requirement.label_en} for item in items
    ]


def accountable(case: Case) -> dict[str, str]:
    """Who answers for the case, by name, with a telephone."""
    answering = ladder.answering(case)
    return {"name": answering.name, "phone": answering.phone}


def in_all_languages(choices: Any, value: str) -> dict[str, str] | str:
    """The label of a choice, as every language of the house writes it."""
    if not value:
        return ""
    found = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found[code] = str(choices(value).label)
    return found
