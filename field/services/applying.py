"""A whole record goes onto its case, once, through the room whose sheet it is."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from documents import asking
from documents.asking import AskedLate
from documents.models import Ask
from field.envelope import posted
from field.models import Record, RecordFile
from field.sheets import ATTEMPT, SHEETS, forms_of, is_signed, why_too_early
from workflow import moves
from workflow.models import Case, Step
from workflow.moves.late import CAUSE, REMARK
from workflow.moves.unit_of_work import act, part
from workflow.process import Kind
from workflow.sheets import counted
from workflow.verbs import verb

APPLIED = verb("field_applied", gettext_lazy("Record of the tablet put onto the case"))
CONFLICT = verb("field_conflict", gettext_lazy("Record of the tablet waits for a decision"))
State, Conflict = Record.State, Record.Conflict
log = logging.getLogger(__name__)


def try_to_apply(record: Record) -> Record:
    """Put a record onto its case; where that fails as nobody foresaw, it stays as it arrived.

    One record with such a fault must keep waiting neither what its tablet has to send after it nor
    the records of others: all of it is here, the fault is logged, and `catch_up` tries again.
    """
    try:
        return apply(record)
    except Exception:  # whatever it is: the record is kept
        log.exception("Record %s of the field could not be applied", record.uuid)
        return Record.objects.get(pk=record.pk)


@act
def apply(record: Record) -> Record:
    """Put a whole record onto its case, once; not whole yet, or done before: as it stands."""
    case = Case.objects.select_for_update(of=("self",)).get(steps=record.step_id)
    record = (
        Record.objects.select_for_update(of=("self",))
        .select_related("author", "step")
        .get(pk=record.pk)
    )
    if record.state != State.ARRIVING or not record.is_whole or _ask_again(record):
        return record
    record.whole_at = record.whole_at or timezone.now()
    step = Step.objects.select_related("case__unit", "owner").get(pk=record.step_id)
    record.step = step
    with translation.override(record.author.language or translation.get_language()):
        if found := conflict_of(record, step):
            record.state, record.conflict = State.CONFLICT, found
            moves.record(
                case,
                CONFLICT,
                by=record.author,
                step=step,
                note=lambda: _told(record),
                **times(record),
            )
        else:
            _put(record, step)
    record.save(update_fields=["whole_at", "state", "conflict", "errors", "applied_at"])
    return record


def _ask_again(record: Record) -> bool:
    """Files whose bytes have gone from the storage count as never received.

    Until its record is done the tablet has its copy, and sends it once more.
    """
    gone = [f.pk for f in record.files.all() if not default_storage.exists(f.path)]
    RecordFile.objects.filter(pk__in=gone).update(receipt_at=None, received=0, path="")
    return bool(gone)


def _told(record: Record) -> str:
    return f"{SHEETS[record.sheet].title}. {record.get_conflict_display()}"


def times(record: Record) -> dict[str, Any]:
    """What an event keeps of a record: both clocks, and its files."""
    return {
        "record": str(record.uuid),
        "happened": record.happened_at.isoformat(),
        "sent": record.sent_at.isoformat(),
        "received": record.received_at.isoformat(),
        "files": [file.sha256 for file in record.files.all()],
    }


def when(record: Record) -> datetime:
    """When it happened, as far as the history of a case can believe the tablet's clock."""
    return min(max(record.happened_at, record.step.case.opened_at), timezone.now())


def conflict_of(record: Record, step: Step) -> str:
    """Why a record does not simply go onto its step: one of `Record.Conflict`, or ""."""
    live = step.is_live if step.kind == Kind.SURVEY else step.state == Step.State.IN_HAND
    edited = bool(step.sheet_saved_at) and step.sheet_edition != record.edition
    checks = (
        (not step.case.is_open, Conflict.CLOSED),
        (step.state in (Step.State.RETURNED, Step.State.VOID), Conflict.ROUND),
        (step.state == Step.State.DONE or is_signed(step, record.sheet), Conflict.FINISHED),
        (not live, Conflict.NOT_OPEN),
        (bool(moves.hindrances(step, record.author)), Conflict.REASSIGNED),
        (edited and record.sheet != ATTEMPT, Conflict.EDITED),
    )
    return next((conflict for holds, conflict in checks if holds), "")


def _put(record: Record, step: Step) -> None:
    """Sign as asked; else keep as a draft and say why; else hand it back to be corrected."""
    record.errors = {}
    by = record.author
    if early := why_too_early(step, record.sheet):
        record.state, record.errors = State.RETURNED, {"": [early]}
        return
    data, files = posted(record.fields), files_of(record)
    drafted = data.copy()
    drafted["save"] = "1"
    tries = [(data, SHEETS[record.sheet].sign, State.APPLIED)] if record.signing else []
    if record.sheet != ATTEMPT:
        tries.append((drafted, SHEETS[record.sheet].keep, State.KEPT))
    for sent, write, state in tries:
        errors = written(record.sheet, step, sent, files, write, by)
        record.errors = record.errors or errors
        if not errors:
            record.state = State.APPLIED if not record.signing else state
            record.applied_at = timezone.now()
            moves.record(
                step.case,
                APPLIED,
                by=by,
                step=step,
                note=lambda: f"{SHEETS[record.sheet].title}. {record.get_state_display()}",
                at=when(record),
                **times(record),
            )
            return
    record.state = State.RETURNED


def written(
    code: str, step: Step, data: QueryDict, files: MultiValueDict, act: Any, by: User
) -> dict[str, list[str]]:
    """Bind the sheet and write it through its room; what stands against it, or {} when written."""
    step = Step.objects.select_related("case__unit", "owner").get(pk=step.pk)
    for _name, several in files.lists():
        for file in several:
            file.seek(0)
    form = SHEETS[code].form(step, by, data, files)
    try:
        return _acted(code, step, form, act, by) if form.is_valid() else errors_of(form)
    finally:
        _let_go(form)


def _acted(code: str, step: Step, form: Any, act: Any, by: User) -> dict[str, list[str]]:
    said = [form.data.get(name, "") for name in (CAUSE, REMARK)]
    try:
        # A record that came late and does not say why is taken; its cause is owed.
        with part(), _edition(code, step, by), moves.because(*said, later=True):
            act(form, by=by)
    except AskedLate as late:
        asking.propose(step, late.points, source=Ask.Source.REVIEW, by=by)
        return {
            "": [*late.messages, _("The supervisor has been asked, on the page of the papers.")]
        }
    except ValidationError as refusal:
        return _refused(form, refusal)
    except IntegrityError:
        return {"": [_("Somebody else has just saved the same number. Check it, and send again.")]}
    return {}


def _refused(form: Any, refusal: ValidationError) -> dict[str, list[str]]:
    """What a room says against a sheet: each reason at its field, "" for the whole."""
    found: dict[str, list[str]] = {}
    for reason in getattr(refusal, "error_list", [ValidationError(refusal.messages)]):
        names = getattr(reason, "fields", ())
        place = next((form.add_prefix(name) for name in names if name in form.fields), "")
        found.setdefault(place, []).extend(reason.messages)
    return found


def _let_go(form: Any) -> None:
    """Drop the pictures of a form: it and its fields hold one another, some ten megabytes a record,
    until Python next looks for rings of objects.
    """
    for one in forms_of(form):
        one.files, one.cleaned_data = MultiValueDict(), {}
    for rows in form.formsets:
        rows.files = MultiValueDict()


@contextmanager
def _edition(code: str, step: Step, by: User):
    """A note of a visit is no new edition of the sheet."""
    if code == ATTEMPT:
        yield
    else:
        with counted(step, by):
            yield


def errors_of(form: Any) -> dict[str, list[str]]:
    """What the form and its rows say, by the name of the field; "" for the whole."""
    found: dict[str, list[str]] = {}
    for one in forms_of(form):
        for name, messages in one.errors.items():
            key = "" if name == "__all__" else one.add_prefix(name)
            found.setdefault(key, []).extend(str(message) for message in messages)
    for rows in form.formsets:
        found.setdefault("", []).extend(str(message) for message in rows.non_form_errors())
    return {name: messages for name, messages in found.items() if messages}


def files_of(record: Record) -> MultiValueDict:
    """The files as an upload brings them, with what the tablet knew of each."""
    files: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    for file in record.files.all():
        files.appendlist(file.name, file.upload())
    return files
