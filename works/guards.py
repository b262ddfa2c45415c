"""What must hold before a sheet of the customer's works is passed, and why not yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, Model, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from documents.debts import PAPERS_RECEIVED
from workflow.guards import Guard, Refused
from workflow.models import Case, Step
from workflow.process import HV, Kind
from works.models import (
    Acceptance,
    CheckItem,
    CheckPhoto,
    Defect,
    DrawingComment,
    DrawingReview,
    DrawingSheet,
    LicenceCheck,
    MidCheck,
    ReceivingEquipment,
)

SHEETS: dict[str, type[Model]] = {
    Kind.DESIGNER: LicenceCheck,
    Kind.DRAWINGS: DrawingReview,
    Kind.CONTRACTOR: LicenceCheck,
    Kind.MID_CHECK: MidCheck,
    Kind.ACCEPTANCE: Acceptance,
}
# Whose licence must still stand when a later sheet is passed.
QUALIFIED_BY = {
    Kind.DRAWINGS: Kind.DESIGNER,
    Kind.MID_CHECK: Kind.CONTRACTOR,
    Kind.ACCEPTANCE: Kind.CONTRACTOR,
}


def _exists(model: type[Model], **found: Any) -> Exists:
    """Whether the round of the sheet has such rows."""
    return Exists(model.objects.filter(**found))


_STEP = {"step": OuterRef("step_id")}
_SAME_KIND = {"step__case": OuterRef("step__case"), "step__kind": OuterRef("step__kind")}
# What the guards ask of the rows below a sheet, read with it in one statement.
_CHECK = {
    "has_good_item": _exists(CheckItem, **_STEP, result__in=["ok"]),
    "has_bad_item": _exists(CheckItem, **_STEP, result__in=["", "not_ok"]),
    "has_photo": _exists(CheckPhoto, **_STEP, before_covering=True),
    "has_equipment": _exists(ReceivingEquipment, **_STEP),
    "has_open_defect": _exists(Defect, **_SAME_KIND, cured_on=None),
}
ROWS: dict[str, dict[str, Exists]] = {
    Kind.DRAWINGS: {
        "has_drawing": _exists(DrawingSheet, review=OuterRef("pk"), attachment__isnull=False),
        "has_open_comment": _exists(DrawingComment, case=OuterRef("step__case"), closed_in=None),
    },
    Kind.MID_CHECK: _CHECK,
    Kind.ACCEPTANCE: _CHECK,
}


def sheet_of(step: Step) -> Any:
    """The sheet of this round, or an empty one not yet saved; read once a step object."""
    if "sheet_read" not in step.__dict__:
        model = SHEETS[step.kind]
        found = _checks(step.case).get(step.pk) if model is LicenceCheck else _read(model, step)
        step.sheet_read = found or model(step=step)
        step.sheet_read.step = step
    return step.sheet_read


def _read(model: type[Model], step: Step) -> Model | None:
    related = ("licence__grade",) if hasattr(model, "licence") else ("inspector",)
    return (
        model.objects.filter(step=step)
        .select_related("signed_by", *related)
        .annotate(**ROWS[step.kind])
        .first()
    )


def _checks(case: Case) -> dict[int, LicenceCheck]:
    """The checks of both firms by their step, read once a case object."""
    if "licence_checks_read" not in case.__dict__:
        found = LicenceCheck.objects.filter(step__case=case)
        case.licence_checks_read = {
            check.step_id: check for check in found.select_related("signed_by", "licence__grade")
        }
    return case.licence_checks_read


def _has(name: str) -> Callable[[Step], bool]:
    """A guard's test on the rows read with the sheet."""
    return lambda step: getattr(sheet_of(step), name, False)


def qualification(step: Step) -> LicenceCheck | None:
    """The check of the firm whose work this step judges; read once a step object."""
    if "qualification_read" not in step.__dict__:
        kind = QUALIFIED_BY.get(step.kind)
        judged = step.case.step(kind) if kind else None
        done = judged is not None and judged.state == Step.State.DONE
        check = sheet_of(judged) if done else None
        step.qualification_read = check if check and check.pk else None
    return step.qualification_read


def lapsed(step: Step) -> tuple[str, list[str]] | None:
    """The qualification that no longer stands today and why; None while nothing is wrong."""
    check = qualification(step)
    reasons = check.shortfalls(timezone.localdate()) if check else []
    return (check.step.kind, reasons) if reasons else None


def _firm(step: Step) -> str:
    check = qualification(step)
    return check.licence.firm if check else step.case.customer_name


def verdict(sheet: Model) -> str:
    """What the sheet decides: "passed", another word, or nothing yet."""
    return sheet.result if isinstance(sheet, MidCheck | Acceptance) else sheet.decision


def unlisted() -> Refused:
    """A sheet that does not pass tells the customer why, row by row."""
    text = _now("Write down what is not in order, each point a row of its own.")
    return Refused(text, fields=("defects", "comments"))


def _covered(step: Step) -> bool:
    sheet = sheet_of(step)
    return sheet.licence_id is not None and not sheet.shortfalls()


def _of_kind(step: Step) -> bool:
    sheet = sheet_of(step)
    return sheet.licence_id is None or sheet.licence.kind == step.kind


def _originals(step: Step) -> bool:
    sheet = sheet_of(step)
    if sheet.originals == LicenceCheck.Originals.DEFERRED:
        return bool(
            step.case.in_fast_lane
            and sheet.originals_until
            and sheet.originals_until >= timezone.localdate()
        )
    return sheet.originals == LicenceCheck.Originals.SEEN


def _confirmed(step: Step) -> bool:
    sheet = sheet_of(step)
    return bool(sheet.scope_ok and sheet.grade_ok and sheet.stamp_ok)


def _same_designer(step: Step) -> bool:
    check = qualification(step)
    return check is None or sheet_of(step).licence_id == check.licence_id


def _points_checked(step: Step) -> bool:
    review = sheet_of(step)
    points = (review.follows_plan, review.power_quality_ok, review.protection_ok)
    return all(points) and review.own_source_ok is not False


def _items_in_order(step: Step) -> bool:
    return _has("has_good_item")(step) and not _has("has_bad_item")(step)


def _equipped(step: Step) -> bool:
    return step.case.customer_class not in HV or _has("has_equipment")(step)


def _papers_complete(step: Step) -> bool:
    sheet = sheet_of(step)
    ticked = all(getattr(sheet, name) for name in Acceptance.PAPERS)
    return ticked or bool(sheet.papers_not_needed.strip())


def _photographed(step: Step) -> bool:
    return _has("has_photo")(step) and sheet_of(step).may_cover is True


def _customer(step: Step) -> str:
    return step.case.customer_name


RECEIVED = Guard(
    lambda step: step.state not in (Step.State.WITH_CUSTOMER, Step.State.WAITING),
    reason=_("The customer's file or request has not been received."),
    met=_("File or request received."),
    owes=_customer,
    remedy=lambda step: (_now("Record it"), step.get_absolute_url()),
)
PASSED = Guard(
    lambda step: verdict(sheet_of(step)) == "passed",
    reason=_("The sheet does not say that it passed."),
    met=_("The sheet says: passed."),
    fields=("decision", "result"),
)
COVERED = Guard(
    _covered,
    reason=_("No licence is chosen, or it does not cover these works today."),
    met=_("The licence covers voltage and capacity, and is valid today."),
    owes=_customer,
    fields=("licence", "checked_voltage", "checked_kva"),
)
OF_KIND = Guard(
    _of_kind,
    reason=_("This is the wrong kind of licence."),
    met=_("The licence is of the right kind."),
    fields=("licence",),
)
CONFIRMED = Guard(
    _confirmed,
    reason=_("Scope, grade and stamp of the licence are not all confirmed."),
    met=_("Scope, grade and stamp are confirmed."),
    fields=("scope_ok", "grade_ok", "stamp_ok"),
)
ORIGINALS = Guard(
    _originals,
    reason=_("The originals were not seen, and only the fast lane may defer them."),
    met=_("Originals seen, or deferred by the fast lane."),
    owes=_customer,
    fields=("originals", "originals_until"),
)
SAME_DESIGNER = Guard(
    _same_designer,
    reason=_("The drawings are not by the designer who was qualified."),
    met=_("Drawn by the qualified designer."),
    owes=_firm,
    fields=("licence",),
)
DRAWN = Guard(
    _has("has_drawing"),
    reason=_("No drawing of this revision is filed."),
    met=_("The drawings are filed."),
    owes=_customer,
    fields=("drawings",),
)
POINTS = Guard(
    _points_checked,
    reason=_("Not every point of the review is in order: plan, power quality, protection."),
    met=_("Plan, power quality and protection are in order."),
    fields=("follows_plan", "power_quality_ok", "protection_ok", "own_source_ok"),
)
COMMENTS_CLOSED = Guard(
    lambda step: not _has("has_open_comment")(step),
    reason=_("Comments on the drawings are still open."),
    met=_("Every comment on the drawings is settled."),
    owes=_customer,
    fields=("settled", "comments"),
)
INSPECTED = Guard(
    lambda step: bool(sheet_of(step).inspector_id and sheet_of(step).inspected_at),
    reason=_("The sheet does not say who inspected, and when."),
    met=_("Inspected on site."),
    fields=("inspected_at", "inspector"),
)
ITEMS = Guard(
    _items_in_order,
    reason=_("Not every item of the check is in order."),
    met=_("Every item of the check is in order."),
    fields=("items",),
)
PHOTOGRAPHED = Guard(
    _photographed,
    reason=_("A photo before covering is missing, or it was covered already."),
    met=_("Photographed before covering."),
    fields=("may_cover", "photos"),
)
DEFECTS_CURED = Guard(
    lambda step: not _has("has_open_defect")(step),
    reason=_("Defects are not cured yet."),
    met=_("No defect is open."),
    owes=_customer,
    fields=("cures", "defects"),
)
EQUIPPED = Guard(
    _equipped,
    reason=_("The receiving equipment is not listed."),
    met=_("The receiving equipment is listed."),
    fields=("equipment",),
)
COMPLETION_PAPERS = Guard(
    _papers_complete,
    reason=_("Completion papers are missing, and nothing says why they do not apply."),
    met=_("The completion papers are there."),
    owes=_customer,
    fields=("papers_not_needed", *Acceptance.PAPERS),
)

_QUALIFICATION = (RECEIVED, COVERED, OF_KIND, CONFIRMED, ORIGINALS, PAPERS_RECEIVED, PASSED)
GUARDS: dict = {
    Kind.DESIGNER: _QUALIFICATION,
    Kind.CONTRACTOR: _QUALIFICATION,
    Kind.DRAWINGS: (
        RECEIVED,
        SAME_DESIGNER,
        DRAWN,
        POINTS,
        COMMENTS_CLOSED,
        PAPERS_RECEIVED,
        PASSED,
    ),
    Kind.MID_CHECK: (
        RECEIVED,
        INSPECTED,
        ITEMS,
        PHOTOGRAPHED,
        DEFECTS_CURED,
        PAPERS_RECEIVED,
        PASSED,
    ),
    Kind.ACCEPTANCE: (
        RECEIVED,
        INSPECTED,
        ITEMS,
        EQUIPPED,
        COMPLETION_PAPERS,
        DEFECTS_CURED,
        PAPERS_RECEIVED,
        PASSED,
    ),
}
