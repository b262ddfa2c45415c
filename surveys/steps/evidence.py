"""Visits that came to nothing, and photos."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import ExifTags, Image

from accounts.models import User
from documents.files import Checked, without_metadata
from documents.steps import store
from surveys.models import Photo, Visit
from surveys.steps.sheet import begin
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.verbs import verb

VISITED = verb("site_visited", gettext_lazy("On site"))
ATTEMPTED = verb("visit_failed", gettext_lazy("Visit without survey"))
PHOTO_ADDED = verb("photo_added", gettext_lazy("Photo added"))
THUMBNAIL = 320  # pixels


@transaction.atomic
def attempt(visit: Visit, *, step: Step, by: User) -> Visit:
    """Note a visit, also one that came to nothing: when, who, what happened, the evidence."""
    survey = begin(step, by=by)
    if visit.at > timezone.now():
        raise Refused(_("A visit cannot lie in the future."))
    visit.survey, visit.surveyor = survey, by
    visit.full_clean(exclude=["survey"])
    visit.save(force_insert=True)
    done = visit.outcome == Visit.Outcome.DONE
    if done and survey.on_site_at is None:
        survey.on_site_at = visit.at
        survey.save(update_fields=["on_site_at"])
    what = VISITED if done else ATTEMPTED
    moves.record(
        survey.case,
        what,
        by=by,
        step=survey.step,
        note=lambda: f"{visit.get_outcome_display()} {visit.evidence}".strip(),
        at=visit.at,
    )
    return visit


@transaction.atomic
def add_photo(photo: Photo, checked: Checked, *, step: Step, by: User) -> Photo:
    """Keep a photo without its metadata; time and place it carried are written beside it.

    Raises Refused when the same file is on the sheet already.
    """
    survey = begin(step, by=by)
    photo.survey, photo.uploaded_by = survey, by
    photo.original_sha256 = checked.sha256
    if survey.photos.filter(original_sha256=checked.sha256).exists():
        raise Refused(_("This photo is here already."))
    taken_at, place = exif(checked.content)
    photo.taken_at = photo.taken_at or taken_at
    if photo.taken_at and photo.taken_at > timezone.now() + timedelta(hours=1):
        raise Refused(_("A photo cannot have been taken in the future."))
    if place and photo.longitude is None:
        photo.longitude, photo.latitude = place
    _store(photo, checked)
    photo.full_clean(exclude=["survey", "file", "thumbnail"])
    photo.save(force_insert=True)
    moves.record(
        survey.case,
        PHOTO_ADDED,
        by=by,
        step=survey.step,
        note=lambda: f"{photo}: SHA-256 {photo.sha256[:12]}",
        sha256=photo.sha256,
    )
    return photo


def _store(photo: Photo, checked: Checked) -> None:
    clean, small = without_metadata(checked), without_metadata(checked, THUMBNAIL)
    photo.content_type, photo.size, photo.sha256 = clean.content_type, clean.size, clean.sha256
    folder = f"photos/{clean.sha256[:2]}/{clean.sha256}"
    photo.file.name = store(f"{folder}.jpg", clean.content)
    photo.thumbnail.name = store(f"{folder}-small.jpg", small.content)


def exif(content: bytes) -> tuple[datetime | None, tuple[Decimal, Decimal] | None]:
    """When and where (longitude, latitude in degrees) the camera says the picture was taken."""
    with Image.open(BytesIO(content)) as image:
        found = image.getexif()
    details = found.get_ifd(ExifTags.IFD.Exif)
    moment = _moment(
        details.get(ExifTags.Base.DateTimeOriginal) or found.get(ExifTags.Base.DateTime)
    )
    return moment, _place(found.get_ifd(ExifTags.IFD.GPSInfo))


def _moment(text) -> datetime | None:
    try:
        naive = datetime.strptime(str(text)[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return timezone.make_aware(naive.replace(tzinfo=None))


def _place(gps: dict) -> tuple[Decimal, Decimal] | None:
    tags = ExifTags.GPS
    try:
        latitude = _degrees(gps[tags.GPSLatitude], gps[tags.GPSLatitudeRef] == "S")
        longitude = _degrees(gps[tags.GPSLongitude], gps[tags.GPSLongitudeRef] == "W")
        # A camera without a fix writes 0/0, which compares with nothing.
        on_earth = -90 <= latitude <= 90 and -180 <= longitude <= 180
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    return (longitude, latitude) if on_earth else None


def _degrees(parts, negative: bool) -> Decimal:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = Decimal(f"{degrees + minutes / 60 + seconds / 3600:.6f}")
    return -value if negative else value
