"""Bills: what the accepted plan causes by the catalogue, and nothing else."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from accounts.constraints import RowCheck
from fees.models.catalogue import CatalogueItem
from plans.models import Plan
from workflow.models import Case, Step
from workflow.models.state import ProtectedState, Stateful
from workflow.words import WordsField


class BillQuerySet(models.QuerySet["Bill"]):
    def standing(self) -> BillQuerySet:
        """Bills that hold: written, issued or paid."""
        return self.filter(state__in=Bill.STANDING)

    def of_case(self, case: Case) -> BillQuerySet:
        """Every bill of the case, the latest first."""
        return self.filter(step__case=case).order_by("-pk")


class Bill(Stateful):
    """A bill belongs to an accepted plan; its lines follow from it and are frozen at issue."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        ISSUED = "issued", _("Issued")
        PAID = "paid", _("Paid")
        CANCELLED = "cancelled", _("Cancelled")
        WAIVED = "waived", _("Waived")
        CORRECTED = "corrected", _("Corrected")

    STANDING = (State.DRAFT, State.ISSUED, State.PAID)

    step = models.ForeignKey(Step, models.PROTECT, related_name="bills", verbose_name=_("step"))
    plan = models.ForeignKey(
        Plan, models.PROTECT, related_name="bills", verbose_name=_("accepted plan")
    )
    number = models.CharField(_("bill number"), max_length=30, unique=True)
    state = ProtectedState(_("state"), max_length=10, default=State.DRAFT, choices=State)
    total = models.DecimalField(
        _("total (yuan)"), max_digits=12, decimal_places=2, default=Decimal(0)
    )
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("issued by"),
    )
    ended_at = models.DateTimeField(_("no longer valid since"), null=True, blank=True)
    reason = WordsField(_("reason"), max_length=500, blank=True)

    objects = BillQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        constraints = [
            models.UniqueConstraint(
                fields=["step"],
                condition=Q(state__in=["draft", "issued", "paid"]),
                name="one_standing_bill_a_step",
                violation_error_message=_("A bill was issued already."),
            ),
            RowCheck(
                condition=Q(state="draft") | Q(issued_at__isnull=False, issued_by__isnull=False),
                name="a_bill_has_its_issuer",
            ),
            RowCheck(
                condition=Q(state="draft") | Q(total__gt=0),
                name="a_bill_has_an_amount",
                violation_error_message=_("Nothing is due: there is nothing to bill."),
            ),
            RowCheck(
                condition=~Q(state__in=["cancelled", "waived", "corrected"])
                | (~Q(reason="") & Q(ended_at__isnull=False)),
                name="an_ended_bill_is_explained",
                violation_error_message=_("Say why the bill no longer holds."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @classmethod
    def standing_of(cls, step: Step) -> Bill | None:
        """The bill that holds on this step, if any."""
        return cls.objects.standing().filter(step=step).first()

    @property
    def case(self) -> Case:
        return self.step.case

    @transition(state, source=State.DRAFT, target=State.ISSUED)
    def issue(self):
        """The lines are computed and frozen; the customer's turn to pay."""

    @transition(state, source=State.ISSUED, target=State.PAID)
    def pay(self):
        """The whole amount was received."""

    @transition(state, source=[State.ISSUED, State.PAID], target=State.CANCELLED)
    def cancel(self):
        """What the bill stood on no longer holds; a payment is refunded."""

    @transition(state, source=State.ISSUED, target=State.WAIVED)
    def waive(self):
        """Two people decided that the customer need not pay."""

    @transition(state, source=[State.ISSUED, State.PAID], target=State.CORRECTED)
    def correct(self):
        """Two people decided that the bill was wrong; it is computed anew."""


class BillLine(models.Model):
    """One amount: catalogue item, document, version, date, formula × data of the accepted plan."""

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("no."))
    item = models.ForeignKey(
        CatalogueItem, models.PROTECT, related_name="+", verbose_name=_("fee of the catalogue")
    )
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    subject = models.CharField(_("charged on"), max_length=120)
    document_number = models.CharField(_("document number"), max_length=120)
    version = models.PositiveSmallIntegerField(_("version"))
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate (yuan)"), max_digits=10, decimal_places=2)
    factor = models.DecimalField(_("factor"), max_digits=4, decimal_places=2)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=10)
    self_built = models.BooleanField(_("works built by the customer"), default=False)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    formula = models.CharField(_("formula"), max_length=120)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)

    class Meta:
        ordering = ["bill", "position"]
        verbose_name = _("line of a bill")
        verbose_name_plural = _("lines of a bill")
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="one_line_a_place"),
            RowCheck(
                condition=Q(amount__gt=0) & Q(quantity__gt=0) & Q(rate__gt=0) & Q(factor__gte=1),
                name="a_line_has_an_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_zh} {self.amount}"
