"""The only writer of this room: files received, qualification, drawings, checks on site.

Every sheet begins with the customer. What fails is told once, as one numbered list, in writing, and
the next round waits for the customer again (DOMAIN sections 5 and 6).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from applications.models import Application
from documents import asking
from documents import services as documents
from documents.models import Ask
from plans.models import Plan
from workflow import moves, words
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.verbs import verb
from works.guards import SHEETS, lapsed, qualification, sheet_of, unlisted, verdict
from works.models import CheckItem, Defect, DrawingComment, LicenceCheck, Request, StandardItem

if TYPE_CHECKING:
    from works.forms import RoomForm

RECEIVED = verb("file_received", gettext_lazy("File or request received"))
BOOKED = verb("check_booked", gettext_lazy("Check booked"), told=True)
PASSED = {
    Kind.DESIGNER: verb("designer_qualified", gettext_lazy("Designer qualified"), told=True),
    Kind.DRAWINGS: verb("drawings_passed", gettext_lazy("Drawings passed"), told=True),
    Kind.CONTRACTOR: verb("contractor_qualified", gettext_lazy("Contractor qualified"), told=True),
    Kind.MID_CHECK: verb("mid_check_passed", gettext_lazy("Mid-check passed"), told=True),
    Kind.ACCEPTANCE: verb("works_accepted", gettext_lazy("Works accepted"), told=True),
}
FAILED = {
    Kind.DESIGNER: verb(
        "designer_not_qualified", gettext_lazy("Designer not qualified"), told=True
    ),
    Kind.DRAWINGS: verb("drawings_returned", gettext_lazy("Drawings returned"), told=True),
    Kind.CONTRACTOR: verb(
        "contractor_not_qualified", gettext_lazy("Contractor not qualified"), told=True
    ),
    Kind.MID_CHECK: verb("mid_check_failed", gettext_lazy("Mid-check failed"), told=True),
    Kind.ACCEPTANCE: verb("acceptance_failed", gettext_lazy("Acceptance failed"), told=True),
}
INCOMPLETE = verb("file_incomplete", gettext_lazy("Told what is missing in the file"), told=True)
LAPSED = verb("licence_lapsed", gettext_lazy("Licence no longer valid"))
CHECKS = (Kind.MID_CHECK, Kind.ACCEPTANCE)
# What a new revision keeps of the one before.
CARRIED: dict[str, tuple[str, ...]] = {
    Kind.DESIGNER: ("licence", "project_manager", "phone", "remarks"),
    Kind.CONTRACTOR: ("licence", "project_manager", "phone", "remarks"),
    Kind.DRAWINGS: ("title", "design_number"),
    Kind.MID_CHECK: (
        "works",
        "covering_on",
        "second_inspector",
        "customer_present",
        "contractor_present",
        "remarks",
    ),
    Kind.ACCEPTANCE: (
        "completed_on",
        "second_inspector",
        "customer_present",
        "contractor_present",
        "remarks",
        "as_built",
        "change_notes",
        "installation_records",
        "test_reports",
        "relay_settings",
        "maker_certificates",
        "concealed_records",
        "operating_rules",
        "duty_staff",
        "papers_not_needed",
    ),
}


# The customer moves first -------------------------------------------------------------------------


@act
def receive(request: Request, *, by: User) -> Step:
    """The file was received or the check asked for: our clock runs from that moment.

    Raises Refused when the moment lies ahead, or before it was the customer's turn.
    """
    step = request.step
    demand_moment(step, request.received_at)
    request.entered_by = by
    request.save(force_insert=True)
    step = moves.take_back(step, by=by, note=request.what, at=request.received_at)
    begin(step, wanted_on=request.wanted_on)
    moves.record(step.case, RECEIVED, by=by, step=step, note=f"{request.from_whom}: {request.what}")
    return step


def demand_moment(step: Step, at: datetime) -> None:
    """Raise Refused unless the customer's turn had begun by then and the moment is not ahead."""
    pause = step.pauses.filter(ended_at=None).first()
    if at > timezone.now():
        raise Refused(_("This time lies ahead."))
    if pause and at < pause.started_at.replace(second=0, microsecond=0):
        raise Refused(
            _("It was not the customer's turn before %(moment)s.")
            % {"moment": f"{timezone.localtime(pause.started_at):%Y-%m-%d %H:%M}"}
        )


def begin(step: Step, **columns: object) -> Any:
    """The draft sheet of a round, with what the round before leaves to it."""
    sheet = sheet_of(step)
    if sheet.pk:
        return sheet
    if step.kind in CHECKS:
        sheet.requested_on = columns.get("wanted_on")
        sheet.inspector = step.owner
    elif step.kind == Kind.DRAWINGS:
        check = qualification(step)
        sheet.licence = check.licence if check else None
    else:
        sheet.checked_voltage, sheet.checked_kva = works_of(step.case)
    model: Any = SHEETS[step.kind]
    before = model.objects.filter(step__case=step.case_id, step__kind=step.kind).last()
    if before:
        for name in CARRIED[step.kind]:
            setattr(sheet, name, getattr(before, name))
    sheet.save(force_insert=True)
    if step.kind in CHECKS:
        _begin_rows(step, before)
    return sheet


def works_of(case: Case) -> tuple[str, Decimal]:
    """Voltage code and capacity (kVA) of the works: of the accepted plan, else as applied for."""
    if plan := Plan.of(case):
        return plan.voltage, plan.total_kva
    application = Application.of(case)
    return (application.voltage if application else ""), case.capacity_kva


def _begin_rows(step: Step, before: Any) -> None:
    """A first check has the standard items; a re-inspection those not in order, else all."""
    if before is None:
        rows = [
            CheckItem(step=step, item=words.keep(item.__str__), standard=item.standard)
            for item in StandardItem.for_case(step.case, step.kind)
        ]
    else:
        items = before.step.check_items.all()
        rows = [
            CheckItem(step=step, item=old.item, standard=old.standard)
            for old in items.exclude(result__in=["ok", "na"]) or items
        ]
        for old in before.step.receiving_equipment.all():
            old.pk, old.step = None, step
            old.save(force_insert=True)
    CheckItem.objects.bulk_create(rows)


@act
def ask_for_more(step: Step, *, missing: str, by: User) -> Step:
    """The file is not complete: say once, in writing, what is missing; the customer's turn.

    Raises asking.AskedLate for what the first list of this file did not say.
    """
    if not missing.strip():
        raise Refused(_("Say what is missing."))
    step = moves.hand_over(step, by=by, note=missing)
    items = [line.strip() for line in missing.splitlines() if line.strip()]
    moves.record(step.case, INCOMPLETE, by=by, step=step, note=_("; ").join(items))
    asking.ask(step, [asking.Point(item) for item in items], source=Ask.Source.FILE, by=by)
    documents.issue(
        step.case,
        "deficiency",
        by=by,
        step=step,
        items=items,
        reason=words.keep(lambda: step.get_kind_display()),
    )
    return step


# The sheet ----------------------------------------------------------------------------------------


@act
def keep(form: RoomForm, *, by: User) -> Any:
    """Save the draft of a sheet with its rows, photos and files."""
    step = form.step
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    booked = "booked_at" in form.changed_data and form.cleaned_data.get("booked_at")
    sheet = form.save()
    for rows in form.formsets:
        _keep_rows(rows, sheet, by)
    if booked:
        moment = f"{timezone.localtime(booked):%Y-%m-%d %H:%M}"
        moves.record(step.case, BOOKED, by=by, step=step, note=moment, booked_at=booked)
    return sheet


def _keep_rows(rows, sheet: Any, by: User) -> None:
    """Save the rows of one table of a sheet; files go to the case's files."""
    rows.save(commit=False)
    for gone in rows.deleted_objects:
        gone.delete()
    touched = [form for form in rows.forms if form.has_changed() and form not in rows.deleted_forms]
    for form in touched:
        row = form.instance
        if file := form.cleaned_data.get("file"):
            row.attachment = documents.attach(
                sheet.step.case, file, title=str(row), by=by, step=sheet.step, taken=file.taken
            )
        if isinstance(row, DrawingComment):
            _keep_comment(row, form, sheet, by)
        elif isinstance(row, Defect) and row.cured_on:
            row.seen_by = row.seen_by or by
        row.save()


def _keep_comment(row: DrawingComment, form, review: Any, by: User) -> None:
    if row.pk is None:
        row.case, row.raised_in = review.step.case, review
    if "settled" in form.fields:
        settled = form.cleaned_data["settled"]
        row.closed_in, row.closed_by = (review, by) if settled else (None, None)


@act
def sign(form: RoomForm, *, by: User) -> Step:
    """Sign the sheet: passed goes on, failed goes back to the customer with one written list.

    Raises Refused with every reason that stands against passing.
    """
    return decide(keep(form, by=by), by=by)


@act
def decide(sheet: Any, *, by: User) -> Step:
    """Sign a sheet as it stands; its decision or result says whether it passed."""
    step = sheet.step
    moves.demand_worker(step, by)
    sheet.save()
    if verdict(sheet) == "passed":
        step = moves.finish(step, by=by, what=PASSED[step.kind], outcome="passed", round=step.round)
        asking.close_all(step, by=by)
        deferred = isinstance(sheet, LicenceCheck) and sheet.originals == "deferred"
        if deferred and (originals_until := sheet.originals_until):
            documents.owe(step.case, f"{step.kind}_original", due_on=originals_until, by=by)
    else:
        step = _return(sheet, by)
    sheet.signed_at, sheet.signed_by = timezone.now(), by
    sheet.save(update_fields=["signed_at", "signed_by"])
    return step


def _return(sheet: Any, by: User) -> Step:
    """The round failed: one list in writing, and the customer's turn again.

    Raises asking.AskedLate for what the first list of this link did not say.
    """
    step = sheet.step
    reasons = shortcomings(sheet)
    if not reasons:
        raise unlisted()
    if step.kind in CHECKS and not (sheet.inspector_id and sheet.inspected_at):
        raise Refused(_("Say who inspected, and when."))
    asking.ask(step, points(sheet), source=Ask.Source.REVIEW, by=by, whole=True)
    documents.issue(step.case, "deficiency", by=by, step=step, items=reasons, reason=sheet.remarks)
    return moves.send_back(
        step, by=by, reason=_("; ").join(reasons), what=FAILED[step.kind], attempt=step.round
    )


def points(sheet: Any) -> list[asking.Point]:
    """What a failed sheet puts on the list, point by point."""
    step = sheet.step
    if isinstance(sheet, LicenceCheck):
        lines = [line.strip() for line in sheet.remarks.splitlines()]
        return [asking.Point(line) for line in dict.fromkeys(lines) if line]
    if step.kind == Kind.DRAWINGS:
        comments = DrawingComment.objects.open().filter(case=step.case_id)
        return [asking.Point(f"{c.drawing} {c.item}: {c.text}") for c in comments]
    defects = Defect.objects.of(step.case, step.kind).open()
    return [
        asking.Point(" · ".join(part for part in (d.text, d.standard) if part), d.cure_by)
        for d in defects
    ]


def shortcomings(sheet: Any) -> list[str]:
    """What a failed sheet tells the customer, as it stands on the paper."""
    return [
        f"{point.what} · ≤ {point.due_on:%Y-%m-%d}" if point.due_on else point.what
        for point in points(sheet)
    ]


@act
def back_to_qualification(step: Step, *, by: User) -> Step:
    """The firm's licence no longer stands: its qualification is reviewed anew.

    Raises Refused while the licence is still in order.
    """
    found = lapsed(step)
    if found is None:
        raise Refused(_("The licence is still valid."))
    kind, _reasons = found
    return moves.send_back(
        step, by=by, to=kind, reason=lambda: " ".join((lapsed(step) or found)[1]), what=LAPSED
    )
