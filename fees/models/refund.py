"""Refunds: money that was taken and has to go back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from accounts.constraints import RowCheck
from accounts.models import User
from accounts.roles import Role
from fees.models.payment import Method, Payment
from workflow.ladder import OWNERS
from workflow.models import Alert, Case, Subject
from workflow.models.state import ProtectedState, Stateful
from workflow.words import WordsField


class RefundQuerySet(models.QuerySet["Refund"]):
    def waiting(self) -> RefundQuerySet:
        """Money that has not gone back yet, or that nobody has confirmed."""
        return self.exclude(state=Refund.State.CONFIRMED)

    def visible_to(self, user: User) -> RefundQuerySet:
        """Those of the person's own unit and of the units below it."""
        return self.filter(payment__bill__step__case__in=Case.objects.visible_to(user))

    def with_due(self) -> RefundQuerySet:
        """Each with the day on which the act that it waits for is due (`due_on`)."""
        standing = Alert.objects.filter(subject__in=WAITING.values(), ref=OuterRef("pk"))
        return self.annotate(due_on=Subquery(standing.values("due_on")[:1]))

    def of_case(self, case: Case) -> RefundQuerySet:
        """The refunds of the case, the latest first."""
        return self.filter(payment__bill__step__case=case).order_by("-pk")


class Refund(Stateful):
    """Opened by itself when a bill no longer holds, or costs less than was paid; paid out by the
    cashier, confirmed by another.
    """

    class State(models.TextChoices):
        DUE = "due", _("To be paid out")
        PAID_OUT = "paid_out", _("Paid out, to be confirmed")
        CONFIRMED = "confirmed", _("Refunded")

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)
    reason = WordsField(_("reason"), max_length=500)
    state = ProtectedState(_("state"), max_length=10, default=State.DUE, choices=State)
    opened_at = models.DateTimeField(_("opened"))
    method = models.CharField(_("paid out by"), max_length=10, choices=Method, blank=True)
    reference = models.CharField(_("account and reference"), max_length=80, blank=True)
    paid_out_at = models.DateTimeField(_("paid out"), null=True, blank=True)
    paid_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cashier"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [
            models.Index(
                fields=["opened_at"],
                name="refund_waiting",
                condition=Q(state__in=["due", "paid_out"]),
            )
        ]
        constraints = [
            RowCheck(
                condition=Q(amount__gt=0),
                name="a_refund_has_an_amount",
                violation_error_message=_("The amount must be more than 0."),
            ),
            RowCheck(
                condition=~Q(reason=""),
                name="a_refund_has_a_reason",
                violation_error_message=_("A refund needs a reason."),
            ),
            RowCheck(
                condition=Q(state="due")
                | (
                    ~Q(method="")
                    & ~Q(reference="")
                    & Q(paid_out_at__isnull=False, paid_out_by__isnull=False)
                ),
                name="a_refund_paid_out_is_complete",
                violation_error_message=_("Say how and to which account it was paid out."),
            ),
            RowCheck(
                condition=~Q(state="confirmed")
                | (
                    Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                    & ~Q(confirmed_by=F("paid_out_by"))
                ),
                name="a_refund_needs_two_people",
                violation_error_message=_("Who paid out the refund cannot confirm it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment}: {self.amount}"

    @property
    def owner(self) -> Role:
        """Whose turn it is: the cashier's to pay it out, then the biller's to confirm it."""
        return OWNERS[WAITING[self.state]]

    @transition(state, source=State.DUE, target=State.PAID_OUT)
    def pay_out(self):
        """The cashier gave the money back."""

    @transition(state, source=State.PAID_OUT, target=State.CONFIRMED)
    def confirm(self):
        """A second person saw that it arrived."""


# What is waited for while a refund is in a state: the ladder that stands on it.
WAITING: dict[str, Subject] = {
    Refund.State.DUE: Subject.REFUND,
    Refund.State.PAID_OUT: Subject.CONFIRM,
}
