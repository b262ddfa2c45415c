"""The equipment list of an application (DOMAIN section 6): what will use the power."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from applications import wording
from applications.models.application import Application
from applications.models.demand import kilowatt


class Equipment(models.Model):
    """One row of the list: so many pieces of one kind."""

    class Category(models.TextChoices):
        LIVING = "living", _("Household")
        COOLING = "cooling", _("Air conditioning")
        HEATING = "heating", _("Electric heating")
        LIGHTING = "lighting", _("Lighting")
        MOTOR = "motor", _("Motor")
        WELDING = "welding", _("Welding, furnace")
        CHARGER = "charger", _("Charger")
        ELECTRONIC = "electronic", _("Electronics")
        OTHER = "other", _("Other")

    class Phase(models.TextChoices):
        SINGLE = "single", _("single")
        THREE = "three", _("three")

    class Voltage(models.TextChoices):
        V220 = "220v", _("220 V")
        V380 = "380v", _("380 V")
        KV10 = "10kv", _("10 kV")

    application = models.ForeignKey(Application, models.CASCADE, related_name="equipment")
    name = models.CharField(_("name"), max_length=60, validators=[wording.name])
    category = models.CharField(
        _("category"), max_length=12, choices=Category, default=Category.LIVING
    )
    quantity = models.PositiveIntegerField(
        _("quantity"), default=1, validators=[MinValueValidator(1), MaxValueValidator(9999)]
    )
    unit_kw = kilowatt(_("unit (kW)"))
    voltage = models.CharField(_("voltage"), max_length=5, choices=Voltage, default=Voltage.V220)
    phase = models.CharField(_("phase"), max_length=6, choices=Phase, default=Phase.SINGLE)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("equipment")
        verbose_name_plural = _("equipment")
        constraints = [
            RowCheck(
                condition=Q(quantity__gte=1),
                name="equipment_at_least_one",
                violation_error_message=_("At least one piece."),
            ),
            RowCheck(
                condition=Q(unit_kw__gte=0),
                name="equipment_kw_not_negative",
                violation_error_message=_("Power and capacity cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"

    @property
    def total_kw(self) -> Decimal:
        """Quantity times unit power, kW."""
        return self.quantity * self.unit_kw
