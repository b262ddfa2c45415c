"""The supply plan 供电方案答复单 (DOMAIN section 6): how, from where, with what."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from accounts.constraints import RowCheck
from documents.models import Attachment
from plans.ratios import RatioField, validate_ct, validate_pt
from surveys.models import Candidate, Consent, Survey, Voltage
from workflow.models import Case, DatedQuerySet, DatedStandard, Step
from workflow.models.state import ProtectedState, Stateful
from workflow.process import CustomerClass, Importance


def kva(label, **options) -> models.DecimalField:
    """A column for a capacity in kVA."""
    return models.DecimalField(
        label, max_digits=10, decimal_places=2, validators=[MinValueValidator(0)], **options
    )


class Plan(Stateful):
    """One version of the plan: drawn, approved, answered; then the customer decides.

    It stands on a signed survey that can supply. While it is submitted, approved, answered or
    accepted it holds capacity on its source points; an accepted plan is never changed.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted for approval")
        APPROVED = "approved", _("Approved")
        ANSWERED = "answered", _("Answered to the customer")
        ACCEPTED = "accepted", _("Accepted by the customer")
        OBJECTED = "objected", _("The customer objects")
        VOID = "void", _("No longer valid")

    class Metering(models.TextChoices):
        HV_HV = "hv_hv", _("HV supply, metered at HV (高供高计)")
        HV_LV = "hv_lv", _("HV supply, metered at LV (高供低计)")
        LV_LV = "lv_lv", _("LV supply, metered at LV (低供低计)")

    class Tariff(models.TextChoices):
        RESIDENTIAL = "residential", _("Residential")
        COMMERCIAL = "commercial", _("Industry and commerce")
        LARGE_INDUSTRY = "large_industry", _("Large industry (two-part tariff)")
        AGRICULTURE = "agriculture", _("Agriculture")

    class Channel(models.TextChoices):
        COUNTER = "counter", _("At the counter")
        LETTER = "letter", _("By letter")
        MAIL = "mail", _("By e-mail")
        VISIT = "visit", _("Brought by hand")

    class Acceptance(models.TextChoices):
        SIGNATURE = "signature", _("Signature on the paper")
        TABLET = "tablet", _("Signature on the tablet")
        CALL = "call", _("Recorded call")
        ONLINE = "online", _("Confirmed on the tracking page")
        EXHAUSTED = "exhausted", _("Nobody answered: proven attempts")

    # What shows the customer's word, by how they gave it; the tracking page shows it by itself.
    SHOWN_BY: ClassVar[dict[str, str]] = {
        Acceptance.SIGNATURE: "evidence",
        Acceptance.TABLET: "evidence",
        Acceptance.CALL: "recording",
    }
    # Ways in which the customer's own word is shown.
    BY_THE_CUSTOMER = frozenset(Acceptance.values) - {Acceptance.EXHAUSTED}
    HOLDING = (State.SUBMITTED, State.APPROVED, State.ANSWERED, State.ACCEPTED)

    step = models.OneToOneField(Step, models.PROTECT, related_name="plan")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    state = ProtectedState(_("state"), max_length=10, default=State.DRAFT, choices=State)
    # What is supplied
    voltage = models.CharField(_("supply voltage"), max_length=10, choices=Voltage, blank=True)
    receiving_points = models.PositiveSmallIntegerField(
        _("receiving points"), default=1, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    total_kva = kva(_("total capacity (kVA)"), default=Decimal(0))
    primary_wiring = models.CharField(_("primary wiring"), max_length=200, blank=True)
    property_boundary = models.CharField(_("property boundary"), max_length=200, blank=True)
    # Metering and tariff
    metering = models.CharField(_("metering mode"), max_length=10, choices=Metering, blank=True)
    ct_ratio = RatioField(_("CT ratio"), max_length=20, blank=True, validators=[validate_ct])
    pt_ratio = RatioField(_("PT ratio"), max_length=20, blank=True, validators=[validate_pt])
    meter_type = models.CharField(_("meter type"), max_length=60, blank=True)
    meter_accuracy = models.CharField(_("meter accuracy class"), max_length=10, blank=True)
    tariff = models.CharField(_("tariff class"), max_length=20, choices=Tariff, blank=True)
    power_factor = models.DecimalField(
        _("power-factor target"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.50")), MaxValueValidator(Decimal(1))],
    )
    # Safety
    protection = models.CharField(_("protection"), max_length=200, blank=True)
    emergency_kva = kva(_("own emergency source (kVA)"), default=Decimal(0))
    reserve_kva = kva(_("reserve for own generation (kVA)"), default=Decimal(0))
    remarks = models.TextField(_("remarks for the customer"), max_length=1000, blank=True)
    # What it costs, as the customer was told with the answer (fees.tariff.quote); None on plans
    # answered before this was kept.
    quote = models.JSONField(_("quote"), null=True, blank=True, editable=False)
    # Its way
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_how = models.CharField(_("answered how"), max_length=10, choices=Channel, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    # What the customer decided
    accepted_at = models.DateTimeField(pgettext_lazy("plan", "accepted"), null=True, blank=True)
    accepted_how = models.CharField(
        _("accepted how"), max_length=10, choices=Acceptance, blank=True
    )
    signed_name = models.CharField(_("signed by (customer)"), max_length=60, blank=True)
    evidence = models.ForeignKey(
        Attachment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed paper or signature (scan or photo)"),
    )
    recording = models.CharField(_("number of the recording"), max_length=40, blank=True)
    objection = models.TextField(_("objection"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("supply plan")
        verbose_name_plural = _("supply plans")
        constraints = [
            RowCheck(
                condition=~Q(state="accepted")
                | Q(accepted_at__isnull=False, answered_at__isnull=False, approved_at__isnull=False)
                & ~Q(signed_name=""),
                name="accepted_plan_was_answered",
                violation_error_message=_(
                    "A plan is accepted after it was approved and answered, by a named customer."
                ),
            ),
            RowCheck(
                condition=~Q(state="answered")
                | Q(
                    answered_at__isnull=False,
                    approved_at__isnull=False,
                    valid_until__isnull=False,
                ),
                name="answered_plan_has_its_term",
                violation_error_message=_(
                    "A plan is answered after it was approved, and is valid until a day."
                ),
            ),
            RowCheck(
                condition=~Q(state="objected") | ~Q(objection=""),
                name="objection_has_a_reason",
                violation_error_message=_("Write down what the customer objects to."),
            ),
            RowCheck(
                condition=Q(total_kva__gte=0, emergency_kva__gte=0, reserve_kva__gte=0),
                name="plan_capacity_not_negative",
                violation_error_message=_("A capacity cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step.case.number} V{self.version}"

    @classmethod
    def of(cls, case: Case) -> Plan | None:
        """The accepted plan of the case: the latest round's, if the customer accepted it."""
        latest = cls.latest(case)
        return latest if latest and latest.state == cls.State.ACCEPTED else None

    @classmethod
    def read(cls, case: Case) -> Plan | None:
        """The accepted plan, read once for one case object; every move reads its case anew."""
        if "read_plan" not in case.__dict__:
            case.read_plan = cls.of(case)  # type: ignore[attr-defined]
            if case.read_plan:  # type: ignore[attr-defined]
                case.read_plan.step.case = case  # type: ignore[attr-defined]
        return case.read_plan  # type: ignore[attr-defined]

    @classmethod
    def latest(cls, case: Case) -> Plan | None:
        """The newest version, whatever its state."""
        return (
            cls.objects.filter(step__case=case)
            .select_related("step__case", "survey__step")
            .annotate(
                hangs_on_consents=Exists(
                    Consent.objects.filter(candidate__planned__plan=OuterRef("pk"))
                )
            )
            .order_by("-step__round")
            .first()
        )

    @property
    def case(self) -> Case:
        return self.step.case

    @property
    def holds_capacity(self) -> bool:
        return self.state in self.HOLDING

    @property
    def multi_source(self) -> bool:
        """Supplied from two or more sources."""
        return self.pk is not None and len(self.sources.all()) > 1

    @property
    def chargeable(self) -> bool:
        """Whether the plan causes any fee: several sources, or a reserve (DOMAIN section 7)."""
        return self.multi_source or self.reserve_kva > 0

    @property
    def causes(self) -> list[str]:
        """The kinds of fee this plan causes, in words; the amounts come from the catalogue."""
        found = []
        if self.multi_source:
            found.append(str(_("reliability fee (several sources)")))
        if self.reserve_kva > 0:
            found.append(str(_("system reserve fee (own generation)")))
        return found

    def ended_consents(self, today: date) -> list[Consent]:
        """The consents of its points that ended or were withdrawn, and that nobody has renewed."""
        if not getattr(self, "hangs_on_consents", True):
            return []
        points = Candidate.objects.filter(planned__plan=self).prefetch_related("consents")
        return [c for point in points for c in point.standing_consents if c.has_ended(today)]

    def has_expired(self, today: date) -> bool:
        return self.valid_until is not None and self.valid_until < today

    @transition(state, source=State.DRAFT, target=State.SUBMITTED)
    def submit(self):
        """The planner hands it to approval; its capacity is held from now on."""

    @transition(state, source=State.SUBMITTED, target=State.APPROVED)
    def approve(self):
        """As many approvers as its size asks for have agreed."""

    @transition(state, source=[State.SUBMITTED, State.APPROVED], target=State.DRAFT)
    def give_back(self):
        """The approver wants it changed."""

    @transition(state, source=State.APPROVED, target=State.ANSWERED)
    def answer(self):
        """The customer has it in writing; its validity runs."""

    @transition(state, source=State.ANSWERED, target=State.ACCEPTED)
    def accept(self):
        """The customer agrees: fees and contract may follow."""

    @transition(state, source=State.ANSWERED, target=State.OBJECTED)
    def object(self):
        """The customer does not agree; the next version follows."""

    @transition(
        state,
        source=[State.DRAFT, State.SUBMITTED, State.APPROVED, State.ANSWERED, State.ACCEPTED],
        target=State.VOID,
    )
    def void(self):
        """Its ground or its time is gone."""


class PlanSource(models.Model):
    """One source of the plan: a candidate of the survey, and the capacity (kVA) taken from it."""

    class Role(models.TextChoices):
        MAIN = "main", _("Main")
        STANDBY = "standby", _("Standby")

    class Laying(models.TextChoices):
        OVERHEAD = "overhead", _("Overhead line")
        CABLE = "cable", _("Cable")
        MIXED = "mixed", _("Overhead line and cable")
        EXISTING = "existing", _("Existing service line")

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="sources")
    candidate = models.ForeignKey(
        Candidate, models.PROTECT, related_name="planned", verbose_name=_("source point")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MAIN)
    laying = models.CharField(_("laying"), max_length=10, choices=Laying, default=Laying.CABLE)
    capacity_kva = kva(_("capacity (kVA)"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("source of the plan")
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "candidate"],
                name="one_line_a_source",
                violation_error_message=_("This source point is in the plan already."),
            ),
            RowCheck(
                condition=Q(capacity_kva__gt=0),
                name="source_gives_capacity",
                violation_error_message=_("A source gives more than 0 kVA."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} {self.capacity_kva} kVA"


class Approval(models.Model):
    """One approver's yes to one plan."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="approvals")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    # An approval before the plan was given back counts no more.
    standing = models.BooleanField(default=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "by"],
                condition=Q(standing=True),
                name="one_approval_a_person",
                violation_error_message=_("You have approved this plan already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.at:%Y-%m-%d}"


class ApprovalRule(DatedStandard):
    """How many approvers a plan needs: the strictest rule that fits (DOMAIN section 3)."""

    KEY = ("from_kva", "customer_class", "important_only")

    from_kva = kva(_("from (kVA)"), default=Decimal(0))
    customer_class = models.CharField(
        _("customer class"), max_length=20, choices=CustomerClass, blank=True
    )
    important_only = models.BooleanField(_("important customers only"), default=False)
    approvers = models.PositiveSmallIntegerField(
        _("approvers"), default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["from_kva", "pk"]
        verbose_name = _("approval level")
        verbose_name_plural = _("approval levels")
        constraints = [*DatedStandard.Meta.constraints]

    def __str__(self) -> str:
        return f"≥ {self.from_kva} kVA: {self.approvers}"

    def fits(self, plan: Plan) -> bool:
        case = plan.case
        return (
            plan.total_kva >= self.from_kva
            and self.customer_class in ("", case.customer_class)
            and not (self.important_only and case.importance == Importance.NONE)
        )


class ValidityRule(DatedStandard):
    """How many months an answered plan is valid for a class of customer."""

    KEY = ("customer_class",)

    customer_class = models.CharField(_("customer class"), max_length=20, choices=CustomerClass)
    months = models.PositiveSmallIntegerField(
        _("months"), validators=[MinValueValidator(1), MaxValueValidator(120)]
    )
    ask_days_before = models.PositiveSmallIntegerField(
        _("extension asked at least (days) before the end"), default=10
    )
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("validity of plans")
        verbose_name_plural = _("validity of plans")
        constraints = [*DatedStandard.Meta.constraints]

    def __str__(self) -> str:
        return f"{self.get_customer_class_display()}: {self.months}"
