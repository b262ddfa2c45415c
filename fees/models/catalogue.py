"""The published list of fees (DOMAIN section 7): nothing that is not in it can be charged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import DatedQuerySet, DatedStandard


class Basis(models.TextChoices):
    """How an amount follows from the data of the accepted plan."""

    RELIABILITY = "reliability", _("High-reliability supply, per kVA of each further source")
    RESERVE = "reserve", _("System reserve for own generation, per kVA")
    METER_LOSS = "meter_loss", _("Meter lost or broken by the user, per piece")
    LV_FREE = "lv_free", _("Low-voltage connection without charge up to (kW)")
    TEMPORARY = "temporary", _("Temporary connection, per kVA (abolished)")


class SourceVoltage(models.TextChoices):
    """The voltage bands of the published rates."""

    ANY = "", _("any voltage")
    LV = "lv", _("0.4 kV and below")
    KV10 = "10kv", _("10 kV")
    KV20 = "20kv", _("20 kV")
    KV35 = "35kv", _("35 kV")
    KV110 = "110kv", _("110 kV and above")


class CatalogueQuerySet(DatedQuerySet):
    def chargeable(self, on: date) -> CatalogueQuerySet:
        """In force on the day; what is abolished never is."""
        return self.in_force(on).filter(status=CatalogueItem.Status.IN_FORCE)

    def next_version(self, code: str) -> int:
        """The number of the next version of a fee."""
        return (self.filter(code=code).aggregate(last=models.Max("version"))["last"] or 0) + 1

    def abolished(self, on: date) -> CatalogueQuerySet:
        """What nobody may charge on the day."""
        return self.released().filter(status=CatalogueItem.Status.ABOLISHED, valid_to__lte=on)


class CatalogueItem(DatedStandard):
    """A fee of the published list, with the document that allows it."""

    class Status(models.TextChoices):
        IN_FORCE = "in_force", _("In force")
        ABOLISHED = "abolished", _("Abolished")

    KEY = ("code",)

    code = models.SlugField(_("code"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name_en = models.CharField(_("English"), max_length=120)
    name_zh = models.CharField(_("Chinese"), max_length=120)
    basis = models.CharField(_("charged by"), max_length=20, choices=Basis)
    voltage = models.CharField(
        _("voltage"),
        max_length=5,
        choices=SourceVoltage.choices,
        default=SourceVoltage.ANY,
        blank=True,
    )
    rate = models.DecimalField(
        _("rate (yuan)"), max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )
    self_built_rate = models.DecimalField(
        _("rate where the customer builds the works (yuan)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    cable_factor = models.DecimalField(
        _("factor for cable"),
        max_digits=4,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(1)],
    )
    limit_kw = models.DecimalField(
        _("up to (kW)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Only for a connection without charge."),
    )
    document_number = models.CharField(_("document number"), max_length=120)
    document_date = models.DateField(_("date of the document"), null=True, blank=True)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.IN_FORCE)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["basis", "voltage", "code", "-version"]
        verbose_name = _("fee of the catalogue")
        verbose_name_plural = _("fee catalogue")
        constraints = [
            *DatedStandard.Meta.constraints,
            models.UniqueConstraint(
                fields=["code", "version"],
                name="one_fee_a_version",
                violation_error_message=_("This version of the fee is listed already."),
            ),
            RowCheck(
                condition=Q(rate__gte=0)
                & (Q(self_built_rate=None) | Q(self_built_rate__gte=0))
                & Q(cable_factor__gte=1),
                name="rates_are_not_negative",
                violation_error_message=_("A rate cannot be negative, a factor not below 1."),
            ),
            RowCheck(
                condition=~Q(document_number=""),
                name="a_fee_has_its_document",
                violation_error_message=_("Name the document that allows this fee."),
            ),
            RowCheck(
                condition=~Q(status="abolished") | Q(valid_to__isnull=False),
                name="an_abolished_fee_has_an_end",
                violation_error_message=_("Say until when the abolished fee was valid."),
            ),
            RowCheck(
                condition=~Q(basis="lv_free") | Q(limit_kw__isnull=False),
                name="a_free_connection_has_a_limit",
                violation_error_message=_("Say up to how many kW nothing is charged."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def clean(self) -> None:
        """The days of an abolished fee are those on which it was charged."""
        gone = self.status == self.Status.ABOLISHED
        if gone and self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError(
                {"valid_from": gettext("Of an abolished fee: the first day on which it was valid.")}
            )

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en

    def is_chargeable(self, on: date) -> bool:
        """In force on the day; what is abolished never is."""
        return (
            not self.is_draft
            and self.status == self.Status.IN_FORCE
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )

    @property
    def citation(self) -> str:
        """The document, its version here and the day from which it holds."""
        dated = f" ({self.document_date:%Y-%m-%d})" if self.document_date else ""
        return f"{self.document_number}{dated}, v{self.version}, {self.valid_from:%Y-%m-%d}"

    def follow(self, others: Iterable[CatalogueItem], today: date) -> None:
        """The versions before end; an abolished one says on which day they do.

        Raises ValidationError for a fee that is abolished: it never comes back.
        """
        if self.status == self.Status.ABOLISHED:
            self.end(others, self.valid_to or today)
        elif any(other.status == self.Status.ABOLISHED for other in others):
            raise ValidationError(gettext("This fee is abolished: it is never charged again."))
        else:
            super().follow(others, today)
