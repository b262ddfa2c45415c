"""The register of firms that may design and build, and the check of their papers in a case."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from applications.identity import check_credit_code
from applications.models import Application
from workflow.models import Listed, Step

VOLTAGE = re.compile(r"^(\d+)(k?)v$")


def kilovolts(code: str) -> Decimal | None:
    """A voltage code of the sheets ("380v", "10kv") in kV; None where none is stated."""
    found = VOLTAGE.match(code or "")
    if found is None:
        return None
    return Decimal(found[1]) / (1 if found[2] else 1000)


class LicenceKind(models.TextChoices):
    DESIGNER = "designer", _("Designer's certificate")
    CONTRACTOR = "contractor", _("Contractor's permit")


class Grade(Listed):
    """Up to which voltage a grade may work: dated data with its source, never a constant."""

    kind = models.CharField(_("kind"), max_length=10, choices=LicenceKind)
    code = models.CharField(_("grade"), max_length=20)
    # Empty: no limit.
    max_kv = models.DecimalField(
        _("up to (kV)"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    max_kva = models.DecimalField(
        _("up to (kVA)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["kind", "pk"]
        verbose_name = _("grade of a licence")
        verbose_name_plural = _("grades of licences")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "code"],
                name="one_grade_a_code",
                violation_error_message=_("This grade is listed already."),
            ),
            RowCheck(
                condition=(Q(max_kv=None) | Q(max_kv__gte=0))
                & (Q(max_kva=None) | Q(max_kva__gte=0)),
                name="grade_limits_not_negative",
                violation_error_message=_("Voltage and capacity cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return self.code


class LicenceQuerySet(models.QuerySet["Licence"]):
    def standing(self, on: date) -> LicenceQuerySet:
        """Neither suspended nor revoked, and valid on the day."""
        return self.filter(status=Licence.Status.VALID, valid_from__lte=on, valid_to__gte=on)


class Licence(models.Model):
    """A firm's certificate to design, or permit to install, repair and test (承装、承修、承试)."""

    class Status(models.TextChoices):
        VALID = "valid", _("Valid")
        SUSPENDED = "suspended", _("Suspended")
        REVOKED = "revoked", _("Revoked")

    kind = models.CharField(_("kind"), max_length=10, choices=LicenceKind)
    firm = models.CharField(_("firm"), max_length=120)
    unified_code = models.CharField(
        _("unified social credit code"), max_length=18, validators=[check_credit_code]
    )
    number = models.CharField(_("licence no."), max_length=40)
    grade = models.ForeignKey(
        Grade, models.PROTECT, related_name="licences", verbose_name=_("grade")
    )
    installs = models.BooleanField(_("may install (承装)"), default=False)
    repairs = models.BooleanField(_("may repair (承修)"), default=False)
    tests = models.BooleanField(_("may test (承试)"), default=False)
    issued_by = models.CharField(_("issued by"), max_length=120)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.VALID)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    remarks = models.CharField(_("remarks"), max_length=200, blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        ordering = ["firm", "pk"]
        verbose_name = _("licence")
        verbose_name_plural = _("register of licences")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number"],
                name="one_licence_a_number",
                violation_error_message=_("This licence is in the register already."),
            ),
            RowCheck(
                condition=Q(valid_to__gte=F("valid_from")),
                name="licence_ends_after_it_begins",
                violation_error_message=_("The last day of validity lies before the first."),
            ),
            RowCheck(
                condition=~Q(kind="contractor")
                | Q(installs=True)
                | Q(repairs=True)
                | Q(tests=True),
                name="permit_has_a_class",
                violation_error_message=_("A permit is for installing, repairing or testing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.firm} · {self.number} · {self.grade}"

    def clean(self) -> None:
        if self.grade_id and self.grade.kind != self.kind:
            raise ValidationError({"grade": _now("This grade is for the other kind of licence.")})

    @property
    def classes(self) -> str:
        """The classes of a permit in words."""
        marks = ((self.installs, "承装"), (self.repairs, "承修"), (self.tests, "承试"))
        return " ".join(mark for held, mark in marks if held)

    def stands(self, on: date) -> bool:
        """Neither suspended nor revoked, and valid on the day."""
        return self.status == self.Status.VALID and self.valid_from <= on <= self.valid_to

    def shortfalls(self, *, kv: Decimal | None, kva: Decimal, on: date) -> list[str]:
        """Why the licence does not cover such works on the day; empty when it does."""
        found = []
        if self.status != self.Status.VALID:
            found.append(_now("The licence is %(status)s.") % {"status": self.get_status_display()})
        if on > self.valid_to:
            found.append(
                _now("The licence expired on %(day)s.") % {"day": f"{self.valid_to:%Y-%m-%d}"}
            )
        if on < self.valid_from:
            found.append(
                _now("The licence is not valid before %(day)s.")
                % {"day": f"{self.valid_from:%Y-%m-%d}"}
            )
        if kv is not None and self.grade.max_kv is not None and kv > self.grade.max_kv:
            found.append(
                _now("Grade %(grade)s goes up to %(limit)s kV; the works are at %(kv)s kV.")
                % {
                    "grade": self.grade,
                    "limit": f"{self.grade.max_kv.normalize():f}",
                    "kv": f"{kv.normalize():f}",
                }
            )
        if self.grade.max_kva is not None and kva > self.grade.max_kva:
            found.append(
                _now("Grade %(grade)s goes up to %(limit)s kVA; the works have %(kva)s kVA.")
                % {
                    "grade": self.grade,
                    "limit": f"{self.grade.max_kva.normalize():f}",
                    "kva": f"{kva.normalize():f}",
                }
            )
        if self.kind == LicenceKind.CONTRACTOR and not self.installs:
            found.append(_now("The permit does not cover installing (承装)."))
        return found


class LicenceCheck(models.Model):
    """The qualification sheet: whose licence, what it covers, were the originals seen."""

    class Originals(models.TextChoices):
        SEEN = "seen", _("Originals seen")
        DEFERRED = "deferred", _("Deferred by the fast lane")
        MISSING = "missing", _("Not shown")

    class Decision(models.TextChoices):
        PASSED = "passed", _("Qualified")
        FAILED = "failed", _("Not qualified: back to the customer")

    step = models.OneToOneField(Step, models.PROTECT, related_name="licence_check")
    licence = models.ForeignKey(
        Licence,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="checks",
        verbose_name=_("licence"),
    )
    checked_voltage = models.CharField(_("voltage of the works"), max_length=10, blank=True)
    checked_kva = models.DecimalField(
        _("capacity of the works (kVA)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    scope_ok = models.BooleanField(
        _("class and scope on the paper match the register"), null=True, blank=True
    )
    grade_ok = models.BooleanField(_("grade covers the voltage"), null=True, blank=True)
    stamp_ok = models.BooleanField(_("name and stamp match the contract"), null=True, blank=True)
    originals = models.CharField(_("originals"), max_length=10, choices=Originals, blank=True)
    originals_until = models.DateField(_("originals to be shown by"), null=True, blank=True)
    project_manager = models.CharField(_("person in charge"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    remarks = models.TextField(_("remarks"), max_length=1000, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("qualification check")
        verbose_name_plural = _("qualification checks")
        constraints = [
            RowCheck(
                condition=Q(signed_at=None) | (Q(signed_by__isnull=False) & ~Q(decision="")),
                name="signed_licence_check_is_decided",
                violation_error_message=_("Decide before signing."),
            ),
            RowCheck(
                condition=Q(signed_at=None)
                | ~Q(decision="passed")
                | (Q(licence__isnull=False) & Q(originals__in=["seen", "deferred"])),
                name="passed_licence_check_names_a_licence",
                violation_error_message=_(
                    "Name the licence, and say whether its original was seen."
                ),
            ),
            RowCheck(
                condition=~Q(originals="deferred") | Q(originals_until__isnull=False),
                name="deferred_originals_are_dated",
                violation_error_message=_("Say by when the originals are to be shown."),
            ),
            RowCheck(
                condition=Q(checked_kva=None) | Q(checked_kva__gte=0),
                name="checked_kva_not_negative",
                violation_error_message=_("Voltage and capacity cannot be negative."),
            ),
            RowCheck(
                condition=~Q(decision="failed") | ~Q(remarks="") | Q(signed_at=None),
                name="failed_licence_check_is_explained",
                violation_error_message=_("Say in the remarks what is not in order."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.licence or self.step)

    def shortfalls(self, on: date | None = None) -> list[str]:
        """Why the licence does not cover these works, today if no day is given."""
        if self.licence is None:
            return [_now("No licence is chosen.")]
        case = self.step.case
        return self.licence.shortfalls(
            kv=kilovolts(self.checked_voltage),
            kva=self.checked_kva if self.checked_kva is not None else case.capacity_kva,
            on=on or timezone.localdate(),
        )

    def get_checked_voltage_display(self) -> str:
        """The voltage in the reader's words, as the application names it."""
        return str(dict(Application.Voltage.choices).get(self.checked_voltage, ""))
