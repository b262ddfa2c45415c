"""The envelope of a record: read, and refused in words where it is not one."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from documents.files import Taken, clean_name
from field.models import FIELD_NAME_LENGTH
from field.sheets import all_sheets_of
from workflow.models import Step

MAX_FIELDS = 4000
MAX_FILES = 60
MAX_BYTES = 64 * 1024 * 1024  # all files of one record
VALUE = 5000
SHA256 = re.compile(r"[0-9a-f]{64}")
FIELD_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.IGNORECASE)
# What a camera dates outside of this says nothing of the visit.
OLDEST, AHEAD = timedelta(days=400), timedelta(hours=1)
# A tablet's clock may be wrong by years; this is what can be kept of it.
YEARS = range(1970, 2201)


class Malformed(Exception):
    """What is wrong with an envelope, in the sender's words, and the status to answer with."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status


@dataclass(frozen=True)
class Listed:
    """A file that the envelope announces."""

    name: str
    filename: str
    sha256: str
    size: int
    taken: Taken


@dataclass(frozen=True)
class Envelope:
    uuid: UUID
    step: Step
    sheet: str
    signing: bool
    edition: int
    fields: list[list[str]]
    files: list[Listed]
    happened: datetime
    sent: datetime
    replaces: UUID | None
    digest: str


def read(body: bytes, user: User) -> Envelope:
    """The envelope in a request's body; raises Malformed. Nothing is written."""
    try:
        raw = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Malformed(_("This is not a tablet record.")) from error
    if not isinstance(raw, dict):
        raise Malformed(_("This is not a tablet record."))
    if raw.get("user") != user.pk:
        text = _("This record is somebody else's. Sign in as the person who wrote it.")
        raise Malformed(text, 403)
    step = _step(raw.get("step"), user)
    sheet = raw.get("sheet")
    if not isinstance(sheet, str) or sheet not in all_sheets_of(step):
        raise Malformed(_("This sheet does not belong to this step."))
    signing, edition = raw.get("signing"), raw.get("edition")
    if not isinstance(signing, bool) or not _is_count(edition):
        raise Malformed(_("This is not a tablet record."))
    fields, files = _fields(raw.get("fields")), _files(raw.get("files"))
    if {name for name, _value in fields} & {file.name for file in files}:
        raise Malformed(_("One field was sent both as text and as a file."))
    # Sent once more, only the time of sending may differ.
    signed = {name: value for name, value in raw.items() if name != "sent"}
    text = json.dumps(signed, sort_keys=True, ensure_ascii=False)
    return Envelope(
        uuid=_uuid(raw.get("uuid")),
        step=step,
        sheet=sheet,
        signing=signing,
        edition=edition,
        fields=fields,
        files=files,
        happened=_moment(raw.get("happened")),
        sent=_moment(raw.get("sent")),
        replaces=_uuid(raw["replaces"]) if raw.get("replaces") else None,
        digest=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
    )


def posted(fields: list[list[str]]) -> QueryDict:
    """The fields as a form reads them."""
    data = QueryDict(mutable=True)
    for name, value in fields:
        data.appendlist(name, value)
    return data


def _no_number(name: str) -> None:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(name)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _step(pk: Any, user: User) -> Step:
    """A step of a case that this person may see, of a kind that they do."""
    steps = Step.objects.visible_to(user).select_related("case__unit", "owner")
    step = steps.filter(pk=pk).first() if _is_count(pk) else None
    if step is None:
        raise Malformed(_("There is no such step, or it is not for you to see."), 404)
    if not user.has_role(step.process.role):
        text = _("This is the work of: %(role)s.") % {"role": step.process.role.label}
        raise Malformed(text, 403)
    return step


def _uuid(text: Any) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise Malformed(_("The record's ID is missing or not valid.")) from error


def _moment(text: Any) -> datetime:
    """By the tablet's clock, however wrong that is: ours is kept beside it."""
    moment = _time(text)
    if moment is None:
        raise Malformed(_("The record does not say when it happened."))
    return moment


def _time(text: Any) -> datetime | None:
    """A time with its zone; None for anything else."""
    try:
        moment = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None or timezone.is_naive(moment) or moment.year not in YEARS:
        return None
    return moment


def _fields(raw: Any) -> list[list[str]]:
    if not isinstance(raw, list) or len(raw) > MAX_FIELDS:
        raise Malformed(_("The record has no fields, or too many."))
    for pair in raw:
        whole = isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
        if not whole or not _is_name(pair[0]) or len(pair[1]) > VALUE or "\x00" in pair[1]:
            raise Malformed(_("A field of the record cannot be read."))
        if any("\ud800" <= sign <= "\udfff" for sign in pair[1]):
            raise Malformed(_("A field of the record cannot be read."))
    return raw


def _is_name(text: Any) -> bool:
    return (
        isinstance(text, str)
        and len(text) <= FIELD_NAME_LENGTH
        and bool(FIELD_NAME.fullmatch(text))
    )


def _files(raw: Any) -> list[Listed]:
    if not isinstance(raw, list):
        raise Malformed(_("The record does not list its files."))
    if len(raw) > MAX_FILES:
        text = _("At most %(n)s files go with one record; send the others with the next.")
        raise Malformed(text % {"n": MAX_FILES}, 413)
    files = [_file(entry) for entry in raw]
    if len({file.name for file in files}) != len(files):
        raise Malformed(_("Two files were sent for the same field."))
    if sum(file.size for file in files) > MAX_BYTES:
        text = _("The files of one record are at most %(mb)s MB together.")
        raise Malformed(text % {"mb": MAX_BYTES // 2**20}, 413)
    return files


def _file(entry: Any) -> Listed:
    if not isinstance(entry, dict) or not _is_name(entry.get("name")):
        raise Malformed(_("A file of the record cannot be read."))
    sha256, size = entry.get("sha256"), entry.get("size")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256) or not _is_count(size):
        raise Malformed(_("A file has no checksum or no size."))
    if not 0 < size <= settings.UPLOAD_LIMIT:
        text = _("A file is at most %(mb)s MB.") % {"mb": settings.UPLOAD_LIMIT // 2**20}
        raise Malformed(text, 413)
    filename = clean_name(str(entry.get("filename") or "photo.jpg"))
    return Listed(entry["name"], filename, sha256, size, _taken(entry.get("taken")))


def _taken(raw: Any) -> Taken:
    """When and where, as far as the tablet knew; what makes no sense is left out."""
    if not isinstance(raw, dict):
        return Taken()
    longitude, latitude = _degrees(raw.get("longitude"), 180), _degrees(raw.get("latitude"), 90)
    if longitude is None or latitude is None:
        longitude = latitude = None
    accuracy, now, at = raw.get("accuracy_m"), timezone.now(), _time(raw.get("at"))
    return Taken(
        at=at if at and now - OLDEST < at < now + AHEAD else None,
        longitude=longitude,
        latitude=latitude,
        accuracy_m=round(accuracy)
        if isinstance(accuracy, int | float) and 0 <= accuracy < 1e7
        else None,
    )


def _degrees(value: Any, limit: int) -> Decimal | None:
    try:
        found = Decimal(str(value)).quantize(Decimal("0.000001"))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) <= limit else None
