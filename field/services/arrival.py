"""A record arrives: its envelope, then its files, piece by piece."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from documents import services as documents
from documents.files import validate_upload
from field.envelope import Envelope
from field.models import Chunk, Record, RecordFile
from workflow.guards import Refused
from workflow.moves.unit_of_work import act

State = Record.State
CHUNK = 512 * 1024
# What the records of one person that are not done may hold on the server, announced files too.
MOST_BYTES = 2 * 1024**3
# A day less than `upkeep.KEEP_FILES`: a copy no older than this is not deleted meanwhile.
SURE = timedelta(days=29)


class Clash(Refused):
    """Something else has this number."""


class Missing(Refused):
    """What a record names is not there, or is somebody else's."""


class TooMuch(Refused):
    """More than the server holds for one person."""


@act
def receive(envelope: Envelope, *, by: User) -> Record:
    """Take in an envelope; sent once more it is the same record. Raises Refused."""
    # Two requests with one number: the second waits here for the first. Who only names this
    # person, in an event of a case, does not wait.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    known = Record.objects.filter(uuid=envelope.uuid).first()
    if known:
        if known.author_id != by.pk or known.digest != envelope.digest:
            raise Clash(_("Another record has this number already."))
        return known
    replaces = _replaced(envelope, by)
    _demand_room(envelope, replaces, by)
    record = _written_down(envelope, replaces, by)
    _list_files(record, envelope)
    if replaces:
        replaces.state = State.REPLACED
        replaces.save(update_fields=["state"])
    return record


def _demand_room(envelope: Envelope, replaces: Record | None, by: User) -> None:
    """Raise TooMuch where this person's records would hold more than the server keeps for one."""
    waiting = Record.objects.filter(author=by).waiting()
    if replaces:
        waiting = waiting.exclude(pk=replaces.pk)
    held = RecordFile.objects.filter(record__in=waiting).aggregate(all=Sum("size"))["all"] or 0
    if held + sum(file.size for file in envelope.files) > MOST_BYTES:
        text = _(
            "Your records that wait on the server have more than %(gb)s GB of files. See to it "
            "that those are corrected or decided (Records that wait), then send this one again."
        )
        raise TooMuch(text % {"gb": MOST_BYTES // 1024**3})


def _written_down(envelope: Envelope, replaces: Record | None, by: User) -> Record:
    return Record.objects.create(
        uuid=envelope.uuid,
        step=envelope.step,
        author=by,
        sheet=envelope.sheet,
        signing=envelope.signing,
        edition=envelope.edition,
        fields=envelope.fields,
        digest=envelope.digest,
        replaces=replaces,
        happened_at=envelope.happened,
        sent_at=envelope.sent,
    )


def _list_files(record: Record, envelope: Envelope) -> None:
    """Write down the files announced; of those that are here already, the receipt as well."""
    here = _held_of(record.author, [file.sha256 for file in envelope.files])
    for listed in envelope.files:
        file = RecordFile(
            record=record,
            name=listed.name,
            filename=listed.filename,
            sha256=listed.sha256,
            size=listed.size,
            taken_at=listed.taken.at,
            longitude=listed.taken.longitude,
            latitude=listed.taken.latitude,
            accuracy_m=listed.taken.accuracy_m,
        )
        if (same := here.get(listed.sha256)) and default_storage.exists(same.path):
            file.received, file.path = same.size, same.path
            file.content_type, file.receipt_at = same.content_type, timezone.now()
        file.save(force_insert=True)


def _held_of(author: User, sums: list[str]) -> dict[str, RecordFile]:
    """The author's files with these checksums whose copies no clearing can be deleting now."""
    sure = ~Q(record__state__in=Record.DONE_STATES)
    sure |= Q(record__received_at__gt=timezone.now() - SURE)
    mine = RecordFile.objects.filter(record__author=author, sha256__in=sums)
    return {file.sha256: file for file in mine.filter(sure).exclude(receipt_at=None)}


def _replaced(envelope: Envelope, by: User) -> Record | None:
    """The record that this one corrects: the author's own, come back to be corrected.

    None where somebody has decided it meanwhile: then this is a record like any other.
    """
    if envelope.replaces is None:
        return None
    mine = Record.objects.select_for_update(of=("self",)).filter(author=by, step=envelope.step)
    found = mine.filter(uuid=envelope.replaces, sheet=envelope.sheet).first()
    if found is None:
        raise Missing(_("There is no record to correct by this number."))
    return found if found.state == State.RETURNED else None


class OutOfStep(Exception):
    """A piece begins where the file does not end; `received` says from where to go on."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


def take_chunk(file: RecordFile, start: int, content: bytes) -> RecordFile:
    """The next piece of a file. With the last one it is whole, or refused and begun again.

    Where a record has the same file in two fields, it is received once and stands in both.

    Raises OutOfStep for a piece from elsewhere, ValidationError for a file that is not what it
    should be; of that one nothing stays.
    """
    try:
        return _append(file, start, content)
    except ValidationError:
        begin_again(file)
        raise


@act
def _append(file: RecordFile, start: int, content: bytes) -> RecordFile:
    """The last piece is kept only together with the whole: killed in between, it comes again."""
    file = RecordFile.objects.select_for_update().get(pk=file.pk)
    if file.receipt_at:
        return file
    if start != file.received or start + len(content) > file.size:
        raise OutOfStep(file.received)
    Chunk.objects.create(file=file, start=start, content=content)
    file.received += len(content)
    file.save(update_fields=["received"])
    return file if file.received < file.size else _complete(file)


def _complete(file: RecordFile) -> RecordFile:
    """Put the pieces together, see whether they are what they should be, and give the receipt."""
    pieces = file.chunks.values_list("content", flat=True)
    whole = SimpleUploadedFile(file.filename, b"".join(bytes(piece) for piece in pieces))
    checked = validate_upload(whole, ("image",))
    if checked.sha256 != file.sha256:
        raise ValidationError(_("The file did not arrive as it was sent; it is sent again."))
    file.path = documents.store(f"field/{file.sha256[:2]}/{file.sha256}", checked.content)
    file.content_type, file.receipt_at = checked.content_type, timezone.now()
    same = RecordFile.objects.filter(record=file.record_id, sha256=file.sha256, receipt_at=None)
    same.update(
        path=file.path,
        content_type=file.content_type,
        receipt_at=file.receipt_at,
        received=F("size"),
    )
    file.chunks.all().delete()
    return file


@act
def begin_again(file: RecordFile) -> None:
    """Forget what came of a file."""
    file = RecordFile.objects.select_for_update().get(pk=file.pk)
    if file.receipt_at is None:
        file.chunks.all().delete()
        RecordFile.objects.filter(pk=file.pk).update(received=0)
