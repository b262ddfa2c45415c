"""What the case page shows of the survey: what was found, photos, source points and consents."""

from __future__ import annotations

from decimal import Decimal

from accounts.models import User
from surveys.models import Survey
from surveys.steps import may_work
from workflow.models import Step


def panel(step: Step, user: User) -> dict:
    """The sheet of this round; what hangs on it is read in a fixed number of queries."""
    survey = Survey.read(step)
    photos = list(survey.photos.all()) if survey else []
    visits = survey.visits.exclude(outcome="done").select_related("surveyor") if survey else []
    return {
        "survey": survey,
        "checked_kw": (survey and survey.load_kw) or Decimal(0),
        "photos": photos[:3],
        "more_photos": max(len(photos) - 3, 0),
        "candidates": list(survey.candidates.all()) if survey else [],
        "failed_visits": list(visits),
        "writable": may_work(step, user),
    }
