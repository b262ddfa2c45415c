"""The records that have come back: what waits, what each says, and what becomes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.models import User
from documents.views import serve
from field import envelope, merge, services
from field.models import Record
from field.sheets import SHEETS, forms_of, is_signed
from field.views.pages import page
from workflow import moves, paging
from workflow.guards import Refused
from workflow.models import Step


def records(request: HttpRequest) -> HttpResponse:
    """The records that wait: for their files, a correction or a decision."""
    seen = Record.objects.visible_to(request.user).waiting()
    rows = seen.select_related("step__case", "author").prefetch_related("files")
    found = paging.by_newest(rows, request.GET)
    return page(request, "field/records.html", {"page": found, "sheets": SHEETS})


def record(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One record: what it says and what became of it; while it waits, both versions to choose."""
    found = _record(request, uuid)
    step = _open_round(found)
    takes = step if step and not moves.hindrances(step, request.user) else None
    merged = _merge(found, step or found.step, request.user)
    refusal: list[str] = []
    if request.method == "POST":
        try:
            refusal = _decide(request, found, takes, merged)
        except ValidationError as error:
            refusal = error.messages
        if not refusal:
            messages.success(request, _("Decided, and noted in the history of the case."))
            return redirect(found)
    context = _shown(found, step or found.step) | {
        "merge": merged,
        "may_take": bool(takes and merged),
        "may_decide": found.is_undecided and not request.user.only_looks,
        "refusal": refusal,
        "chosen": request.POST,
    }
    return page(request, "field/record.html", context, status=422 if refusal else 200)


def _shown(record: Record, step: Step) -> dict[str, Any]:
    """What the page says of a record, whoever reads it."""
    return {
        "record": record,
        "sheet": SHEETS[record.sheet],
        "step": step,
        "case": record.step.case,
        "says": _says(record),
        "files": record.files.all(),
    }


def _open_round(record: Record) -> Step | None:
    """The round of the same step that is in hand now, where the sheet is still open in it."""
    rounds = Step.objects.select_related("case__unit", "owner").filter(
        case=record.step.case_id, kind=record.step.kind
    )
    found = rounds.in_hand().first()
    return found if found and not is_signed(found, record.sheet) else None


def _merge(record: Record, step: Step, user: User) -> merge.Merge | None:
    """Both versions, while there is something to decide.

    None where a picture cannot be read any more: the record can still be left aside.
    """
    if not record.is_undecided:
        return None
    try:
        return merge.merge_of(record, step, user)
    except FileNotFoundError:
        return None


def _decide(
    request: HttpRequest, record: Record, step: Step | None, merged: merge.Merge | None
) -> list[str]:
    """Do what was chosen; what stands against it. `step` is the round it may be put onto."""
    how, by = request.POST.get("how"), request.user
    if how == "taken":
        if step is None or merged is None:
            raise PermissionDenied
        return _take_over(request, record, step, merged)
    if how == "evidence":
        services.keep_evidence(record, by=by)
    elif how == "dropped":
        services.drop(record, why=request.POST.get("why", ""), by=by)
    else:
        raise Refused(_("Choose what becomes of it."))
    return []


def _take_over(request: HttpRequest, record: Record, step: Step, merged: merge.Merge) -> list[str]:
    data, files = merged.chosen(request.POST)
    seen = request.POST.get("edition", str(step.sheet_edition))
    found = services.take_over(record, step, data, files, edition=seen, by=request.user)
    return [text for texts in found.values() for text in texts]


def _says(record: Record) -> list[tuple[str, str]]:
    """What was written on the tablet, label and value, as far as the form still knows them."""
    data = envelope.posted(record.fields)
    form = SHEETS[record.sheet].form(record.step, record.author, data)
    found = []
    for number, one in enumerate(forms_of(form)):
        for bound in one.visible_fields():
            values = data.getlist(bound.html_name)
            if any(values) and (text := merge.shown(bound, values)):
                label = str(bound.label)
                found.append((label if number == 0 else f"{label} ({one.prefix})", text))
    return found


def _record(request: HttpRequest, uuid: UUID) -> Record:
    rows = Record.objects.visible_to(request.user).select_related("step__case__unit", "author")
    return get_object_or_404(rows.prefetch_related("files"), uuid=uuid)


def picture(request: HttpRequest, uuid: UUID, sha256: str) -> HttpResponse:
    """A picture that arrived with a record."""
    file = _record(request, uuid).files.filter(sha256=sha256).exclude(receipt_at=None).first()
    if file is None or not default_storage.exists(file.path):
        raise Http404
    return serve(default_storage.open(file.path), file.filename, file.content_type)
