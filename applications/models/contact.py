"""The contact log: every word with the customer, and what was promised (R8, the contact clock)."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications import wording
from workflow.models import Case
from workflow.words import WordsField


class ContactQuerySet(models.QuerySet["Contact"]):
    def with_answers(self) -> ContactQuerySet:
        """With `answered_at`: when the customer was next reached after each contact."""
        later = Contact.objects.filter(
            case=OuterRef("case"), at__gt=OuterRef("at"), outcome=Contact.Outcome.REACHED
        )
        return self.annotate(answered_at=Subquery(later.order_by("at").values("at")[:1]))


class Contact(models.Model):
    """One contact with the customer. Only where they were reached is the contact clock set back."""

    class Direction(models.TextChoices):
        OUT = "out", _("we to the customer")
        IN = "in", _("the customer to us")

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone")
        SMS = "sms", _("SMS")
        VISIT = "visit", _("Visit")
        COUNTER = "counter", _("Counter")
        MAIL = "mail", _("Mail")
        APP = "app", _("App")

    class Outcome(models.TextChoices):
        REACHED = "reached", _("Reached")
        MESSAGE = "message", _("Message left")
        NOT_REACHED = "not_reached", _("Not reached")

    case = models.ForeignKey(Case, models.PROTECT, related_name="contacts", verbose_name=_("case"))
    direction = models.CharField(
        _("direction"), max_length=3, choices=Direction, default=Direction.OUT
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=Outcome, default=Outcome.REACHED
    )
    summary = WordsField(
        _("what was said and promised"), max_length=1000, validators=[wording.readable]
    )
    promised_on = models.DateField(_("next news promised by"), null=True, blank=True)
    at = models.DateTimeField(_("happened"))
    entered_at = models.DateTimeField(_("entered"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(fields=["case", "-at", "-id"], name="contact_case_at")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(summary=""),
                name="contact_says_what_was_said",
                violation_error_message=_("Write what was said."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.at:%Y-%m-%d}"

    @property
    def is_two_way(self) -> bool:
        return self.outcome == self.Outcome.REACHED

    def missed(self, today: date, answered_at: datetime | None) -> bool:
        """News was promised by a day that passed without anybody reaching the customer."""
        if self.promised_on is None or self.promised_on >= today:
            return False
        return answered_at is None or timezone.localdate(answered_at) > self.promised_on
