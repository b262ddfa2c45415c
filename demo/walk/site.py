"""On site: points, photos, the signed survey."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from applications.signers import signers_of
from demo.walk.stage import Stage, fresh, picture
from surveys import services as surveys
from surveys.models import Candidate, Photo, SourcePoint, Survey
from workflow.models import Case, Step
from workflow.process import (
    HV,
    CustomerClass,
    Kind,
)


def point(stage: Stage, case: Case, ordinal: int = 0) -> Candidate:
    """A candidate from the catalogue of the office, on a line of its own."""
    voltage = "10kv" if case.customer_class in HV else "380v"
    points = SourcePoint.objects.for_unit(case.unit).filter(voltage=voltage).order_by("pk")
    chosen = points[(case.pk + ordinal) % len(points)]
    return Candidate(
        source_point=chosen,
        distance_m=stage.random.randrange(5, 60),
        overhead_m=0,
        cable_m=stage.random.randrange(10, 90),
        works="敷设进户电缆，装表箱",
        cost_yuan=Decimal(stage.random.randrange(800, 9000)),
        works_days=stage.random.choice((1, 2, 3, 5)),
        workable=True,
    )


def begin_survey(stage: Stage, case: Case, *, points: int | None = None) -> Step:
    """The surveyor goes to the site, measures the points, takes photos; the sheet is not signed."""
    step = case.step(Kind.SURVEY)
    by = stage.worker(step)
    survey = surveys.begin(step, by=by)
    wanted = points or (
        2 if case.is_contested or case.customer_class == CustomerClass.HV_DUAL else 1
    )
    if survey.needs_point:
        for ordinal in range(wanted):
            surveys.measure(point(stage, case, ordinal), step=survey.step, by=by)
    for title in ("接户点", "表箱"):
        add_photo(stage, survey.step, title, by)
    return fresh(case).step(Kind.SURVEY)


def add_photo(stage: Stage, step: Step, title: str, by: User) -> None:
    surveys.add_photo(Photo(caption=title), picture(stage.random, title), step=step, by=by)


def survey(stage: Stage, case: Case) -> None:
    """The site is surveyed and can be supplied."""
    step = begin_survey(stage, case)
    sign_survey(stage, step)


def sign_survey(stage: Stage, step: Step) -> None:
    """Fill in what was found and sign."""
    case, by = step.case, stage.worker(step)
    signer, now = signers_of(case, timezone.localdate()).usual, timezone.now()
    if signer:
        signature = Photo(subject=Photo.Subject.SIGNATURE)
        surveys.add_photo(signature, picture(stage.random, signer), step=step, by=by)
        step = fresh(case).step(Kind.SURVEY)
    draft, loads = surveys.draft_for(step)
    draft.on_site_at = now
    draft.surveyor = by
    if case.customer_class in HV:
        draft.second_surveyor = stage.people["matao"]
    draft.found_supply, draft.found_disputed = case.existing_supply, case.disputed
    draft.load_grade, draft.phase = 3, "three" if case.customer_class in HV else "single"
    draft.meter_position, draft.box_slots, draft.box_slots_free = "单元表箱", 6, 2
    draft.accuracy_m = 6
    draft.customer_signed_name, draft.customer_signed_at = signer[:60], now if signer else None
    draft.can_supply = True
    if case.customer_class in HV:
        draft.concealed_works = draft.customer_works = True
    step = surveys.sign(draft, loads, by=by)
    if draft.second:
        surveys.confirm(Survey.objects.get(step=step), by=draft.second)
