"""What customers are told: the words, each message on its way, and who wants none.

A message is written in the transaction of the act it tells of, and sent afterwards. What is in the
row is what the customer got: words that are edited later change no message.
"""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from news import wording
from workflow import verbs
from workflow.models import Case, Event


class Channel(models.TextChoices):
    SMS = "sms", _("SMS")
    EMAIL = "email", _("E-mail")


class TemplateQuerySet(models.QuerySet["Template"]):
    def in_use(self) -> TemplateQuerySet:
        return self.filter(active=True)


class Template(models.Model):
    """The words for one act, language and channel. Edited words are a new version; none is lost."""

    verb = models.CharField(_("what happened"), max_length=50, editable=False)
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, editable=False
    )
    channel = models.CharField(_("channel"), max_length=5, choices=Channel, editable=False)
    version = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    active = models.BooleanField(_("in use"), default=True, editable=False)
    by_law = models.BooleanField(
        _("required by law"),
        default=False,
        help_text=_(
            "Goes by e-mail also to who wants no messages; never by SMS against their will."
        ),
    )
    subject = models.CharField(_("subject of the e-mail"), max_length=150, blank=True)
    body = models.TextField(_("text"), max_length=3000)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ["verb", "language", "channel", "-version"]
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(
                fields=["verb", "language", "channel", "version"], name="one_template_a_version"
            ),
            models.UniqueConstraint(
                fields=["verb", "language", "channel"],
                condition=Q(active=True),
                name="one_template_in_use",
            ),
            RowCheck(
                condition=~Q(channel="email", subject=""),
                name="mail_has_a_subject",
                violation_error_message=_("An e-mail needs a subject."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} · {self.get_language_display()} · {self.get_channel_display()}"

    @property
    def what(self) -> str:
        return verbs.label(self.verb)

    @property
    def goes_to_all(self) -> bool:
        """Who wants no messages still gets by e-mail what the law wants them to have."""
        return self.by_law and self.channel == Channel.EMAIL

    def clean(self) -> None:
        """Unknown placeholders and an SMS that is too long are refused while it is written."""
        wording.check(subject=self.subject, body=self.body)
        if self.channel == Channel.SMS:
            wording.check_length(self.body, self.language)
        elif not self.subject.strip():
            raise ValidationError({"subject": _("An e-mail needs a subject.")})


class MessageQuerySet(models.QuerySet["Message"]):
    def unsettled(self) -> MessageQuerySet:
        """Not delivered, or perhaps not, and nobody has done anything about it."""
        return self.filter(state__in=Message.FAILED, settled_at=None)


def new_reference() -> str:
    return uuid.uuid4().hex


class Message(models.Model):
    """One message to a customer by one channel.

    Times tell how far it came: `claimed_at` a worker took it, `handed_at` it let go of it (from
    here on the customer may have it), `sent_at` the other side has said yes.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        UNDELIVERED = "undelivered", _("Not delivered")
        DOUBT = "doubt", _("Perhaps not delivered")
        WITHHELD = "withheld", _("Not wanted")

    FAILED = (State.UNDELIVERED, State.DOUBT)

    case = models.ForeignKey(Case, models.PROTECT, related_name="messages", verbose_name=_("case"))
    event = models.ForeignKey(Event, models.PROTECT, related_name="messages")
    template = models.ForeignKey(Template, models.PROTECT, related_name="messages")
    # The message that this one is sent instead of, by a person's decision.
    instead_of = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="again"
    )
    verb = models.CharField(_("what happened"), max_length=50)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body = models.TextField(_("text"))
    # Idempotency key of the SMS, Message-ID and bounce address of the e-mail.
    reference = models.CharField(max_length=40, unique=True, default=new_reference, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    created_at = models.DateTimeField(_("written"))
    due_at = models.DateTimeField(_("to be sent from"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.CharField(_("what stood against it"), max_length=300, blank=True)
    settled_at = models.DateTimeField(_("seen to"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel"],
                condition=Q(instead_of=None),
                name="one_message_an_event",
            ),
            RowCheck(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sent_message_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-id"], name="message_case"),
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["waiting", "sending"]),
                name="message_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} → {self.to}"

    @property
    def what(self) -> str:
        return verbs.label(self.verb)

    @property
    def chip(self) -> str:
        """The class of its chip; the word stands in it."""
        if self.settled_at:
            return "wait"
        return {
            self.State.SENT: "done",
            self.State.UNDELIVERED: "late1",
            self.State.DOUBT: "soon",
            self.State.WITHHELD: "stop",
        }.get(self.State(self.state), "run")

    @property
    def shown(self) -> str:
        """The text for the house: the customer's code in it is for the customer alone."""
        return re.sub(r"(/track/[^/\s]+/)[^/\s]+", r"\1…", self.body)

    @property
    def can_go_again(self) -> bool:
        return self.state in self.FAILED and self.settled_at is None


class OptOut(models.Model):
    """An address to which nothing more is sent, by its holder's own wish."""

    address = models.CharField(_("address"), max_length=254, unique=True)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    how = models.CharField(_("how they said so"), max_length=200)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")

    def __str__(self) -> str:
        return self.address
