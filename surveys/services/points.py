"""Candidate source points, and the consent of others that each needs."""

from __future__ import annotations

import hashlib
from datetime import date
from string import ascii_uppercase

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from documents.files import Checked
from documents.models import PaperKind
from documents.services import issue, store
from surveys.models import Candidate, Consent
from surveys.services.awaiting import await_consent, forget
from surveys.services.sheet import begin, demand_open
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.verbs import verb
from workflow.words import keep

MEASURED = verb("source_point_measured", gettext_lazy("Source point measured"))
ASKED = verb("consent_asked", gettext_lazy("Consent asked for"))
GIVEN = verb("consent_given", gettext_lazy("Consent given"))
REFUSED = verb("consent_refused", gettext_lazy("Consent refused"), told=True)
LETTER = verb("consent_letter", gettext_lazy("Consent asked for by letter"))
WITHDRAWN = verb("consent_withdrawn", gettext_lazy("Consent withdrawn"))
RENEWED = verb("consent_renewed", gettext_lazy("Consent given for another time"))
NOT_REACHED = verb("consent_not_reached", gettext_lazy("Party not reached"))
LABELS = [*ascii_uppercase, *(f"A{letter}" for letter in ascii_uppercase)]


@act
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


@act
def ask_consent(consent: Consent, *, candidate: Candidate, by: User) -> Consent:
    """A third party was asked: who, for what, when and how."""
    step = candidate.survey.step
    demand_open(step, by)
    if consent.asked_on > timezone.localdate():
        raise Refused(_("The question cannot have been asked in the future."))
    consent.candidate, consent.recorded_by = candidate, by
    consent.full_clean(exclude=["candidate"])
    before = candidate.consents.filter(party_kind=consent.party_kind, party=consent.party)
    forget(before, step.case)
    consent.save()
    await_consent(consent)
    if not candidate.consent_needed:
        candidate.consent_needed = True
        candidate.save(update_fields=["consent_needed"])
    moves.record(step.case, ASKED, by=by, step=step, note=f"{candidate.label}: {consent.party}")
    if consent.asked_how == Consent.How.LETTER:
        write_letter(consent, by=by)
    return consent


@act
def write_letter(consent: Consent, *, by: User) -> None:
    """The request goes to the party as a paper, with what the law asks of neighbours.

    Raises Refused when the party has answered.
    """
    step = consent.candidate.survey.step
    demand_open(step, by)
    if not consent.is_unanswered:
        raise Refused(
            _("%(party)s has answered already; ask again if they changed their mind.")
            % {"party": consent.party}
        )
    moves.record(step.case, LETTER, by=by, step=step, note=consent.party)
    issue(step.case, PaperKind.CONSENT, by=by, step=step, consent=consent.pk)


@act
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
        _keep_paper(consent, paper)
    consent.full_clean(exclude=["candidate"])
    consent.save()
    await_consent(consent)
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


@act
def renew_consent(
    consent: Consent,
    *,
    by: User,
    words: str,
    expires_on: date | None = None,
    paper: Checked | None = None,
) -> Consent:
    """A consent given holds longer than was said, for good, or not so long; or it is given again
    after it was withdrawn.

    Also after the survey is signed, until power is on. Raises Refused unless it is the party's
    last word.
    """
    candidate, step = consent.candidate, consent.candidate.survey.step
    _demand_given(consent, by, Consent.Answer.YES, Consent.Answer.WITHDRAWN)
    today = timezone.localdate()
    _say_anew(
        consent, Consent.Answer.YES, by=by, on=today, words=words, until=expires_on, paper=paper
    )
    until = f"{expires_on:%Y-%m-%d}" if expires_on else "∞"
    note = f"{candidate.label}: {consent.party} → {until}. {words}"
    moves.record(step.case, RENEWED, by=by, step=step, note=note)
    return consent


@act
def withdraw_consent(
    consent: Consent, *, by: User, on: date, words: str, paper: Checked | None
) -> Consent:
    """The party takes its consent back: from then on the plan does not stand on it, and it goes the
    way of a consent that ended (`plans.services.consents`).

    At any time until power is on. Nothing is recorded without the reason and its
    paper.
    """
    candidate, step = consent.candidate, consent.candidate.survey.step
    _demand_given(consent, by, Consent.Answer.YES)
    if on > timezone.localdate():
        raise Refused(_("The answer cannot lie in the future."), fields=("on",))
    if consent.answered_on and on < consent.answered_on:
        text = _("It was given on %(day)s and cannot be withdrawn before.")
        raise Refused(text % {"day": f"{consent.answered_on:%Y-%m-%d}"}, fields=("on",))
    _say_anew(consent, Consent.Answer.WITHDRAWN, by=by, on=on, words=words, paper=paper)
    note = f"{candidate.label}: {consent.party}. {words}"
    moves.record(step.case, WITHDRAWN, by=by, step=step, note=note)
    return consent


def _demand_given(consent: Consent, by: User, *answers: str) -> None:
    """Raise Refused unless it is the party's last word, in the latest round, and power is off."""
    step = consent.candidate.survey.step
    moves.demand_role(step.case, by, Role.SURVEYOR)
    if step.case.state != Case.State.OPEN:
        raise Refused(_("The power is on: what led to it is not done again."))
    if step.pk != getattr(step.case.step(Kind.SURVEY), "pk", None):
        raise Refused(_("This is an earlier round: the consent was carried on to the latest one."))
    if consent.answer not in answers or consent not in consent.candidate.standing_consents:
        raise Refused(_("Only a consent that was given can be given anew or withdrawn."))


def _say_anew(
    consent: Consent,
    answer: str,
    *,
    by: User,
    on: date,
    words: str,
    until: date | None = None,
    paper: Checked | None = None,
) -> None:
    """The party's next word is a row of its own; what was said before stays as it was."""
    if not words.strip():
        raise Refused(_("Write what was said."), fields=("words",))
    old, consent.pk, consent.carried_from = Consent(pk=consent.pk), None, None
    consent._state.adding = True
    consent.answer, consent.asked_on, consent.answered_on = answer, on, on
    consent.words, consent.expires_on, consent.recorded_by = words, until, by
    consent.end_told_at, consent.paper, consent.paper_sha256 = None, None, ""
    if paper:
        _keep_paper(consent, paper)
    consent.full_clean(exclude=["candidate"])
    consent.save(force_insert=True)
    forget([old], consent.candidate.survey.case)
    await_consent(consent)


def _keep_paper(consent: Consent, paper: Checked) -> None:
    consent.paper_sha256 = hashlib.sha256(paper.content).hexdigest()
    consent.paper_type = paper.content_type
    consent.paper.name = store(
        f"consents/{consent.paper_sha256[:2]}/{consent.paper_sha256}", paper.content
    )


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
