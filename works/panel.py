"""What the case page and the sheets show of the customer's works."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from workflow.models import Step
from workflow.process import Kind
from workflow.sheets import Section, readonly
from works.forms import FORMS
from works.guards import lapsed, sheet_of
from works.models import Defect, DrawingComment

CHECKS = (Kind.MID_CHECK, Kind.ACCEPTANCE)


def panel(step: Step, user: User) -> dict[str, Any]:
    """What was found so far; three queries."""
    sheet = sheet_of(step)
    points: list[Any] = []
    begun = sheet.pk is not None
    if step.kind in CHECKS and begun:
        points = list(Defect.objects.of(step.case, step.kind).select_related("step"))
    elif step.kind == Kind.DRAWINGS and begun:
        comments = DrawingComment.objects.filter(case=step.case_id)
        points = list(comments.select_related("raised_in__step", "closed_in__step"))
    return {
        "step": step,
        "sheet": sheet if sheet.pk else None,
        "points": points,
        "open_points": sum(1 for point in points if is_open(point)),
        "requests": list(step.requests.select_related("entered_by")[:3]),
        "asked": WHAT_FIRST[step.kind],
        "is_check": step.kind in CHECKS,
    }


def is_open(point: Defect | DrawingComment) -> bool:
    return point.cured_on is None if isinstance(point, Defect) else point.closed_in_id is None


class _WhatFirst(dict):
    """What the customer brings first, in the reader's language."""

    def __missing__(self, kind: str) -> str:
        return {
            Kind.DESIGNER: _("the designer's certificate"),
            Kind.DRAWINGS: _("the drawings"),
            Kind.CONTRACTOR: _("the contractor's permit"),
            Kind.MID_CHECK: _("the request for a mid-check, before covering"),
            Kind.ACCEPTANCE: _("the request for acceptance, with the completion papers"),
        }[kind]


WHAT_FIRST = _WhatFirst()


def page(step: Step) -> dict[str, Any]:
    """What every page of a sheet needs."""
    found = lapsed(step) if step.is_live else None
    missing = reverse(f"works:{step.kind}_missing", args=[step.case.number])
    return {
        "step": step,
        "case": step.case,
        "sheet": sheet_of(step),
        "asked": WHAT_FIRST[step.kind],
        "lapsed": found[1] if found else [],
        "lapsed_url": reverse(f"works:{step.kind}_lapsed", args=[step.case.number])
        if found
        else "",
        "requests": list(step.requests.select_related("entered_by")),
        "submit_label": _("Sign"),
        "secondary": [
            {"label": _("File incomplete"), "url": missing, "icon": "back"},
            {"label": _("Save draft"), "name": "save", "key": "s", "icon": "save"},
        ],
    }


def sections(step: Step) -> list[Section]:
    """The sheet to read; empty while there is none."""
    sheet = sheet_of(step)
    if not sheet.pk:
        return []
    found = readonly(sheet, FORMS[step.kind].layout)
    return [*found, *(section for section in tables(step, sheet) if section.pairs)]


def tables(step: Step, sheet: Any) -> list[Section]:
    """The rows of the sheet as sections to read."""
    if step.kind == Kind.DRAWINGS:
        comments = DrawingComment.objects.filter(case=step.case_id).select_related(
            "raised_in__step", "closed_in__step"
        )
        return [
            Section(
                _("Drawings of this revision"),
                [],
                pairs=[
                    (f"{row.get_kind_display()} {row.number}", row.title)
                    for row in sheet.sheets.all()
                ],
            ),
            Section(_("Comments"), [], pairs=[(str(c), comment_line(c)) for c in comments]),
        ]
    if step.kind not in CHECKS:
        return []
    return [
        Section(
            _("Items"), [], pairs=[(row.item, item_line(row)) for row in step.check_items.all()]
        ),
        Section(
            _("Receiving equipment"),
            [],
            pairs=[
                (row.get_type_display(), equipment_line(row))
                for row in step.receiving_equipment.all()
            ],
        ),
        Section(
            _("Defects"),
            [],
            pairs=[(row.text, defect_line(row)) for row in Defect.objects.of(step.case, step.kind)],
        ),
    ]


def comment_line(comment: DrawingComment) -> str:
    """A comment in one line: what, raised when, settled how."""
    raised = _("revision %(n)s") % {"n": comment.raised_in.revision}
    if comment.closed_in is None:
        still = _("open")
        return f"{comment.text} ({raised}; {still})"
    closed = _("settled by revision %(n)s") % {"n": comment.closed_in.revision}
    return f"{comment.text} ({raised}; {closed}: {comment.answer})"


def item_line(row: Any) -> str:
    """An item in one line: result, what was found, the standard."""
    parts = (row.get_result_display() or _("not checked"), row.measured, row.standard)
    return " · ".join(part for part in parts if part)


def equipment_line(row: Any) -> str:
    """A piece of equipment in one line."""
    kva = f"{row.kva.normalize():f} kVA" if row.kva is not None else ""
    return " · ".join(part for part in (row.model, kva, row.maker, row.serial) if part) or "–"


def defect_line(row: Defect) -> str:
    """The state of a defect in one line."""
    if row.cured_on is None:
        return _("to be cured by %(day)s") % {"day": f"{row.cure_by:%Y-%m-%d}"}
    return _("cured %(day)s: %(cure)s") % {"day": f"{row.cured_on:%Y-%m-%d}", "cure": row.cure}
