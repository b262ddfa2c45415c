"""The survey sheet 现场勘查单 (DOMAIN section 6): what was found on site, visit by visit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Prefetch, Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import Case, Countersigned, Step, countersign_constraints
from workflow.process import HV, ExistingSupply, Kind, flow


class Phase(models.TextChoices):
    SINGLE = "single", _("Single-phase")
    THREE = "three", _("Three-phase")


class LoadGrade(models.IntegerChoices):
    FIRST = 1, _("First grade")
    SECOND = 2, _("Second grade")
    THIRD = 3, _("Third grade")


EARTH_M = 6_371_000


def metres_between(a: Sequence[Any], b: Sequence[Any]) -> int:
    """The distance of two places (longitude, latitude in degrees) on the globe, in metres."""
    (x1, y1), (x2, y2) = ([radians(float(v)) for v in place] for place in (a, b))
    half = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2
    return round(2 * EARTH_M * asin(sqrt(half)))


class Survey(Countersigned):
    """One round of the survey. Signed = frozen: only a survey that can supply is ever signed.

    Where a second surveyor is named, they confirm it before it counts as signed.
    """

    FIRST, SECOND, CONFIRM_AT = "surveyor", "second_surveyor", "surveys:confirm"

    step = models.OneToOneField(Step, models.PROTECT, related_name="survey")
    # Who and where
    on_site_at = models.DateTimeField(_("on site at"), null=True, blank=True)
    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("surveyor"),
    )
    second_surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("second surveyor"),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    accuracy_m = models.PositiveIntegerField(
        _("GPS accuracy (m)"), null=True, blank=True, validators=[MaxValueValidator(100_000)]
    )
    # Computed when the sheet is saved, from the place the application declares.
    off_address_m = models.PositiveIntegerField(
        _("distance from the declared address (m)"), null=True, blank=True
    )
    # The present supply, as found
    found_supply = models.CharField(
        _("present supply found"), max_length=10, choices=ExistingSupply, blank=True
    )
    found_disputed = models.BooleanField(_("in dispute, as found"), default=False)
    co_users = models.CharField(_("co-users found"), max_length=200, blank=True)
    neighbour_meter = models.CharField(_("neighbour's meter"), max_length=60, blank=True)
    # The customer's side
    load_grade = models.PositiveSmallIntegerField(
        _("load grade"), choices=LoadGrade, null=True, blank=True
    )
    phase = models.CharField(_("phase"), max_length=10, choices=Phase, blank=True)
    meter_position = models.CharField(_("meter position"), max_length=120, blank=True)
    box_slots = models.PositiveSmallIntegerField(
        _("meter box slots"), null=True, blank=True, validators=[MaxValueValidator(200)]
    )
    box_slots_free = models.PositiveSmallIntegerField(
        _("slots free"), null=True, blank=True, validators=[MaxValueValidator(200)]
    )
    safety_remarks = models.TextField(_("safety remarks"), max_length=1000, blank=True)
    concealed_works = models.BooleanField(_("concealed works"), default=False)
    line_works = models.BooleanField(_("external line works"), default=False)
    customer_works = models.BooleanField(_("works built by the customer"), default=False)
    special_load = models.BooleanField(_("impact or harmonic load"), default=False)
    # The finding
    can_supply = models.BooleanField(_("can supply"), null=True, blank=True)
    no_supply_reason = models.TextField(_("why not"), max_length=1000, blank=True)
    no_supply_at = models.DateTimeField(_("found that it cannot supply"), null=True, blank=True)
    # The customer under what was found
    customer_signed_name = models.CharField(_("signed by (customer)"), max_length=60, blank=True)
    customer_signed_at = models.DateTimeField(_("customer signed at"), null=True, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed by"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    # The round before, of a sheet not yet saved.
    before: Survey | None = None
    # What must stand on the sheet before it is signed.
    NEEDED = (
        "on_site_at",
        "surveyor",
        "found_supply",
        "load_grade",
        "phase",
        "meter_position",
    )

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            RowCheck(
                condition=Q(signed_at=None, signed_by=None)
                | Q(
                    can_supply__isnull=False,
                    can_supply=True,
                    signed_at__isnull=False,
                    signed_by__isnull=False,
                ),
                name="signed_survey_can_supply",
                violation_error_message=_("Only a survey that can supply is signed."),
            ),
            RowCheck(
                condition=Q(no_supply_at=None)
                | (Q(can_supply__isnull=False, can_supply=False) & ~Q(no_supply_reason="")),
                name="no_supply_is_explained",
                violation_error_message=_("Say why this site cannot be supplied."),
            ),
            RowCheck(
                condition=Q(second_surveyor=None)
                | Q(surveyor=None)
                | ~Q(second_surveyor=F("surveyor")),
                name="two_different_surveyors",
                violation_error_message=_("The second surveyor must be another person."),
            ),
            RowCheck(
                condition=Q(box_slots=None)
                | Q(box_slots_free=None)
                | Q(box_slots_free__lte=F("box_slots")),
                name="free_slots_within_box",
                violation_error_message=_("A box cannot have more free slots than slots."),
            ),
            RowCheck(
                condition=(Q(longitude=None) | Q(longitude__range=(-180, 180)))
                & (Q(latitude=None) | Q(latitude__range=(-90, 90))),
                name="survey_place_on_earth",
                violation_error_message=_("There is no such place on earth."),
            ),
            *countersign_constraints("survey", "second_surveyor"),
        ]

    def __str__(self) -> str:
        return f"{self.step}"

    @classmethod
    def of(cls, case: Case) -> Survey | None:
        """The latest signed survey of the case; while none is signed, the latest begun."""
        rounds = list(
            cls.objects.filter(step__case=case).select_related("step").order_by("-step__round")
        )
        return next((sheet for sheet in rounds if sheet.signed_at), rounds[0] if rounds else None)

    def carries(self, case: Case) -> bool:
        """Signed as workable, and the survey of the case did not begin anew since."""
        latest = case.step(Kind.SURVEY)
        is_latest = latest is None or latest.pk == self.step_id
        return bool(self.signed_at and self.can_supply) and is_latest

    @classmethod
    def read(cls, step: Step) -> Survey | None:
        """The sheet of a step with all that hangs on it, read once for one step object."""
        if "read_survey" not in step.__dict__:
            points = cls.candidates.rel.related_model.objects.select_related("source_point")
            found = (
                cls.objects.filter(step=step)
                .select_related(
                    "surveyor", "second_surveyor", "signed_by", "presented_by", "confirmed_by"
                )
                .prefetch_related(Prefetch("candidates", points), "candidates__consents")
                .annotate(load_kw=Sum(F("loads__quantity") * F("loads__unit_kw")))
                .first()
            )
            if found:
                found.step = step
            step.read_survey = found
        return step.read_survey

    @property
    def case(self) -> Case:
        return self.step.case

    @property
    def missing(self) -> list[str]:
        """Names of the fields still to be filled in before the sheet can be signed."""
        return [name for name in self.NEEDED if getattr(self, name) in (None, "")]

    @property
    def points(self) -> list:
        """Its candidate points; before the first save those of the round before, which it takes."""
        sheet = self if self.pk else self.before
        return list(sheet.candidates.all()) if sheet else []

    @property
    def needs_point(self) -> bool:
        """A source point is chosen only where a supply plan follows."""
        return Kind.PLAN in flow(self.case.business_type)

    @property
    def points_needed(self) -> int:
        """How many candidates must be measured: a contested supply needs a choice."""
        return (2 if self.contested else 1) if self.needs_point else 0

    @property
    def was_on_site(self) -> bool:
        """The time on site and the visit that was made are written together (surveys.services)."""
        return self.on_site_at is not None

    @property
    def visits_made(self) -> models.QuerySet[Visit]:
        """Every attempt to be on site, with who made it."""
        return self.visits.select_related("surveyor")

    @property
    def surveyors(self) -> list:
        """Who was on site, one or two."""
        return [person for person in (self.surveyor, self.second_surveyor) if person]

    @property
    def surveyors_needed(self) -> int:
        """Two for high voltage (DOMAIN section 3)."""
        return 2 if self.case.customer_class in HV else 1

    @property
    def contested(self) -> bool:
        """Shared, resold or disputed, as declared or as found: choice and consents matter."""
        return (
            self.case.is_contested
            or self.found_disputed
            or self.found_supply in (ExistingSupply.SHARED, ExistingSupply.RESOLD)
        )

    @property
    def checked_kw(self) -> Decimal:
        """The checked load in kW."""
        return sum((item.total_kw for item in self.loads.all()), Decimal(0))


class LoadItem(models.Model):
    """A row of the checked load list."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="loads")
    name = models.CharField(_("equipment"), max_length=80)
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    unit_kw = models.DecimalField(
        _("each (kW)"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(0)],
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("checked load")
        constraints = [
            RowCheck(
                condition=Q(quantity__gte=1, unit_kw__gte=0),
                name="checked_load_not_negative",
                violation_error_message=_("A load cannot be negative."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"

    @property
    def total_kw(self) -> Decimal:
        return self.quantity * self.unit_kw


class Visit(models.Model):
    """One attempt to be on site: done, or why not, with the evidence."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Surveyed")
        NO_ACCESS = "no_access", _("No access")
        PUT_OFF = "put_off", _("Put off by the customer")
        UNSAFE = "unsafe", _("Broken off, not safe")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="visits")
    at = models.DateTimeField(_("when"))
    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("surveyor")
    )
    met = models.CharField(_("whom we met"), max_length=60, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    evidence = models.TextField(_("evidence"), max_length=500, blank=True)
    entered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("visit")
        constraints = [
            RowCheck(
                condition=Q(outcome="done") | ~Q(evidence=""),
                name="failed_visit_has_evidence",
                violation_error_message=_(
                    "A visit without a survey needs its evidence: who was called, what was found."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.at:%Y-%m-%d %H:%M}"
