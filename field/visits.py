"""The visits of a day: whose, where, until when, and what a visit needs to know beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, radians
from typing import Any
from urllib.parse import quote

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse

from accounts.models import User
from applications.models import Application
from documents.models import PaperItem
from field.sheets import KINDS, SHEETS, Sheet, sheets_of
from metering.models import MeterPhoto
from surveys.models import Photo, SourcePoint
from surveys.models.survey import metres_between
from workflow import moves
from workflow.models import Event, Step
from workflow.process import HV, Kind
from works.models import CheckPhoto

NEAR = 12
PHOTOS = 12
VISITS = 60


@dataclass
class SiteVisit:
    """One call at a site."""

    step: Step
    application: Application | None = None
    wish: str = ""
    owed: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    @property
    def case(self) -> Any:
        return self.step.case

    @property
    def sheets(self) -> list[Sheet]:
        return [SHEETS[code] for code in self.codes]

    @property
    def place(self) -> tuple[Any, Any] | None:
        """Longitude and latitude as declared, in degrees."""
        found = self.application
        if found is None or found.longitude is None or found.latitude is None:
            return None
        return found.longitude, found.latitude

    @property
    def map_url(self) -> str:
        """For the map of the tablet, which knows places and addresses (RFC 5870)."""
        at = f"{self.place[1]},{self.place[0]}" if self.place else "0,0"
        return f"geo:{at}?q={quote(self.case.address)}"

    @property
    def needs_two(self) -> bool:
        return self.step.kind == Kind.SURVEY and self.case.customer_class in HV


def steps_of(user: User) -> QuerySet[Step]:
    """The steps on site that are this person's, to be done now, the most urgent first."""
    steps = Step.objects.visible_to(user).in_hand().filter(owner=user, kind__in=KINDS)
    return steps.select_related("case__unit", "owner").order_by(
        F("due_on").asc(nulls_last=True), "pk"
    )


def today(user: User, by: str = "") -> list[SiteVisit]:
    """The visits of a person, by deadline or by place; a fixed number of queries."""
    visits = [SiteVisit(step) for step in steps_of(user)[:VISITS]]
    cases = [visit.step.case_id for visit in visits]
    applications = {
        found.step.case_id: found.as_corrected()
        for found in Application.objects.filter(step__case__in=cases)
        .prefetch_related("corrections")
        .select_related("step")
        .order_by("step__round")
    }
    wishes = {
        event.case_id: str(event.note)
        for event in Event.objects.filter(case__in=cases, verb=moves.CONTACTED).order_by("seq")
    }
    owed = owed_of(cases)
    for visit in visits:
        visit.application = applications.get(visit.step.case_id)
        visit.wish = wishes.get(visit.step.case_id, "")
        visit.owed = owed.get(visit.step.case_id, [])
    if by == "place":
        visits.sort(key=lambda visit: (_district(visit), visit.case.address))
    return visits


def _district(visit: SiteVisit) -> str:
    found = visit.application
    return f"{found.district} {found.street}" if found else ""


def owed_of(cases: Iterable[int]) -> dict[int, list[str]]:
    """The papers that each customer still owes."""
    found: dict[int, list[str]] = {}
    items = PaperItem.objects.filter(case__in=list(cases)).select_related("requirement")
    for item in items.owed():
        found.setdefault(item.case_id, []).append(str(item.requirement))
    return found


def visit_of(step: Step) -> SiteVisit:
    """One visit with all that a person on site needs."""
    last = Event.objects.filter(case=step.case, verb=moves.CONTACTED).order_by("-seq").first()
    return SiteVisit(
        step,
        application=Application.of(step.case),
        wish=str(last.note) if last else "",
        owed=owed_of([step.case_id]).get(step.case_id, []),
        codes=sheets_of(step),
    )


def points_near(visit: SiteVisit) -> list[tuple[SourcePoint, int | None]]:
    """The source points of the unit, the nearest first, with their distance in metres."""
    points = SourcePoint.objects.for_unit(visit.case.unit)
    if visit.place:
        longitude, latitude = (float(degree) for degree in visit.place)
        # A degree of longitude is shorter than one of latitude; over a town that is all it takes.
        east = (Cast("longitude", FloatField()) - longitude) * cos(radians(latitude))
        north = Cast("latitude", FloatField()) - latitude
        points = points.order_by((east * east + north * north).asc(nulls_last=True), "name")
    return [(point, _metres(visit, point)) for point in points[:NEAR]]


def _metres(visit: SiteVisit, point: SourcePoint) -> int | None:
    if visit.place is None or point.longitude is None or point.latitude is None:
        return None
    return metres_between(visit.place, (point.longitude, point.latitude))


def photos_of(step: Step) -> list[tuple[str, str, str]]:
    """What was photographed before on this case: (address of the small picture, of the whole one,
    what it shows), the latest first.
    """
    found: list[tuple[datetime, str, str, str]] = []
    case = step.case
    for photo in Photo.objects.filter(survey__step__case=case).order_by("-pk")[:PHOTOS]:
        small, whole = (
            reverse(f"surveys:{name}", args=[case.number, photo.pk])
            for name in ("thumbnail", "photo")
        )
        found.append((photo.uploaded_at, small, whole, str(photo)))
    for model in (CheckPhoto, MeterPhoto):
        rows = model.objects.filter(step__case=case).select_related("attachment")
        for row in rows.order_by("-pk")[:PHOTOS]:
            kept = row.attachment
            small = reverse("documents:thumbnail", args=[case.number, kept.pk])
            found.append((kept.uploaded_at, small, kept.get_absolute_url(), str(row)))
    found.sort(reverse=True)
    return [entry[1:] for entry in found[:PHOTOS]]
