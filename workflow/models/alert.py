"""The ladder: what will be due, what was told to whom, who has seen it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import at_work
from workflow.models.case import Case
from workflow.models.step import Step

# A worker that has held a mail for longer was killed between the claim and the sending.
ABANDONED = timedelta(minutes=10)


class Subject(models.TextChoices):
    """What an alert is about; `Alert.ref` is the row of that kind."""

    DUE = "due", _("Step due")
    SILENT = "silent", _("Customer without news")
    STOP = "stop", _("Stop to review")
    CAP = "cap", _("Stop at its cap, the clock runs again")
    PAPER = "paper", _("Paper owed")
    PLAN = "plan", _("Plan to use or extend")
    REFUND = "refund", _("Refund to pay out")
    CONFIRM = "confirm", _("Refund to confirm")
    PROMISE = "promise", _("News promised")
    CONSENT = "consent", _("Consent to follow up")
    FOLLOW_UP = "follow_up", _("Follow-up of a call-back")
    MESSAGE = "message", _("Message not delivered")
    ASK = "ask", _("Asking for more to decide on")
    LICENCE = "licence", _("Licence that ends")
    AUTHORITY = "authority", _("Agent's authority that ends")
    DEFERRED = "deferred", _("Formality deferred until a day")
    TERM = "term", _("Term of the contract that ends")


class Alert(models.Model):
    """The next rung of one ladder. Narrow on purpose: the sweep touches only rows whose time has
    come.
    """

    subject = models.CharField(max_length=10, choices=Subject)
    ref = models.PositiveBigIntegerField()
    case = models.ForeignKey(Case, models.CASCADE, related_name="alerts")
    step = models.ForeignKey(Step, models.CASCADE, null=True, related_name="alerts")
    # Who is told first, where it is neither the owner of the step nor that of the case.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    due_on = models.DateField()
    level = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "ref"], name="one_ladder_a_subject")
        ]
        indexes = [models.Index(fields=["next_at"], name="alert_next")]

    def __str__(self) -> str:
        return f"{self.subject} {self.ref} → {self.level}"


class Reminder(models.Model):
    """One rung of the ladder, told once: unique by subject, level and due date."""

    subject = models.CharField(_("about"), max_length=10, choices=Subject)
    ref = models.PositiveBigIntegerField()
    case = models.ForeignKey(Case, models.PROTECT, related_name="reminders")
    step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="reminders")
    level = models.PositiveSmallIntegerField(_("level"))
    due_on = models.DateField(_("due"))
    created_at = models.DateTimeField(_("told"))

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "ref", "level", "due_on"], name="one_reminder_a_rung"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.ref} · {self.level}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def unread(self) -> NoticeQuerySet:
        return self.filter(acknowledged_at=None)

    def to_mail(self, now: datetime) -> NoticeQuerySet:
        """What may be mailed at this moment to people who are at work and have an address."""
        free = Q(mailing_since=None) | Q(mailing_since__lt=now - ABANDONED)
        again = Q(mail_again_at=None) | Q(mail_again_at__lte=now)
        return self.filter(
            free & again,
            at_work(timezone.localdate(now), "user__"),
            mailed_at=None,
            undelivered="",
        ).exclude(user__email="")

    def undelivered_since(self, moment: datetime) -> NoticeQuerySet:
        return self.exclude(undelivered="").filter(reminder__created_at__gte=moment)


class Notice(models.Model):
    """A reminder as one person gets it: in the list until acknowledged, and by e-mail once."""

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    # The mail: claimed by a worker, sent; tried in vain so often and not again before; given up.
    mailing_since = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    in_digest = models.BooleanField(default=False)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_again_at = models.DateTimeField(null=True, blank=True)
    undelivered = models.CharField(max_length=200, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["reminder", "user"], name="one_notice_a_person")
        ]
        indexes = [
            models.Index(
                fields=["user", "-id"], condition=Q(acknowledged_at=None), name="notice_unread"
            ),
            models.Index(
                fields=["user", "id"],
                condition=Q(mailed_at=None, undelivered=""),
                name="notice_to_mail",
            ),
            models.Index(fields=["user"], condition=~Q(undelivered=""), name="notice_undelivered"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ← {self.reminder_id}"


class Sweep(models.Model):
    """A pass of the sweep: when, and what it did. The newest row is the watchdog's evidence."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    reminders = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
