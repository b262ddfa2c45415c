"""The contact log: every word with the customer, and what was promised (R8, the contact clock)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import Max, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from applications import wording
from workflow.models import Case
from workflow.words import WordsField

# How often somebody must have tried before silence is proven: on as many different days, and not
# always by the same channel (a house rule; the regulator asks for "reasonable steps", DOMAIN
# section 10).
ATTEMPTS, CHANNELS = 3, 2


@dataclass(frozen=True)
class Proof:
    """The attempts to reach the customer since they were last spoken with, oldest first."""

    contacts: list[Contact]

    @property
    def days(self) -> int:
        """On how many different days somebody tried."""
        return len({timezone.localdate(contact.at) for contact in self.contacts})

    @property
    def channels(self) -> int:
        return len({contact.channel for contact in self.contacts})

    @property
    def holds(self) -> bool:
        return not self.lacking

    @property
    def lacking(self) -> list[str]:
        """What is still to be tried, in words; empty when the proof holds."""
        found = []
        if (left := ATTEMPTS - self.days) > 0:
            words = ngettext(
                "%(n)s more attempt on another day", "%(n)s more attempts on other days", left
            )
            found.append(words % {"n": left})
        if (left := CHANNELS - self.channels) > 0:
            words = ngettext("%(n)s more channel needed", "%(n)s different channels needed", left)
            found.append(words % {"n": left})
        return found

    @property
    def summary(self) -> str:
        """How far the proof has come: "2 of 3 attempts: 1 more channel needed"."""
        if self.holds:
            return gettext("proven: tried on %(days)s days by %(channels)s channels") % {
                "days": self.days,
                "channels": self.channels,
            }
        return gettext("%(days)s of %(needed)s attempts: %(lacking)s") % {
            "days": min(self.days, ATTEMPTS),
            "needed": ATTEMPTS,
            "lacking": gettext(", ").join(self.lacking),
        }


class ContactQuerySet(models.QuerySet["Contact"]):
    def proof_of_attempts(self, case: Case, since: datetime) -> Proof:
        """Who tried in vain to reach the customer after a moment, as a proof or what it lacks.

        Being reached in between begins it anew: who answered once is not unreachable.
        """
        of_case = self.filter(case=case, at__gte=since)
        reached = of_case.filter(outcome=Contact.Outcome.REACHED).aggregate(last=Max("at"))["last"]
        tried = of_case.filter(direction=Contact.Direction.OUT).exclude(
            outcome=Contact.Outcome.REACHED
        )
        if reached:
            tried = tried.filter(at__gt=reached)
        found = tried.select_related("by").order_by("at", "pk")
        # Written down on its own day: an attempt that is remembered later proves nothing.
        return Proof([c for c in found if c.entered_late_days < 1])

    def promising(self) -> ContactQuerySet:
        """Those with which the next news were promised by a day."""
        return self.filter(promised_on__isnull=False)

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
    # Nobody of the house: what the customer did on a public page.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(fields=["case", "-at", "-id"], name="contact_case_at")]
        constraints = [
            RowCheck(
                condition=~Q(summary=""),
                name="contact_says_what_was_said",
                violation_error_message=_("Write what was said."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.at:%Y-%m-%d}"

    @property
    def entered_late_days(self) -> int:
        """Days between the contact and its entry."""
        return (timezone.localdate(self.entered_at) - timezone.localdate(self.at)).days

    @property
    def is_two_way(self) -> bool:
        return self.outcome == self.Outcome.REACHED

    def missed(self, today: date, answered_at: datetime | None) -> bool:
        """News was promised by a day that passed without anybody reaching the customer."""
        if self.promised_on is None or self.promised_on >= today:
            return False
        return answered_at is None or timezone.localdate(answered_at) > self.promised_on
