"""The catalogue of points from which customers can be supplied, and what is still open there."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import Unit


class Voltage(models.TextChoices):
    V220 = "220v", _("220 V")
    V380 = "380v", _("380 V")
    KV10 = "10kv", _("10 kV")
    KV20 = "20kv", _("20 kV")
    KV35 = "35kv", _("35 kV")
    KV110 = "110kv", _("110 kV")


def kva(label, **options) -> models.DecimalField:
    """A column for a capacity in kVA."""
    return models.DecimalField(
        label,
        max_digits=10,
        decimal_places=2,
        validators=[MinValueValidator(0)],
        **options,
    )


class Place(models.Model):
    """Where in the network a point lies: substation, line, section, transformer area, pole."""

    voltage = models.CharField(_("voltage"), max_length=10, choices=Voltage, blank=True)
    substation = models.CharField(_("substation"), max_length=60, blank=True)
    line = models.CharField(_("line"), max_length=60, blank=True)
    section = models.CharField(_("section"), max_length=60, blank=True)
    transformer_area = models.CharField(_("transformer area"), max_length=60, blank=True)
    pole = models.CharField(_("pole or box"), max_length=60, blank=True)

    class Meta:
        abstract = True

    @property
    def where(self) -> str:
        """The place in one line, from the substation down to the pole."""
        parts = (self.substation, self.line, self.section, self.transformer_area, self.pole)
        return " · ".join(part for part in parts if part)


class SourcePointQuerySet(models.QuerySet["SourcePoint"]):
    def for_unit(self, unit: Unit) -> SourcePointQuerySet:
        """Points in use of an office: its own, those below it and those of the offices above."""
        return self.filter(active=True).filter(
            Q(unit__path__startswith=unit.path) | Q(unit__path__in=unit.lineage)
        )


class SourcePoint(Place):
    """A point of the network with its capacity in kVA; plans reserve on it, power on commits."""

    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="source_points", verbose_name=_("supply unit")
    )
    name = models.CharField(_("name"), max_length=80)
    rated_kva = kva(_("rated capacity (kVA)"))
    committed_kva = kva(_("committed capacity (kVA)"), default=Decimal(0))
    reserved_kva = kva(_("reserved by plans (kVA)"), default=Decimal(0), editable=False)
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    active = models.BooleanField(_("in use"), default=True)

    objects = SourcePointQuerySet.as_manager()

    class Meta:
        verbose_name = _("source point")
        verbose_name_plural = _("source points")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "name"],
                name="one_source_point_a_name",
                violation_error_message=_("There is a source point of this name already."),
            ),
            RowCheck(
                condition=Q(rated_kva__gte=0, committed_kva__gte=0, reserved_kva__gte=0),
                name="source_capacity_not_negative",
                violation_error_message=_("A capacity cannot be negative."),
            ),
            RowCheck(
                condition=Q(rated_kva__gte=F("committed_kva") + F("reserved_kva")),
                name="source_point_not_overbooked",
                violation_error_message=_(
                    "More capacity is committed and reserved than this point is rated for."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def open_kva(self) -> Decimal:
        """What may still be promised here, in kVA: rated less committed less reserved."""
        return self.rated_kva - self.committed_kva - self.reserved_kva
