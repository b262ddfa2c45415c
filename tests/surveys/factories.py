"""Surveys as a surveyor would make them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from accounts.roles import Role
from surveys import services
from surveys.models import Candidate, Consent, LoadItem, SourcePoint, Survey
from tests import factories
from tests.applications.factories import accepted, shared, sheet
from tests.made_once import made_once
from workflow.models import Case, Step
from workflow.process import Kind


def surveyor(**columns: Any):
    return factories.person(Role.SURVEYOR, **columns)


def second():
    return factories.person(Role.SURVEYOR, username="second-surveyor")


def both_signatures() -> dict[str, Any]:
    """The columns of a survey that one has signed and the second confirmed, just now."""
    now, first = timezone.now(), surveyor()
    return {
        "surveyor": first,
        "second_surveyor": second(),
        "presented_at": now,
        "presented_by": first,
        "confirmed_at": now,
        "confirmed_by": second(),
        "signed_at": now,
        "signed_by": first,
    }


def source_point(name: str = "人民路 2# 公变", **columns: Any) -> SourcePoint:
    """A point of the catalogue with 46 kVA open of 400."""
    made, _new = SourcePoint.objects.get_or_create(
        unit=factories.unit(),
        name=name,
        defaults={
            "voltage": "380v",
            "substation": "临湖变",
            "line": "人民路线",
            "transformer_area": "人民路 2# 公变",
            "rated_kva": Decimal(400),
            "committed_kva": Decimal(354),
            **columns,
        },
    )
    return made


@made_once
def at_survey(**columns: Any) -> Case:
    """A case accepted at the counter: the survey is in hand."""
    return accepted(sheet(**columns))


@made_once
def contested(**columns: Any) -> Case:
    """The customer of DOMAIN section 1, accepted: shared meter, in dispute."""
    return accepted(shared(**columns))


def fresh(case: Case) -> Step:
    """The survey step as the database has it."""
    return Case.objects.get(pk=case.pk).step(Kind.SURVEY)


def filled(step: Step, **columns: Any) -> Survey:
    """The sheet with everything filled in, not saved."""
    survey, _loads = services.draft_for(step)
    found = {
        "on_site_at": timezone.now() - timedelta(hours=2),
        "surveyor": surveyor(),
        "longitude": Decimal("118.800000"),
        "latitude": Decimal("32.060000"),
        "accuracy_m": 6,
        "found_supply": "none",
        "load_grade": 3,
        "phase": "single",
        "meter_position": "单元表箱",
        "box_slots": 6,
        "box_slots_free": 2,
        "can_supply": True,
        **columns,
    }
    for name, value in found.items():
        setattr(survey, name, value)
    return survey


def loads() -> list[LoadItem]:
    """The checked load, 7.6 kW in all."""
    return [
        LoadItem(name="空调", quantity=2, unit_kw=Decimal("1.5")),
        LoadItem(name="热水器", quantity=1, unit_kw=Decimal("4.6")),
    ]


def candidate(case: Case, *, by=None, **columns: Any) -> Candidate:
    """A measured, workable point."""
    values = {"distance_m": 42, "cable_m": 42, "works_days": 2, "workable": True, **columns}
    if "name" not in values:
        values.setdefault("source_point", source_point())
    return services.measure(Candidate(**values), step=fresh(case), by=by or surveyor())


def asked(point: Candidate, *, party: str = "张建国", **columns: Any) -> Consent:
    """Somebody was asked and has not answered."""
    values = {
        "party_kind": "co_user",
        "party": party,
        "subject": "从原接户点 T 接",
        "asked_on": timezone.localdate(),
        "asked_how": "in_person",
        **columns,
    }
    return services.ask_consent(Consent(**values), candidate=point, by=surveyor())


def answered(consent: Consent, answer: str, **columns: Any) -> Consent:
    if answer == "no":
        columns.setdefault("options", "改接院内 2# 分支箱，或路东 14# 杆。")
    columns.setdefault("on", timezone.localdate())
    return services.answer_consent(consent, by=surveyor(), answer=answer, **columns)


def signed_survey(case: Case, *, by=None, **columns: Any) -> Survey:
    """The survey of the case, signed: it can be supplied."""
    step = fresh(case)
    by = by or step.owner or surveyor()
    survey = filled(step, surveyor=by, **columns)
    if case.customer_class.startswith("hv"):
        survey.second_surveyor = survey.second_surveyor or second()
    survey = services.save(survey, loads(), by=by)
    for _n in range(survey.points_needed - survey.candidates.count()):
        candidate(case, by=by)
    step = fresh(case)
    survey.step = step
    services.sign(survey, loads(), by=by)
    if survey.second:
        services.confirm(Survey.objects.get(step=step), by=survey.second)
    return Survey.objects.get(step=step)


def jpeg(
    *, size=(800, 600), taken: str = "", gps: bool = False, colour="grey", fix: bool = True
) -> bytes:
    """A photo as a camera makes it, with its metadata."""
    image = Image.new("RGB", size, colour)
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if gps:
        nowhere = (IFDRational(0, 0),) * 3
        north, east = ((32.0, 3.0, 36.0), (118.0, 48.0, 0.0)) if fix else (nowhere, nowhere)
        exif.get_ifd(0x8825).update({1: "N", 2: north, 3: "E", 4: east})
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def posted(**values: Any) -> dict:
    """The sheet as the browser posts it, complete, with one row of load."""
    at = timezone.localtime(timezone.now() - timedelta(hours=2))
    fields = {
        "on_site_at": f"{at:%Y-%m-%dT%H:%M}",
        "surveyor": surveyor().pk,
        "second_surveyor": "",
        "longitude": "118.8",
        "latitude": "32.06",
        "accuracy_m": "6",
        "found_supply": "none",
        "load_grade": "3",
        "phase": "single",
        "meter_position": "单元表箱",
        "box_slots": "6",
        "box_slots_free": "2",
        "can_supply": "True",
        "customer_signed_name": "",
        "loads-TOTAL_FORMS": "1",
        "loads-INITIAL_FORMS": "0",
        "loads-0-name": "空调",
        "loads-0-quantity": "2",
        "loads-0-unit_kw": "1.5",
        **values,
    }
    return {name: value for name, value in fields.items() if value is not None}
