"""Payments: the whole amount of an issued bill, taken by the cashier, never changed afterwards."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from fees.models.bill import Bill
from workflow.models import Case


class Method(models.TextChoices):
    CASH = "cash", _("Cash")
    CARD = "card", _("Bank card")
    TRANSFER = "transfer", _("Bank transfer")
    WECHAT = "wechat", _("WeChat Pay")
    ALIPAY = "alipay", _("Alipay")
    CHEQUE = "cheque", _("Cheque")


class PaymentQuerySet(models.QuerySet["Payment"]):
    def with_left(self) -> PaymentQuerySet:
        """Each with what of it did not begin to go back (`left`, yuan)."""
        return self.annotate(left=F("amount") - Coalesce(Sum("refunds__amount"), Decimal(0)))

    def held(self, case: Case) -> PaymentQuerySet:
        """The money that is booked on the case for its present bill, the latest first."""
        return self.with_left().filter(bill__step__case=case, left__gt=0).order_by("-pk")

    def booked(self, case: Case) -> Decimal:
        """How much of it there is, in yuan."""
        return sum((payment.left for payment in self.held(case)), Decimal(0))


class Payment(models.Model):
    """Money received for a bill. The row is written once; the database refuses to change or delete
    it.
    """

    bill = models.OneToOneField(
        Bill, models.PROTECT, related_name="payment", verbose_name=_("bill")
    )
    receipt_number = models.CharField(_("receipt number"), max_length=30, unique=True)
    method = models.CharField(_("paid by"), max_length=10, choices=Method)
    reference = models.CharField(_("reference of the bank or terminal"), max_length=60, blank=True)
    payer = models.CharField(_("payer"), max_length=120)
    amount = models.DecimalField(_("amount received (yuan)"), max_digits=12, decimal_places=2)
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("received by")
    )

    left: Decimal  # only of PaymentQuerySet.with_left

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [models.Index(fields=["received_at"], name="payment_received")]
        constraints = [
            RowCheck(
                condition=Q(amount__gt=0),
                name="a_payment_has_an_amount",
                violation_error_message=_("The amount must be more than 0."),
            ),
            RowCheck(
                condition=Q(method="cash") | ~Q(reference=""),
                name="a_payment_without_cash_has_a_reference",
                violation_error_message=_("Write down the reference of the bank or terminal."),
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_number
