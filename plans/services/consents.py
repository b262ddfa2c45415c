"""A consent ends before power is on: the plan loses its ground, and nothing slips through between.

The same happens as after a refusal (DOMAIN section 6): the choice of the source point is open
again, money is frozen, and the customer is told in writing what can be done.
"""

from __future__ import annotations

import logging
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.services import issue
from plans.models import Plan
from plans.services.soundness import usable
from surveys import services as surveying
from surveys.models import Consent, Survey
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Step, Subject
from workflow.moves.unit_of_work import act, part
from workflow.process import Kind, descendants
from workflow.verbs import verb
from workflow.words import keep

logger = logging.getLogger(__name__)
ENDED = verb("consent_expired", gettext_lazy("Consent of a third party has ended"), told=True)


def end_consents(today: date | None = None) -> int:
    """Deal with each consent that ended before today in a case whose power is not on.

    Returns how many; safe to run twice. What cannot be done for one case holds up no other.
    """
    today, done = today or timezone.localdate(), 0
    found = Consent.objects.ended(today).filter(
        candidate__survey__step__case__state=Case.State.OPEN
    )
    for pk, case_id in found.order_by("pk").values_list("pk", "candidate__survey__step__case"):
        try:
            done += end(pk, case_id, today)
        except Exception:
            logger.exception("consent %s ended and was not dealt with; tried again tomorrow", pk)
    return done


@act
def end(consent_id: int, case_id: int, today: date) -> bool:
    """One consent has ended, read under the lock of its case; False where nothing hangs on it."""
    case = (
        Case.objects.select_for_update(of=("self",)).select_related("unit", "owner").get(pk=case_id)
    )
    consent = (
        Consent.objects.ended(today)
        .select_related("candidate__survey", "candidate__source_point")
        .filter(pk=consent_id)
        .first()
    )
    step = case.step(Kind.SURVEY)
    survey = Survey.objects.filter(step=step).first()
    if consent is None or step is None or case.state != Case.State.OPEN:
        return False
    consent.end_told_at = timezone.now()
    consent.save(update_fields=["end_told_at"])
    standing = {c.pk for c in consent.candidate.standing_consents}
    if consent.pk not in standing or survey is None or consent.candidate.survey_id != survey.pk:
        return False  # asked again since, or a point of an earlier round
    target = _way_back(case, survey, consent, today)
    note = keep(lambda: _why(consent))
    moves.record(case, ENDED, by=None, step=step, note=note, consent=consent.pk, to=target)
    if target is not None:
        _send_back(case, target, consent, note)
    elif not step.is_live:
        surveying.forget([consent], case)
    if target is not None or step.is_live:
        options = keep(_options)
        issue(case, "refusal", by=None, step=step, reason=note, options=options, closes=False)
    return True


def _way_back(case: Case, survey: Survey, consent: Consent, today: date) -> str | None:
    """Where the choice of a source point opens again: at the plan where the signed survey has
    another point, else at the survey; None where it is open, or another point is planned.
    """
    step = case.step(Kind.SURVEY)
    if step is None or step.state != Step.State.DONE:
        return None
    target = Kind.PLAN if usable(survey, today) else Kind.SURVEY
    plan = Plan.latest(case)
    if plan and plan.step_id == case.latest[Kind.PLAN].pk and plan.sources.exists():
        return target if plan.sources.filter(candidate=consent.candidate).exists() else None
    return None if target == Kind.PLAN else target


def _send_back(case: Case, target: str, consent: Consent, note: str) -> None:
    """The plan is void, its capacity and its unpaid bill with it.

    Where money was taken already it is refunded first, by two people: until then the guards of
    fees, contract and meter hold the case, and the ladder of the consent climbs.
    """
    reach = descendants(target) | {target}
    step = next((s for s in case.live_steps if s.kind in reach), None)
    try:
        if step is None:
            raise Refused(_("No step is open."))
        with part():
            moves.send_back(step, by=None, reason=note, to=target)
    except Refused:
        ladder.stand(
            Subject.CONSENT,
            consent.pk,
            case=case,
            due_on=consent.ended_on,
            at=timezone.now(),
        )
    else:
        surveying.forget([consent], case)


def _why(consent: Consent) -> str:
    text = (
        _("%(point)s: the consent of %(party)s was withdrawn on %(day)s.")
        if consent.is_withdrawn
        else _("%(point)s: the consent of %(party)s ended on %(day)s.")
    )
    return text % {
        "point": consent.candidate,
        "party": consent.party,
        "day": f"{consent.ended_on:%Y-%m-%d}",
    }


def _options() -> str:
    """What the customer can do, one a line."""
    return "\n".join(
        [
            _("Ask the same party for a longer consent; we ask them again, too."),
            _("Choose another source point with us: we look for it on site."),
            _("Ask the residents' committee to mediate (Civil Code, art. 292)."),
        ]
    )
