"""The survey sheet: begun, filled in, signed."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from applications import signers
from applications.models import Application
from documents.services import issue
from surveys.models import Candidate, LoadItem, Photo, Survey, Visit
from surveys.models.survey import metres_between
from surveys.services.awaiting import await_consent, forget, forget_unanswered
from workflow import moves
from workflow.guards import Refused, demand, unmet
from workflow.models import Case, Step
from workflow.moves import countersign
from workflow.moves.unit_of_work import act
from workflow.process import guards
from workflow.verbs import verb

SURVEY_SIGNED = verb("survey_signed", gettext_lazy("Survey signed: it can be supplied"))
NO_SUPPLY = verb("survey_found_no_supply", gettext_lazy("Survey found: cannot be supplied"))

FINDINGS = (
    "found_supply",
    "found_disputed",
    "co_users",
    "neighbour_meter",
    "load_grade",
    "phase",
    "meter_position",
    "box_slots",
    "box_slots_free",
    "safety_remarks",
    "concealed_works",
    "line_works",
    "customer_works",
    "special_load",
)


def may_work(step: Step, by: User) -> bool:
    """The person may write on this survey: it is open, does not wait for its confirmation, and is
    theirs or nobody's.
    """
    survey = Survey.read(step) if step.is_live else None
    return step.is_live and not moves.hindrances(step, by) and not (survey and survey.waits)


def demand_open(step: Step, by: User) -> Survey | None:
    """The sheet of the step, if it is begun; Refused unless the person may write on it."""
    moves.demand_worker(step, by)
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    survey = Survey.objects.filter(step=step).first()
    if survey and survey.waits:
        raise Refused(countersign.waits_for(survey))
    return survey


def previous(step: Step) -> Survey | None:
    """The survey of the round before."""
    return (
        Survey.objects.filter(step__case_id=step.case_id, step__round__lt=step.round)
        .order_by("-step__round")
        .first()
    )


def draft_for(step: Step) -> tuple[Survey, list[LoadItem]]:
    """The sheet to fill in and its load list, as saved or from what is known; writes nothing."""
    saved = Survey.read(step)
    if saved:
        # A copy: what is typed in the sheet is not yet what was found.
        return copy(saved), list(saved.loads.all())
    before = previous(step)
    if before:
        known = {name: getattr(before, name) for name in FINDINGS} | _facts(step.case)
        survey = Survey(step=step, **known)
        survey.before = before
        return survey, list(before.loads.all())
    case = step.case
    known = _facts(case) | {"found_supply": ""}  # that is seen on site
    return Survey(step=step, **known), _declared_loads(step)


def _facts(case: Case) -> dict[str, Any]:
    """What is known of the case by now, as the sheet calls it."""
    works = ("concealed_works", "line_works", "customer_works", "special_load")
    return {name: getattr(case, name) for name in works} | {
        "found_supply": case.existing_supply,
        "found_disputed": case.disputed,
    }


def _declared_loads(step: Step) -> list[LoadItem]:
    application = Application.of(step.case)
    rows = application.equipment.all() if application else ()
    return [LoadItem(name=r.name, quantity=r.quantity, unit_kw=r.unit_kw) for r in rows]


@act
def begin(step: Step, *, by: User) -> Survey:
    """The sheet of a step, made at the first word written on it; who begins has claimed the step.

    A new round takes over what the round before found, with its candidate points and consents.
    """
    saved = demand_open(step, by)
    if saved:
        saved.step = step
        return saved
    if step.owner_id is None:
        step = moves.claim(step, by=by)
    survey, loads = draft_for(step)
    survey.surveyor = by
    survey.save(force_insert=True)
    _write_loads(survey, loads)
    before = previous(step)
    if before:
        for candidate in before.candidates.all():
            _carry_over(candidate, survey)
    return survey


def _carry_over(candidate: Candidate, survey: Survey) -> None:
    """Copy a candidate into the new round; what people consented to still holds."""
    consents = list(candidate.consents.all())
    forget(consents, survey.case)
    candidate.pk, candidate.survey = None, survey
    candidate._state.adding = True
    candidate.save(force_insert=True)
    for consent in consents:
        consent.carried_from_id, consent.pk, consent.candidate = consent.pk, None, candidate
        consent._state.adding = True
        consent.save(force_insert=True)
    for consent in candidate.standing_consents:
        await_consent(consent)


def _write_loads(survey: Survey, loads: Sequence[LoadItem]) -> None:
    survey.loads.all().delete()
    for row in loads:
        row.pk, row.survey = None, survey
    LoadItem.objects.bulk_create(loads)


@act
def save(survey: Survey, loads: Sequence[LoadItem], *, by: User) -> Survey:
    """Keep the sheet as far as it is filled in. The time on site is also the visit made."""
    begun = begin(survey.step, by=by)
    survey.pk, survey.step = begun.pk, begun.step
    survey.created_at, survey._state.adding = begun.created_at, False
    if survey.on_site_at and survey.on_site_at > timezone.now():
        raise Refused(_("Nobody can have been on site in the future."))
    survey.surveyor = survey.surveyor or begun.surveyor
    survey.off_address_m = off_address(survey)
    if survey.customer_signed_name and not survey.customer_signed_at:
        survey.customer_signed_at = survey.on_site_at or timezone.now()
    if survey.can_supply is not False:
        survey.no_supply_at, survey.no_supply_reason = None, ""
    survey.full_clean(exclude=["step"])
    survey.save(force_update=True)
    _write_loads(survey, loads)
    _note_visit(survey, before=begun.on_site_at)
    return survey


def off_address(survey: Survey) -> int | None:
    """How far (m) from the declared address it was filled in, where both places are known."""
    declared = Application.of(survey.case)
    places = [(p.longitude, p.latitude) for p in (survey, declared) if p]
    if len(places) < 2 or any(value is None for place in places for value in place):
        return None
    return metres_between(*places)


def _note_visit(survey: Survey, before) -> None:
    """Keep the visit that the sheet tells of in the list of visits."""
    if survey.on_site_at is None:
        return
    done = {visit.at: visit for visit in survey.visits.filter(outcome=Visit.Outcome.DONE)}
    visit = done.get(survey.on_site_at) or done.get(before)
    visit = visit or Visit(survey=survey, outcome=Visit.Outcome.DONE)
    visit.at = survey.on_site_at
    if survey.surveyor:
        visit.surveyor = survey.surveyor
    visit.save()


@act
def sign(survey: Survey, loads: Sequence[LoadItem], *, by: User) -> Step:
    """Sign the sheet. A site that can be supplied goes on to planning, where a second surveyor is
    named once they have confirmed; one that cannot stays here.

    Raises Refused with every reason against it. A survey is never waived (DOMAIN section 3).
    """
    survey = save(survey, loads, by=by)
    if survey.can_supply is False:
        return _no_supply(survey, by)
    step, alone = survey.step, survey.second is None
    step.__dict__.pop("read_survey", None)
    against = against_signature(survey)
    if against or not alone:
        against = [*unmet(guards(step.kind), step), *against]
    if not alone:
        against += countersign.against_second(survey, by)
    if against:
        raise Refused(against)
    if alone:
        return _finish(survey, by)
    countersign.present(survey, by=by)
    step.__dict__.pop("read_survey", None)
    return step


@act
def confirm(survey: Survey, *, by: User) -> Step:
    """The second surveyor confirms what the first has signed: the survey is done.

    Raises Refused to everybody else, and with what has come to stand against it meanwhile.
    """
    countersign.confirm(survey, by=by)
    return _finish(survey, by, role=survey.step.process.role)


def against_signature(survey: Survey, *, handed_in: bool = False) -> list[Refused]:
    """Why the customer's signature on the sheet is none; its picture is here, or is `handed_in`."""
    name, at = survey.customer_signed_name, survey.customer_signed_at
    signatures = survey.photos.filter(subject=Photo.Subject.SIGNATURE) if survey.pk else None
    on_file = handed_in or bool(name and signatures and signatures.exists())
    return signers.against_signature(survey.case, name, at, on_file=on_file)


def _finish(survey: Survey, by: User, role: str | None = None) -> Step:
    step = moves.finish(
        survey.step,
        by=by,
        role=role,
        what=SURVEY_SIGNED,
        outcome="can_supply",
        facts={
            "existing_supply": survey.found_supply,
            "disputed": survey.found_disputed,
            "concealed_works": survey.concealed_works,
            "line_works": survey.line_works,
            "customer_works": survey.customer_works,
            "special_load": survey.special_load,
        },
    )
    survey.signed_at, survey.signed_by = step.finished_at, survey.presented_by or by
    survey.save(update_fields=["signed_at", "signed_by"])
    issue(step.case, "survey", by=by, step=step)
    forget_unanswered(step.case)
    return step


def _no_supply(survey: Survey, by: User) -> Step:
    """Record the finding; the step stays: another point is tried, or the supervisor refuses."""
    if not survey.no_supply_reason.strip():
        raise Refused(_("Say why this site cannot be supplied."))
    step = survey.step
    visited, surveyors, *_others = guards(step.kind)
    step.__dict__.pop("read_survey", None)
    demand((visited, surveyors), step)
    survey.no_supply_at = timezone.now()
    survey.save(update_fields=["no_supply_at"])
    moves.record(step.case, NO_SUPPLY, by=by, step=step, note=survey.no_supply_reason)
    return step
