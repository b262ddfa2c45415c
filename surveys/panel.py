"""What the case page shows of the survey: what was found, photos, source points and consents."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from surveys.models import Consent, Survey
from surveys.services import may_work
from workflow.models import Step
from workflow.process import Kind

# Sheets that a second person confirms.
COUNTERSIGNED = {Kind.SURVEY: (Survey,)}


def countersigned(step: Step) -> list[Survey]:
    """The sheet of this round, as one that a second surveyor confirms."""
    survey = Survey.read(step)
    return [survey] if survey else []


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


def next_acts(steps: Iterable[Step]) -> dict[int, str]:
    """What is to be done next for the survey of each step, by its id; one query."""
    asked = Consent.objects.filter(
        candidate__survey=OuterRef("pk"), answer__in=["", Consent.Answer.NOT_REACHED]
    )
    surveys = Survey.objects.filter(step__in=steps, on_site_at__isnull=False)
    states = surveys.values_list("step_id", Exists(asked), "presented_at")
    waiting = {step: "presented" if presented else asks for step, asks, presented in states}
    words = {
        "presented": _("second surveyor to confirm"),
        True: _("consent to obtain"),
        False: _("to sign"),
        None: _("to visit"),
    }
    return {step.pk: words[waiting.get(step.pk)] for step in steps}
