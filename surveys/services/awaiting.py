"""What is waited for from third parties: an answer, or the next yes before the present one ends."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from surveys.models import Candidate, Consent
from workflow import clocks, ladder
from workflow.models import Case, Subject

# So long before a consent ends it is asked for anew (working days; a house rule, as no law names a
# term): time for a letter and its answer.
DAYS_BEFORE_END = 5


def await_consent(consent: Consent) -> None:
    """Put up, move or take down the ladder of one consent.

    Unanswered: due so many working days after asking, or after the last vain attempt. Given for a
    time: due before it ends. Refused, or given for good: nothing is waited for.
    """
    calendar, due_on = clocks.calendar(), None
    if consent.is_unanswered:
        since = consent.answered_on or consent.asked_on
        due_on = calendar.add(since, settings.CONSENT_WORKING_DAYS)
    elif consent.answer == Consent.Answer.YES and consent.expires_on:
        due_on = calendar.add(consent.expires_on, -DAYS_BEFORE_END)
    step = consent.candidate.survey.step
    ladder.stand(
        Subject.CONSENT, consent.pk, case=step.case, step=step, due_on=due_on, at=timezone.now()
    )


def forget(consents: Iterable[Consent], case: Case) -> None:
    """Nothing is waited for from these parties any more."""
    for consent in consents:
        ladder.stand(Subject.CONSENT, consent.pk, case=case, due_on=None, at=timezone.now())


def forget_unanswered(case: Case) -> None:
    """The survey is signed on points that can be used: what others would have said is moot."""
    asked = Consent.objects.of(case).filter(answer__in=["", Consent.Answer.NOT_REACHED])
    forget(asked, case)


def forget_unplanned(case: Case, used: Iterable[int]) -> None:
    """The plan is accepted: only the consents of its own points (their ids) are watched on; those
    of a point that an earlier plan had left out again.
    """
    used = list(used)
    forget(Consent.objects.of(case).exclude(candidate__in=used), case)
    for candidate in Candidate.objects.filter(pk__in=used).prefetch_related("consents__candidate"):
        for consent in candidate.standing_consents:
            await_consent(consent)
