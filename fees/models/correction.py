"""What two people decide, with a reason (DOMAIN section 7): waivers, corrections, quotes kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from fees.models.bill import Bill
from plans.models import Plan


class Proposal(models.Model):
    """What the billing clerk proposes, and the answer of a second person."""

    class Answer(models.TextChoices):
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    reason = models.TextField(_("reason"), max_length=500)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        abstract = True


class Correction(Proposal):
    """That a bill be waived or computed anew."""

    class Kind(models.TextChoices):
        WAIVE = "waive", _("Waive the bill")
        CORRECT = "correct", _("Correct the bill: compute it anew")

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="corrections")
    kind = models.CharField(_("what is asked for"), max_length=10, choices=Kind)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("waiver or correction")
        verbose_name_plural = _("waivers and corrections")
        constraints = [
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(answer=""),
                name="one_open_correction_a_bill",
                violation_error_message=_("A waiver or correction is proposed already."),
            ),
            RowCheck(
                condition=~Q(reason=""),
                name="a_correction_has_a_reason",
                violation_error_message=_("A waiver or correction needs a reason."),
            ),
            RowCheck(
                condition=Q(answered_by=None) | ~Q(answered_by=F("proposed_by")),
                name="a_correction_needs_two_people",
                violation_error_message=_("A waiver or correction needs two people."),
            ),
            RowCheck(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="an_answer_has_its_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill}: {self.get_kind_display()}"


class KeptQuote(Proposal):
    """That a plan be billed as it was quoted, though the published rates have changed since."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="kept_quotes")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("quote kept")
        verbose_name_plural = _("quotes kept")
        constraints = [
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(answer=""),
                name="one_open_kept_quote_a_plan",
                violation_error_message=_("This is proposed already."),
            ),
            RowCheck(
                condition=~Q(reason=""),
                name="a_kept_quote_has_a_reason",
                violation_error_message=_("Say why the quote is kept."),
            ),
            RowCheck(
                condition=Q(answered_by=None) | ~Q(answered_by=F("proposed_by")),
                name="a_kept_quote_needs_two_people",
                violation_error_message=_("This needs two people."),
            ),
            RowCheck(
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="a_kept_quotes_answer_has_its_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.get_answer_display()}"
