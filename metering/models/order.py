"""The meter work order 装拆表工作单 (DOMAIN section 6): what comes off, what goes up, by whom."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from documents.models import Attachment
from metering.models.meter import Meter
from plans.ratios import RatioField, validate_ct, validate_pt
from workflow.models import Case, Countersigned, Step, countersign_constraints


def kilowatt_hours(label) -> models.DecimalField:
    """A column for a register of a meter, kWh, as read."""
    return models.DecimalField(
        label,
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(99_999_999)],
    )


class Readings(models.Model):
    """The registers of a meter as read at one moment, kWh. Abstract."""

    reading_peak = kilowatt_hours(_("peak (kWh)"))
    reading_flat = kilowatt_hours(_("flat (kWh)"))
    reading_valley = kilowatt_hours(_("valley (kWh)"))
    reading_total = kilowatt_hours(_("total (kWh)"))

    class Meta:
        abstract = True

    @property
    def adds_up(self) -> bool:
        """Peak, flat and valley make the total, to within 1 kWh; a total may stand alone."""
        parts = [self.reading_peak, self.reading_flat, self.reading_valley]
        if self.reading_total is None or None in parts:
            return True
        return abs(sum(parts) - self.reading_total) <= 1


class Done(Countersigned):
    """Work at the meter: two fitters who each sign, the customer's signature, the time.

    Abstract.
    """

    FIRST, SECOND, CONFIRM_AT = "installer", "second_installer", "metering:confirm"

    installer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("meter technician"),
    )
    second_installer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("second meter technician"),
    )
    customer_signed_name = models.CharField(_("signed by (customer)"), max_length=60, blank=True)
    customer_signed_at = models.DateTimeField(_("customer signed at"), null=True, blank=True)
    remarks = models.TextField(_("remarks"), max_length=500, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


def reading_constraints(name: str) -> list[models.CheckConstraint]:
    """No register below zero, none above the total."""
    parts = ("reading_peak", "reading_flat", "reading_valley")
    rule = Q(reading_total=None) | Q(reading_total__gte=0)
    for part in parts:
        rule &= Q(**{part: None}) | (
            Q(**{f"{part}__gte": 0})
            & (Q(reading_total=None) | Q(**{f"{part}__lte": F("reading_total")}))
        )
    return [
        RowCheck(
            condition=rule,
            name=f"{name}_readings_make_sense",
            violation_error_message=_(
                "A reading cannot be negative, and no register more than the total."
            ),
        ),
        RowCheck(
            condition=Q(installer=None)
            | Q(second_installer=None)
            | ~Q(installer=F("second_installer")),
            name=f"{name}_by_two_people",
            violation_error_message=_("The second meter technician must be another person."),
        ),
        *countersign_constraints(name, "second_installer"),
    ]


class Installation(Readings, Done):
    """The work order to put up a meter. Signed = the meter hangs, sealed."""

    class Mode(models.TextChoices):
        HV_HV = "hv_hv", _("HV supply, HV metering (高供高计)")
        HV_LV = "hv_lv", _("HV supply, LV metering (高供低计)")
        LV_LV = "lv_lv", _("LV supply, LV metering (低供低计)")

    step = models.OneToOneField(Step, models.PROTECT, related_name="installation")
    metering_point = models.CharField(_("metering point"), max_length=120, blank=True)
    mode = models.CharField(_("metering mode"), max_length=10, choices=Mode, blank=True)
    meter = models.ForeignKey(
        Meter,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="installations",
        verbose_name=_("meter"),
    )
    ct_ratio = RatioField(_("CT ratio"), max_length=20, blank=True, validators=[validate_ct])
    pt_ratio = RatioField(_("PT ratio"), max_length=20, blank=True, validators=[validate_pt])
    box = models.CharField(_("meter box and slot"), max_length=60, blank=True)
    ordered_at = models.DateTimeField(_("work order issued"), null=True, blank=True)
    installed_at = models.DateTimeField(_("installed at"), null=True, blank=True)
    # The meter came off again, or the work order fell: it may hang elsewhere then.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("meter installation")
        verbose_name_plural = _("meter installations")
        constraints = [
            models.UniqueConstraint(
                fields=["meter"],
                condition=Q(ended_at=None),
                name="a_meter_hangs_in_one_place",
                violation_error_message=_("This meter is on another work order, or installed."),
            ),
            RowCheck(
                condition=Q(signed_at=None)
                | (
                    Q(meter__isnull=False)
                    & Q(installed_at__isnull=False)
                    & Q(installer__isnull=False)
                    & Q(second_installer__isnull=False)
                    & Q(reading_total__isnull=False)
                    & ~Q(customer_signed_name="")
                ),
                name="signed_installation_is_complete",
                violation_error_message=_(
                    "A signed work order has its meter, time and reading, two technicians "
                    "and the customer's name."
                ),
            ),
            *reading_constraints("installation"),
        ]

    def __str__(self) -> str:
        return str(self.meter or self.step)

    @classmethod
    def of(cls, case: Case) -> Installation | None:
        """The latest work order of the case."""
        return (
            cls.objects.filter(step__case=case)
            .select_related("meter", "step")
            .order_by("-step__round")
            .first()
        )

    @property
    def is_sealed(self) -> bool:
        """Signed, with at least one seal."""
        return self.signed_at is not None and self.seals.exists()


class Removal(Readings, Done):
    """The work order to take a meter off, or seal it for a suspension, with final readings."""

    class What(models.TextChoices):
        TAKEN = "taken", _("Taken off, back to the store")
        MOVED = "moved", _("Taken off, put up again at the new place")
        SEALED = "sealed", _("Stays, switched off and sealed")

    step = models.OneToOneField(Step, models.PROTECT, related_name="removal")
    asset_number = models.CharField(_("old meter, asset no."), max_length=30, blank=True)
    meter = models.ForeignKey(
        Meter, models.PROTECT, null=True, blank=True, related_name="removals", editable=False
    )
    what = models.CharField(_("what happens to it"), max_length=8, choices=What, blank=True)
    seals_intact = models.BooleanField(_("old seals intact"), null=True, blank=True)
    new_seal = models.CharField(_("new seal no."), max_length=30, blank=True)
    removed_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("meter removal")
        verbose_name_plural = _("meter removals")
        constraints = [
            RowCheck(
                condition=Q(signed_at=None)
                | (
                    ~Q(asset_number="")
                    & ~Q(what="")
                    & Q(removed_at__isnull=False)
                    & Q(installer__isnull=False)
                    & Q(second_installer__isnull=False)
                    & Q(reading_total__isnull=False)
                ),
                name="signed_removal_is_complete",
                violation_error_message=_(
                    "A signed removal has its meter, time, final reading and two technicians."
                ),
            ),
            *reading_constraints("removal"),
        ]

    def __str__(self) -> str:
        return self.asset_number or str(self.step)


class Seal(models.Model):
    """A seal put on at the installation."""

    class Place(models.TextChoices):
        METER = "meter", _("Meter cover")
        TERMINAL = "terminal", _("Terminal cover")
        BOX = "box", _("Meter box or cabinet")
        CT = "ct", _("CT or PT")
        OTHER = "other", _("Other")

    installation = models.ForeignKey(Installation, models.PROTECT, related_name="seals")
    place = models.CharField(_("place"), max_length=10, choices=Place)
    number = models.CharField(
        _("seal no."),
        max_length=30,
        unique=True,
        error_messages={"unique": _("This seal was used before.")},
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            RowCheck(
                condition=~Q(number=""),
                name="seal_has_a_number",
                violation_error_message=_("A seal has its number."),
            )
        ]

    def __str__(self) -> str:
        return self.number


class MeterPhoto(models.Model):
    """A photo of the meter: before, hung and sealed, taken off, under power."""

    class Shows(models.TextChoices):
        BEFORE = "before", _("Before the work")
        INSTALLED = "installed", _("Meter and seals")
        READING = "reading", _("Reading")
        REMOVED = "removed", _("Old meter")
        POWER_ON = "power_on", _("Power on")
        SIGNATURE = "signature", _("Customer's signature")
        SKETCH = "sketch", _("Sketch")

    step = models.ForeignKey(Step, models.PROTECT, related_name="meter_photos")
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    shows = models.CharField(_("shows"), max_length=10, choices=Shows)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("photo of a meter")
        verbose_name_plural = _("photos of meters")

    def __str__(self) -> str:
        return self.get_shows_display()
