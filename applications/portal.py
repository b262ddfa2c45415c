"""Requests from the government portal: what an envelope looks like, and what is wrong with one.

An envelope is a JSON file in UTF-8:

    {"format": "jiedian-portal-1",
     "requests": [
       {"id": "JS-2026-00017",          the portal's own number, at most 64 signs; names the request
        "office": "lhcd",               code of a county or station (accounts.Unit.code)
        "sheet": {"customer_name": "王小明", "existing_supply": "none", "new_kw": 8, …},
        "equipment": [{"name": "空调", "quantity": 2, "unit_kw": 1.5}, …],
        "papers": [{"code": "id",       of the published list (documents.Requirement.code)
                    "name": "id.jpg",
                    "sha256": "…",      of the bytes, in hex
                    "content": "…"}]    the bytes in base64: JPEG, PNG, WebP, HEIC or PDF
       }]}

The keys of `sheet` are the columns of the application sheet as the form at the counter has them
(`applications.forms.FIELDS` without the channel); dates are written 2026-11-03, choices by their
code, yes and no as true and false. What is left out has its usual value. `equipment` and all its
columns but name and unit_kw may be left out too. A key that is not named here is refused: a word
misspelt must not get lost.

The rules are those of the counter and of the web: form, gates, one identity paper to begin with.
Nothing is written here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext as _

from accounts.models import Unit
from accounts.roles import Role
from applications import intake
from applications.forms import FIELDS, ApplicationForm, EquipmentForm, equipment_rows
from applications.models import Application, Equipment
from documents.files import Checked, validate_upload
from documents.models import Requirement
from workflow import ladder

FORMAT = "jiedian-portal-1"
MOST_REQUESTS = 1000
MOST_PAPERS = 30
LARGEST = 512 * 1024 * 1024  # bytes of an envelope
REQUEST_KEYS = {"id", "office", "sheet", "equipment", "papers"}
PAPER_KEYS = {"code", "name", "sha256", "content"}


class PortalForm(ApplicationForm):
    """The sheet of the counter; its channel is not for the portal to say."""

    class Meta(ApplicationForm.Meta):
        fields = [name for name in FIELDS if name != "channel"]


@dataclass
class Request:
    """One request of an envelope. Sound when it has no `faults` (place, what is wrong there)."""

    id: str
    unit: Unit | None = None
    sheet: Application = field(default_factory=Application)
    equipment: list[Equipment] = field(default_factory=list)
    files: dict[str, Checked] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def read(content: bytes) -> list[Any]:
    """The requests of an envelope, not yet judged.

    Raises ValidationError for what is no envelope of this format.
    """
    if len(content) > LARGEST:
        raise ValidationError(_("The envelope is too large."))
    try:
        envelope = json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ValidationError(
            _("This is no JSON in UTF-8: %(error)s") % {"error": error}
        ) from error
    if not isinstance(envelope, dict) or envelope.get("format") != FORMAT:
        raise ValidationError(_("The envelope's format is not %(format)s.") % {"format": FORMAT})
    requests = envelope.get("requests")
    if set(envelope) != {"format", "requests"} or not isinstance(requests, list):
        raise ValidationError(_("An envelope has a format and a list of requests, nothing else."))
    if len(requests) > MOST_REQUESTS:
        raise ValidationError(_("An envelope has at most %(n)s requests.") % {"n": MOST_REQUESTS})
    return requests


def _no_number(text: str) -> None:
    raise ValueError(text)


def check(record: Any) -> Request:
    """A request of an envelope by the rules of the counter, with everything wrong in it."""
    if not isinstance(record, dict):
        return Request("", faults=[("", _("A request is an object."))])
    name = record.get("id")
    request = Request(name.strip() if isinstance(name, str) else "")
    if not request.id or len(request.id) > 64 or not request.id.isprintable():
        request.faults.append(("id", _("The portal's number is text of 1 to 64 signs.")))
        request.id = ""
    request.faults += [(key, _("Not a key of a request.")) for key in unknown(record, REQUEST_KEYS)]
    _find_office(request, record.get("office"))
    _read_sheet(request, record.get("sheet"), record.get("equipment", []))
    _read_papers(request, record.get("papers", []))
    return request


def unknown(record: dict[str, Any], known: set[str]) -> list[str]:
    return sorted(key[:60] for key in set(record) - known)


def _find_office(request: Request, code: Any) -> None:
    levels = [Unit.Level.COUNTY, Unit.Level.STATION]
    if isinstance(code, str) and code.isprintable():
        request.unit = Unit.objects.filter(code=code, level__in=levels).first()
    if request.unit is None:
        request.faults.append(("office", _("No county or station has this code.")))
    elif not ladder.nearest(Role.SUPERVISOR, request.unit):
        text = _("No supervisor answers for %(unit)s.") % {"unit": request.unit}
        request.faults.append(("office", text))


def _read_sheet(request: Request, columns: Any, rows: Any) -> None:
    if not isinstance(columns, dict):
        request.faults.append(("sheet", _("The sheet is an object.")))
        return
    known = set(PortalForm.Meta.fields)
    strange = [(f"sheet.{key}", _("Not a column of the sheet.")) for key in unknown(columns, known)]
    request.faults += strange
    data = {key: _typed(request, f"sheet.{key}", columns[key]) for key in known & set(columns)}
    sheet = Application(channel=Application.Channel.PORTAL)
    data |= {key: str(default) for key, default in _usual(sheet, known) if key not in columns}
    form = PortalForm(data, instance=sheet, accepting=True, by=None)
    form.is_valid()
    for key, errors in form.errors.items():
        request.faults += [(f"sheet.{key}", text) for text in errors]
    request.sheet = form.instance
    request.equipment = _read_equipment(request, rows)


def _usual(sheet: Application | Equipment, names: Any) -> list[tuple[str, Any]]:
    """The usual values of the columns that have one."""
    fields = {column.name: column for column in sheet._meta.fields}
    return [(name, getattr(sheet, name)) for name in names if fields[name].has_default()]


def _typed(request: Request, place: str, value: Any) -> str:
    """A value of the envelope as it would be typed into the form."""
    if isinstance(value, (dict, list)):
        request.faults.append((place, _("A single value is expected.")))
        return ""
    return "" if value is None else str(value)


def _read_equipment(request: Request, rows: Any) -> list[Equipment]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        request.faults.append(("equipment", _("The equipment is a list of objects.")))
        return []
    known = EquipmentForm.Meta.fields
    data = {"equipment-TOTAL_FORMS": str(len(rows)), "equipment-INITIAL_FORMS": "0"}
    for place, row in enumerate(rows[:200]):
        spot = f"equipment[{place}]"
        strange = unknown(row, set(known))
        request.faults += [(f"{spot}.{key}", _("Not a column of the list.")) for key in strange]
        filled = dict(_usual(Equipment(), known)) | row
        for name in known:
            data[f"equipment-{place}-{name}"] = _typed(request, f"{spot}.{name}", filled.get(name))
    formset = equipment_rows(data, [])
    if formset.is_valid():
        return formset.rows
    request.faults += [("equipment", text) for text in formset.non_form_errors()]
    for place, errors in enumerate(formset.errors):
        for key, texts in errors.items():
            request.faults += [(f"equipment[{place}].{key}", text) for text in texts]
    return []


def _read_papers(request: Request, papers: Any) -> None:
    if not isinstance(papers, list) or len(papers) > MOST_PAPERS:
        request.faults.append(
            ("papers", _("The papers are a list of at most %(n)s.") % {"n": MOST_PAPERS})
        )
        return
    listed = {paper.code: paper for paper in intake.published(request.sheet)}
    for place, paper in enumerate(papers):
        try:
            code, file = _paper(paper, listed)
        except ValidationError as error:
            request.faults += [(f"papers[{place}]", text) for text in error.messages]
            continue
        if code in request.files:
            request.faults.append((f"papers[{place}]", _("This paper stands here twice.")))
        request.files[code] = file
    for code, paper in listed.items():
        if paper.needed_to_start and code not in request.files:
            text = _("Without this paper nothing is accepted: %(code)s.") % {"code": code}
            request.faults.append(("papers", text))


def _paper(paper: Any, listed: dict[str, Requirement]) -> tuple[str, Checked]:
    """A paper's code and its bytes, judged by their content. Raises ValidationError."""
    if not isinstance(paper, dict) or set(paper) != PAPER_KEYS:
        raise ValidationError(_("A paper has code, name, sha256 and content, nothing else."))
    if not all(isinstance(value, str) for value in paper.values()):
        raise ValidationError(_("Code, name, sha256 and content of a paper are text."))
    if paper["code"] not in listed:
        raise ValidationError(_("This paper is not on the list for such a request."))
    if len(paper["content"]) > settings.UPLOAD_LIMIT * 3 // 2:
        raise ValidationError(_("The file is too large."))
    try:
        content = base64.b64decode(paper["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError(_("The content is no base64.")) from error
    if hashlib.sha256(content).hexdigest() != paper["sha256"].lower():
        raise ValidationError(_("The content does not have this SHA-256: it changed on the way."))
    name = paper["name"].replace("\0", "") or paper["code"]
    return paper["code"], validate_upload(SimpleUploadedFile(name, content))
