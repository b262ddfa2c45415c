"""Checks on site: the mid-check before covering, and the completion acceptance."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from documents.models import Attachment
from workflow.models import Case, DatedQuerySet, DatedStandard, Step
from workflow.process import HV, Kind
from workflow.words import ShortWordsField


class Check(models.Model):
    """What both checks have: booking, inspectors, result. Abstract."""

    class Result(models.TextChoices):
        PASSED = "passed", _("Passed")
        FAILED = "failed", _("Failed: defects to be cured")

    requested_on = models.DateField(_("requested by the customer for"), null=True, blank=True)
    booked_at = models.DateTimeField(_("booked for"), null=True, blank=True)
    inspected_at = models.DateTimeField(_("inspected at"), null=True, blank=True)
    inspector = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("inspector"),
    )
    second_inspector = models.CharField(_("with (second inspector)"), max_length=60, blank=True)
    customer_present = models.CharField(_("for the customer"), max_length=60, blank=True)
    contractor_present = models.CharField(_("for the contractor"), max_length=60, blank=True)
    result = models.CharField(_("result"), max_length=10, choices=Result, blank=True)
    remarks = models.TextField(_("remarks"), max_length=1000, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True
        constraints = [
            RowCheck(
                condition=Q(signed_at=None)
                | (
                    Q(signed_by__isnull=False)
                    & ~Q(result="")
                    & Q(inspector__isnull=False)
                    & Q(inspected_at__isnull=False)
                ),
                name="signed_%(class)s_is_decided",
                violation_error_message=_("A check is signed with its inspector, time and result."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step}"

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1: every one after the first is a re-inspection."""
        return self.step.round


class MidCheck(Check):
    """Mid-check 中间检查 of concealed works, before they are covered."""

    step = models.OneToOneField(Step, models.PROTECT, related_name="mid_check")
    covering_on = models.DateField(_("covering planned on"), null=True, blank=True)
    works = models.CharField(_("concealed works checked"), max_length=200, blank=True)
    may_cover = models.BooleanField(_("not covered yet when inspected"), null=True, blank=True)

    class Meta(Check.Meta):
        verbose_name = _("mid-check")
        verbose_name_plural = _("mid-checks")


class Acceptance(Check):
    """Completion acceptance 竣工验收: papers, items, equipment, defects listed once."""

    step = models.OneToOneField(Step, models.PROTECT, related_name="acceptance")
    completed_on = models.DateField(_("works completed on"), null=True, blank=True)
    # Completion papers (DOMAIN section 5), each ticked when it is there and in order.
    as_built = models.BooleanField(_("as-built drawings"), default=False)
    change_notes = models.BooleanField(_("change notes"), default=False)
    installation_records = models.BooleanField(_("installation records"), default=False)
    test_reports = models.BooleanField(_("test reports"), default=False)
    relay_settings = models.BooleanField(_("relay-setting reports"), default=False)
    maker_certificates = models.BooleanField(_("maker's certificates"), default=False)
    concealed_records = models.BooleanField(_("concealed-work records"), default=False)
    operating_rules = models.BooleanField(_("operating rules"), default=False)
    duty_staff = models.BooleanField(_("duty-staff list with certificates"), default=False)
    PAPERS = (
        "as_built",
        "change_notes",
        "installation_records",
        "test_reports",
        "relay_settings",
        "maker_certificates",
        "concealed_records",
        "operating_rules",
        "duty_staff",
    )
    papers_not_needed = models.CharField(
        _("papers that do not apply, and why"), max_length=200, blank=True
    )

    class Meta(Check.Meta):
        verbose_name = _("completion acceptance")
        verbose_name_plural = _("completion acceptances")


class CheckItem(models.Model):
    """A row of a check: what, against which standard, with what result."""

    class Result(models.TextChoices):
        OK = "ok", _("in order")
        NOT_OK = "not_ok", _("not in order")
        NOT_APPLICABLE = "na", _("does not apply")

    step = models.ForeignKey(Step, models.PROTECT, related_name="check_items")
    item = ShortWordsField(_("item"), max_length=300)
    standard = models.CharField(_("standard"), max_length=160, blank=True)
    measured = models.CharField(_("found"), max_length=120, blank=True)
    result = models.CharField(_("result"), max_length=6, choices=Result, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("item of a check")
        verbose_name_plural = _("items of checks")

    def __str__(self) -> str:
        return self.item


class DefectQuerySet(models.QuerySet["Defect"]):
    def open(self) -> DefectQuerySet:
        return self.filter(cured_on=None)

    def of(self, case: Case, kind: str) -> DefectQuerySet:
        """The defects of every round of a check."""
        return self.filter(step__case=case, step__kind=kind)


class Defect(models.Model):
    """A defect, told once and in writing, with its deadline; later rounds record the cure."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="defects")
    text = models.TextField(_("defect"), max_length=500)
    standard = models.CharField(_("against which standard"), max_length=160, blank=True)
    cure_by = models.DateField(_("to be cured by"))
    # A defect first told at a re-inspection must say why it was not told the first time.
    why_late = models.CharField(_("why it was not told before"), max_length=200, blank=True)
    cured_on = models.DateField(_("cured on"), null=True, blank=True)
    cure = models.CharField(_("how it was cured"), max_length=200, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cure seen by"),
    )

    objects = DefectQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("defect")
        verbose_name_plural = _("defects")
        constraints = [
            RowCheck(
                condition=~Q(text=""),
                name="defect_is_described",
                violation_error_message=_("Describe the defect."),
            ),
            RowCheck(
                condition=Q(cured_on=None) | (~Q(cure="") & Q(seen_by__isnull=False)),
                name="cure_is_described_and_seen",
                violation_error_message=_("Say how the defect was cured, and who saw it."),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class CheckPhoto(models.Model):
    """A photo of a check; at the mid-check taken before covering."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="check_photos")
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+")
    shows = models.CharField(_("shows"), max_length=120)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    before_covering = models.BooleanField(_("before covering"), default=False)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("photo of a check")
        verbose_name_plural = _("photos of checks")

    def __str__(self) -> str:
        return self.shows


class ReceivingEquipment(models.Model):
    """Equipment of the customer that receives the supply, as found at the acceptance."""

    class Type(models.TextChoices):
        TRANSFORMER = "transformer", _("Transformer")
        HV_MOTOR = "hv_motor", _("High-voltage motor")
        HV_SWITCHGEAR = "hv_switchgear", _("High-voltage switchgear")
        LV_SWITCHGEAR = "lv_switchgear", _("Low-voltage switchgear")
        METER_CABINET = "meter_cabinet", _("Metering cabinet")
        CABLE = "cable", _("Cable")
        CAPACITOR = "capacitor", _("Capacitor")
        GENERATOR = "generator", _("Own generator")
        OTHER = "other", _("Other")

    step = models.ForeignKey(Step, models.PROTECT, related_name="receiving_equipment")
    type = models.CharField(_("type"), max_length=14, choices=Type)
    model = models.CharField(_("model"), max_length=60, blank=True)
    kva = models.DecimalField(
        _("capacity (kVA)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1_000_000)],
    )
    maker = models.CharField(_("maker"), max_length=80, blank=True)
    serial = models.CharField(_("serial no."), max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("receiving equipment")
        verbose_name_plural = _("receiving equipment")
        constraints = [
            RowCheck(
                condition=Q(kva=None) | Q(kva__gte=0),
                name="receiving_kva_not_negative",
                violation_error_message=_("Voltage and capacity cannot be negative."),
            ),
            models.UniqueConstraint(
                fields=["step", "serial"],
                condition=~Q(serial=""),
                name="one_equipment_a_serial",
                violation_error_message=_("This serial number is listed twice."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.serial}".strip()


class StandardItem(DatedStandard):
    """An item that every check of its kind begins with: dated data, with its standard.

    A version that is not in use takes the item away.
    """

    KEY = ("code",)

    class Level(models.TextChoices):
        ALL = "", _("all customers")
        LV = "lv", _("low voltage")
        HV = "hv", _("high voltage")

    code = models.SlugField(_("code"), max_length=40)
    kind = models.CharField(
        _("check"),
        max_length=20,
        choices=[(Kind.MID_CHECK, Kind.MID_CHECK.label), (Kind.ACCEPTANCE, Kind.ACCEPTANCE.label)],
    )
    level = models.CharField(_("for"), max_length=2, choices=Level, blank=True)
    label_en = models.CharField(_("English"), max_length=120)
    label_zh = models.CharField(_("Chinese"), max_length=120)
    standard = models.CharField(_("standard"), max_length=160, blank=True)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["code", "pk"]
        verbose_name = _("standard item of a check")
        verbose_name_plural = _("standard items of checks")
        constraints = [*DatedStandard.Meta.constraints]

    def __str__(self) -> str:
        return self.label_zh if (get_language() or "").startswith("zh") else self.label_en

    @classmethod
    def for_case(cls, case: Case, kind: str) -> models.QuerySet[StandardItem]:
        """The items such a check begins with."""
        level = cls.Level.HV if case.customer_class in HV else cls.Level.LV
        items = cls.objects.in_force(timezone.localdate())
        return items.filter(kind=kind, level__in=["", level], active=True)
