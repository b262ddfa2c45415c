"""Visits that came to nothing, and photos."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from documents.files import Checked, without_metadata
from documents.services import keep_original, store
from surveys.models import Photo, Visit
from surveys.services.sheet import begin, demand_open
from workflow import moves
from workflow.guards import Refused
from workflow.models import Event, Step
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

BOOKED = verb("survey_booked", gettext_lazy("Visit agreed"), told=True)
VISITED = verb("site_visited", gettext_lazy("On site"))
ATTEMPTED = verb("visit_failed", gettext_lazy("Visit without survey"))
PHOTO_ADDED = verb("photo_added", gettext_lazy("Photo added"))
THUMBNAIL = 320  # pixels


@act
def book(step: Step, *, at: datetime, by: User) -> Event:
    """A day for the visit is agreed with the customer, who gets it in writing.

    Raises Refused for a time that is past.
    """
    demand_open(step, by)
    if at <= timezone.now():
        raise Refused(_("An appointment lies ahead."))
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return moves.record(step.case, BOOKED, by=by, step=step, note=moment, booked_at=at)


@act
def attempt(visit: Visit, *, step: Step, by: User) -> Visit:
    """Note a visit, also one that came to nothing: when, who, what happened, the evidence."""
    survey = begin(step, by=by)
    demand_past(visit)
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
        note=lambda: said(visit),
        at=visit.at,
    )
    return visit


def demand_past(visit: Visit) -> None:
    """Raise Refused for a visit that is still to come."""
    if visit.at > timezone.now():
        raise Refused(_("A visit cannot lie in the future."))


def said(visit: Visit) -> str:
    """A visit as the history tells it, in the reader's language."""
    return f"{visit.get_outcome_display()} {visit.evidence}".strip()


@act
def add_photo(photo: Photo, checked: Checked, *, step: Step, by: User) -> Photo:
    """Keep a photo without its metadata; time and place it carried are written beside it.

    Raises Refused when the same file is on the sheet already.
    """
    survey = begin(step, by=by)
    photo.survey, photo.uploaded_by = survey, by
    photo.original_sha256 = checked.sha256
    if survey.photos.filter(original_sha256=checked.sha256).exists():
        raise Refused(_("This photo is here already."))
    taken = checked.taken
    photo.taken_at = photo.taken_at or taken.at
    if photo.taken_at and photo.taken_at > timezone.now() + timedelta(hours=1):
        raise Refused(_("A photo cannot have been taken in the future."))
    if photo.longitude is None:
        photo.longitude, photo.latitude = taken.longitude, taken.latitude
        photo.accuracy_m = taken.accuracy_m
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
        original=photo.original_sha256,
    )
    return photo


def _store(photo: Photo, checked: Checked) -> None:
    clean, small = without_metadata(checked), without_metadata(checked, THUMBNAIL)
    keep_original(checked, clean)
    photo.content_type, photo.size, photo.sha256 = clean.content_type, clean.size, clean.sha256
    folder = f"photos/{clean.sha256[:2]}/{clean.sha256}"
    photo.file.name = store(f"{folder}.jpg", clean.content)
    photo.thumbnail.name = store(f"{folder}-small.jpg", small.content)
