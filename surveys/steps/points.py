"""Candidate source points, and the consent of others that each needs."""

from __future__ import annotations

import hashlib
from datetime import date
from string import ascii_uppercase

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from documents.files import Checked
from documents.steps import issue, store
from surveys.models import Candidate, Consent
from surveys.steps.sheet import begin, demand_open
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.verbs import verb
from workflow.words import keep

MEASURED = verb("source_point_measured", gettext_lazy("Source point measured"))
ASKED = verb("consent_asked", gettext_lazy("Consent asked for"))
GIVEN = verb("consent_given", gettext_lazy("Consent given"))
REFUSED = verb("consent_refused", gettext_lazy("Consent refused"))
NOT_REACHED = verb("consent_not_reached", gettext_lazy("Party not reached"))
LABELS = [*ascii_uppercase, *(f"A{letter}" for letter in ascii_uppercase)]


@transaction.atomic
def measure(candidate: Candidate, *, step: Step, by: User) -> Candidate:
    """Keep a candidate point as measured; a new one gets the next letter.

    From the catalogue come place and capacity of the day, where they were not typed.
    """
    survey = begin(step, by=by)
    new = candidate.pk is None
    candidate.survey = survey
    if new:
        taken = set(survey.candidates.values_list("label", flat=True))
        free = [label for label in LABELS if label not in taken]
        if not free:
            raise Refused(_("There are too many candidates on this sheet."))
        candidate.label = free[0]
    point = candidate.source_point
    if point:
        for name in ("voltage", "substation", "line", "section", "transformer_area", "pole"):
            setattr(candidate, name, getattr(candidate, name) or getattr(point, name))
        if candidate.rated_kva is None:
            candidate.rated_kva = point.rated_kva
            candidate.committed_kva = point.rated_kva - point.open_kva
    today = timezone.localdate()
    refused = [] if new else [c for c in candidate.standing_consents if c.is_refused]
    if candidate.workable and refused:
        raise Refused(
            _("%(party)s refuses since %(day)s: this point is not workable until they agree.")
            % {"party": refused[0].party, "day": f"{refused[0].answered_on or today:%Y-%m-%d}"}
        )
    candidate.full_clean(exclude=["survey"])
    candidate.save()
    moves.record(survey.case, MEASURED, by=by, step=survey.step, note=lambda: str(candidate))
    return candidate


@transaction.atomic
def ask_consent(consent: Consent, *, candidate: Candidate, by: User) -> Consent:
    """A third party was asked: who, for what, when and how."""
    step = candidate.survey.step
    demand_open(step, by)
    if consent.asked_on > timezone.localdate():
        raise Refused(_("The question cannot have been asked in the future."))
    consent.candidate, consent.recorded_by = candidate, by
    consent.full_clean(exclude=["candidate"])
    consent.save()
    if not candidate.consent_needed:
        candidate.consent_needed = True
        candidate.save(update_fields=["consent_needed"])
    moves.record(step.case, ASKED, by=by, step=step, note=f"{candidate.label}: {consent.party}")
    return consent


@transaction.atomic
def answer_consent(
    consent: Consent,
    *,
    by: User,
    answer: str,
    on: date,
    words: str = "",
    options: str = "",
    expires_on: date | None = None,
    paper: Checked | None = None,
) -> Consent:
    """Record what the party said. A refusal closes the point and is told the customer in writing.

    Raises Refused when they have answered before: ask them again instead.
    """
    candidate = consent.candidate
    step = candidate.survey.step
    demand_open(step, by)
    consent = Consent.objects.select_for_update(of=("self",)).get(pk=consent.pk)
    if not consent.is_unanswered:
        raise Refused(
            _("%(party)s has answered already; ask again if they changed their mind.")
            % {"party": consent.party}
        )
    if on > timezone.localdate():
        raise Refused(_("The answer cannot lie in the future."))
    consent.answer, consent.answered_on, consent.words = answer, on, words
    consent.options, consent.expires_on, consent.recorded_by = options, expires_on, by
    if paper:
        consent.paper_sha256 = hashlib.sha256(paper.content).hexdigest()
        consent.paper_type = paper.content_type
        consent.paper.name = store(
            f"consents/{consent.paper_sha256[:2]}/{consent.paper_sha256}", paper.content
        )
    consent.full_clean(exclude=["candidate"])
    consent.save()
    told: dict[str, str] = {Consent.Answer.YES: GIVEN, Consent.Answer.NO: REFUSED}
    what = told.get(answer, NOT_REACHED)
    note = f"{candidate.label}: {consent.party}. {words}".strip()
    moves.record(step.case, what, by=by, step=step, note=note, options=options)
    if consent.is_refused:
        _close_point(candidate, consent)
        issue(
            step.case,
            "refusal",
            by=by,
            step=step,
            reason=keep(lambda: _refusal(candidate, consent)),
            options=options,
            closes=False,
        )
    return consent


def _refusal(candidate: Candidate, consent: Consent) -> str:
    """What the customer is told of a consent refused."""
    said = _("%(point)s: %(party)s does not consent. %(words)s") % {
        "point": candidate,
        "party": consent.party,
        "words": consent.words,
    }
    return said.strip()


def _close_point(candidate: Candidate, consent: Consent) -> None:
    """A refused point is out; the choice is open again."""
    candidate.workable = False
    candidate.why_not = candidate.why_not or keep(
        lambda: _("%(party)s refuses.") % {"party": consent.party}
    )
    candidate.save(update_fields=["workable", "why_not"])
