"""The stock of meters: each one known by its asset number, in one place at a time."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import Unit, User

# As on the nameplate: at most 6 A, the other side of a CT of 5 or 1 A; 100 V between the phases.
MADE_FOR_CT = r"(^|\()[0-6](\.[0-9]+)?\)?$"
MADE_FOR_PT = r"(^|×|/)(57\.7|100)$"


class Phase(models.TextChoices):
    SINGLE = "single", _("Single-phase")
    THREE = "three", _("Three-phase")


class Accuracy(models.TextChoices):
    """Accuracy classes, the best last: A to E of the newer standard beside the older figures."""

    A = "2.0", _("A (2.0)")
    B = "1.0", _("B (1.0)")
    C = "0.5S", _("C (0.5S)")
    D = "0.2S", _("D (0.2S)")

    @property
    def rank(self) -> int:
        """The higher, the more accurate."""
        return list(Accuracy).index(self)


class MeterQuerySet(models.QuerySet["Meter"]):
    def in_stock(self) -> MeterQuerySet:
        return self.filter(state=Meter.State.IN_STOCK)

    def fitting(
        self,
        phases: Collection[str],
        classes: Collection[str],
        through_ct: bool | None = None,
        through_pt: bool | None = None,
    ) -> MeterQuerySet:
        """Of these phases and classes; made for a CT or PT, not made for one, or (None) either."""
        found = self.filter(phase__in=phases, accuracy__in=classes)
        for wanted, made in (
            (through_ct, Q(rating_a__regex=MADE_FOR_CT)),
            (through_pt, Q(voltage_v__regex=MADE_FOR_PT)),
        ):
            if wanted is not None:
                found = found.filter(made if wanted else ~made)
        return found

    def for_unit(self, unit: Unit) -> MeterQuerySet:
        """The stock of the unit itself, of those above it and of those below."""
        return self.filter(Q(unit__path__in=unit.lineage) | Q(unit__path__startswith=unit.path))

    def visible_to(self, user: User) -> MeterQuerySet:
        return self.filter(unit__in=Unit.objects.under(user.unit))


class Meter(models.Model):
    """One meter. Its state changes only under its lock, in `metering.services`."""

    class State(models.TextChoices):
        IN_STOCK = "in_stock", _("In stock")
        ASSIGNED = "assigned", _("Assigned to a work order")
        INSTALLED = "installed", _("Installed")
        REMOVED = "removed", _("Removed")
        FAULTY = "faulty", _("Faulty")

    class Type(models.TextChoices):
        SMART = "smart", _("Smart meter")
        SMART_COST = "smart_cost", _("Smart meter, prepaid")
        MULTI = "multi", _("Multi-function meter")
        BIDIRECTIONAL = "bidirectional", _("Two-way meter")

    asset_number = models.CharField(
        _("asset no."),
        max_length=30,
        unique=True,
        validators=[RegexValidator(r"^[0-9A-Z-]+$", _("Digits, capitals and hyphens only."))],
    )
    type = models.CharField(_("type"), max_length=14, choices=Type, default=Type.SMART)
    phase = models.CharField(_("phase"), max_length=6, choices=Phase)
    rating_a = models.CharField(
        _("rating (A)"),
        max_length=12,
        validators=[
            RegexValidator(
                r"^\d+(\.\d+)?(-\d+(\.\d+)?)?(\(\d+(\.\d+)?\))?$",
                _("As on the nameplate, e.g. 5(60) or 0.25-0.5(60)."),
            )
        ],
    )
    voltage_v = models.CharField(
        _("voltage (V)"),
        max_length=12,
        validators=[
            RegexValidator(
                r"^(3×)?\d+(\.\d+)?(/\d+(\.\d+)?)?$",
                _("As on the nameplate, e.g. 220, 3×220/380 or 3×57.7/100."),
            )
        ],
    )
    accuracy = models.CharField(_("accuracy"), max_length=4, choices=Accuracy)
    maker = models.CharField(_("maker"), max_length=80)
    verified_until = models.DateField(_("verification valid to"), null=True, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="meters", verbose_name=_("store of")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.IN_STOCK)

    objects = MeterQuerySet.as_manager()

    class Meta:
        ordering = ["asset_number"]
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        constraints = [
            RowCheck(
                condition=~Q(asset_number=""),
                name="meter_has_a_number",
                violation_error_message=_("A meter has its asset number."),
            ),
            RowCheck(
                condition=Q(state__in=["in_stock", "assigned", "installed", "removed", "faulty"]),
                name="meter_state_is_known",
            ),
        ]
        indexes = [models.Index(fields=["state", "unit", "asset_number"], name="meter_stock")]

    def __str__(self) -> str:
        return (
            f"{self.asset_number} · {self.get_phase_display()} {self.rating_a} A · "
            f"{self.voltage_v} V · {self.accuracy}"
        )

    @property
    def through_ct(self) -> bool:
        """Made to hang behind a current transformer, not to take the load itself."""
        return bool(re.search(MADE_FOR_CT, self.rating_a))

    @property
    def through_pt(self) -> bool:
        """Made to hang behind a voltage transformer."""
        return bool(re.search(MADE_FOR_PT, self.voltage_v))
