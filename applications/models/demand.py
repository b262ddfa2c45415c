"""What is asked for: power, voltage, sources, dates and works, a part of the application sheet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications import wording
from workflow.process import Importance


def kilowatt(label: Any, **options: Any) -> models.DecimalField:
    """A power or capacity, kW or kVA as the label says, never negative."""
    return models.DecimalField(
        label,
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0))],
        **options,
    )


class Demand(models.Model):
    """The power that is wanted, and what it is wanted for."""

    class Category(models.TextChoices):
        RESIDENTIAL = "residential", _("Residential")
        COMMERCIAL = "commercial", _("Industry and commerce")
        LARGE_INDUSTRY = "large_industry", _("Large industry (two-part tariff)")
        AGRICULTURE = "agriculture", _("Agriculture")

    class LoadNature(models.TextChoices):
        GENERAL = "general", _("General")
        CONTINUOUS = "continuous", _("Continuous (three shifts)")
        SEASONAL = "seasonal", _("Seasonal")
        IMPACT = "impact", _("Impact load")
        HARMONIC = "harmonic", _("Harmonic load")
        IMPACT_HARMONIC = "impact_harmonic", _("Impact and harmonic load")

    class Voltage(models.TextChoices):
        V220 = "220v", _("220 V single-phase")
        V380 = "380v", _("380 V three-phase")
        KV10 = "10kv", _("10 kV")
        KV20 = "20kv", _("20 kV")
        KV35 = "35kv", _("35 kV")
        KV110 = "110kv", _("110 kV")
        KV220 = "220kv", _("220 kV")

    class Invoice(models.TextChoices):
        ORDINARY = "ordinary", _("Ordinary e-invoice")
        SPECIAL = "special", _("Special VAT invoice")
        NONE = "none", _("No invoice")

    SPECIAL_LOADS = (LoadNature.IMPACT, LoadNature.HARMONIC, LoadNature.IMPACT_HARMONIC)

    category = models.CharField(
        _("electricity category"), max_length=20, choices=Category, default=Category.RESIDENTIAL
    )
    trade = models.CharField(_("trade"), max_length=60, validators=[wording.name], blank=True)
    load_nature = models.CharField(
        _("load nature"), max_length=20, choices=LoadNature, default=LoadNature.GENERAL
    )
    importance = models.CharField(
        _("importance"), max_length=10, choices=Importance, default=Importance.NONE
    )
    voltage = models.CharField(_("voltage"), max_length=10, choices=Voltage, default=Voltage.V220)
    sources_wanted = models.PositiveSmallIntegerField(
        _("sources wanted"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(4)],
    )
    existing_kw = kilowatt(_("existing (kW)"), default=0)
    new_kw = kilowatt(_("new (kW)"), default=0)
    total_kw = kilowatt(_("total (kW)"), default=0, editable=False)
    existing_kva = kilowatt(_("existing (kVA)"), default=0)
    new_kva = kilowatt(_("new (kVA)"), default=0)
    total_kva = kilowatt(_("total (kVA)"), default=0, editable=False)
    monthly_kwh = models.PositiveIntegerField(
        _("expected use (kWh a month)"), null=True, blank=True
    )
    wanted_on = models.DateField(_("power wanted on"), null=True, blank=True)
    temporary_from = models.DateField(_("temporary from"), null=True, blank=True)
    temporary_to = models.DateField(_("temporary to"), null=True, blank=True)
    line_works = models.BooleanField(_("external line works"), default=False)
    customer_works = models.BooleanField(_("works built by the customer"), default=False)
    concealed_works = models.BooleanField(_("concealed works"), default=False)
    invoice_type = models.CharField(
        _("invoice"), max_length=10, choices=Invoice, default=Invoice.ORDINARY
    )

    class Meta:
        abstract = True

    @property
    def special_load(self) -> bool:
        """Impact or harmonic load: the drawings are reviewed (DOMAIN section 3)."""
        return self.load_nature in self.SPECIAL_LOADS
