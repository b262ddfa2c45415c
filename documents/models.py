"""Files received, papers issued, and the checklist of what a case still owes in papers."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import User
from workflow.models import Case, Listed, Step
from workflow.process import BusinessType, CustomerClass, ExistingSupply, Kind
from workflow.words import ShortWordsField, WordsField


def file_path(instance: Attachment, filename: str) -> str:
    """Where a received file lies: by its content, never by the name somebody gave it."""
    return f"received/{instance.sha256[:2]}/{instance.sha256}"


class Attachment(models.Model):
    """A file received for a case, checked by its content."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    step = models.ForeignKey(
        Step, models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    title = ShortWordsField(_("title"), max_length=300)
    file = models.FileField(_("file"), upload_to=file_path)
    original_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Of the bytes as they were sent, where what is shown was made anew (see Original).
    original_sha256 = models.CharField(max_length=64, blank=True)
    # Of a photo taken as evidence: when, and where (degrees, metres).
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    uploaded_at = models.DateTimeField()
    # Nobody of the house: the customer, on a public page.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("file received")
        verbose_name_plural = _("files received")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("documents:attachment", args=[self.case.number, self.pk])

    @property
    def checksums(self) -> dict[str, Any]:
        """For the event that tells of it."""
        sent = {"original": self.original_sha256} if self.original_sha256 else {}
        return {"sha256": self.sha256, **sent}


def original_path(instance: Original, filename: str) -> str:
    return f"originals/{instance.sha256[:2]}/{instance.sha256}"


class Original(models.Model):
    """The bytes of a picture as they were sent, where what is shown of it was made anew: turned,
    smaller, without what its camera said. Found by both checksums, which the row of it has.
    """

    shown_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=original_path)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("original of a picture")
        verbose_name_plural = _("originals of pictures")
        constraints = [
            models.UniqueConstraint(fields=["shown_sha256", "sha256"], name="one_original")
        ]

    def __str__(self) -> str:
        return self.name


class Requirement(Listed):
    """A paper of the published list (DOMAIN section 5). What is not listed may not be asked for."""

    code = models.SlugField(_("code"), unique=True)
    label_en = models.CharField(_("English"), max_length=120)
    label_zh = models.CharField(_("Chinese"), max_length=120)
    customer_class = models.CharField(
        _("customer class"), max_length=20, choices=CustomerClass, blank=True
    )
    business_type = models.CharField(
        _("business type"), max_length=20, choices=BusinessType, blank=True
    )
    existing_supply = models.CharField(
        _("existing supply"), max_length=10, choices=ExistingSupply, blank=True
    )
    important_only = models.BooleanField(_("important customers only"), default=False)
    # One identity paper is enough to start; everything else may become a dated debt.
    needed_to_start = models.BooleanField(_("needed to start"), default=False)
    asked_at = models.CharField(
        _("asked for at"), max_length=20, choices=Kind, default=Kind.APPLICATION
    )
    blocks = models.CharField(
        _("blocks"),
        max_length=20,
        choices=Kind,
        blank=True,
        help_text=_("Empty: reminded, blocks nothing."),
    )
    working_days = models.PositiveSmallIntegerField(
        _("to be handed in within (working days)"), default=10
    )
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("paper of the published list")
        verbose_name_plural = _("published list of papers")

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.label_zh if (get_language() or "").startswith("zh") else self.label_en


class PaperItemQuerySet(models.QuerySet["PaperItem"]):
    def owed(self) -> PaperItemQuerySet:
        return self.filter(state=PaperItem.State.OWED)


class PaperItem(models.Model):
    """A line of the case's checklist: received, or a dated debt."""

    class State(models.TextChoices):
        OWED = "owed", _("Owed")
        RECEIVED = "received", _("Received")
        WAIVED = "waived", _("Not needed")

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers_owed")
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OWED)
    # Its place on the one list of what is missing; empty for what was handed in unasked.
    number = models.PositiveSmallIntegerField(_("number on the list"), null=True, blank=True)
    due_on = models.DateField(_("to be handed in by"), null=True, blank=True)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = ShortWordsField(_("reason"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = PaperItemQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "requirement"], name="one_line_a_paper"),
            RowCheck(
                condition=~Q(state="owed") | Q(due_on__isnull=False),
                name="a_debt_is_dated",
                violation_error_message=_("Say by when the paper is to be handed in."),
            ),
            RowCheck(
                condition=~Q(state="waived") | ~Q(reason=""),
                name="a_waiver_has_a_reason",
                violation_error_message=_("Say why the paper is not needed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} · {self.get_state_display()}"

    def is_overdue(self, today: date) -> bool:
        return self.state == self.State.OWED and self.due_on < today


class AskQuerySet(models.QuerySet["Ask"]):
    def listed(self) -> AskQuerySet:
        """Those that stand on the list; not what still waits for a supervisor."""
        return self.filter(number__isnull=False)

    def open(self) -> AskQuerySet:
        """Those on the list that are not put right yet."""
        return self.listed().filter(closed_at=None)

    def proposed(self) -> AskQuerySet:
        """What somebody wants to ask for later, until a supervisor has answered."""
        return self.filter(number=None, closed_at=None)

    def asked_later(self) -> AskQuerySet:
        """What was asked for though it did not stand on the first list: each one is counted."""
        return self.listed().filter(late=True)


class Ask(models.Model):
    """A point of the one list of what is missing (DOMAIN section 5), asked by a reviewer.

    The papers owed (PaperItem) stand on the same list. What was not on the first list of a link
    may be asked for only with a supervisor's approval: until then it has no number.
    """

    class Source(models.TextChoices):
        FILE = "file", _("Completeness of the file")
        REVIEW = "review", _("Review or inspection")

    case = models.ForeignKey(Case, models.PROTECT, related_name="asks")
    step = models.ForeignKey(Step, models.PROTECT, related_name="asks")
    source = models.CharField(_("source"), max_length=10, choices=Source)
    number = models.PositiveSmallIntegerField(_("number on the list"), null=True, blank=True)
    what = WordsField(_("what is missing"), max_length=1000)
    due_on = models.DateField(_("to be put right by"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    late = models.BooleanField(_("not on the first list"), default=False)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = AskQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("point of the list")
        verbose_name_plural = _("points of the list")
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="one_point_a_number"),
            RowCheck(
                condition=Q(late=False) | Q(number=None) | Q(approved_by__isnull=False),
                name="asked_later_is_approved",
                violation_error_message=_(
                    "What was not on the first list is asked for only with a supervisor's approval."
                ),
            ),
            RowCheck(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("asked_by")),
                name="asked_later_by_two_people",
                violation_error_message=_("Who asks later does not approve it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or '–'}. {self.what}"

    @property
    def is_proposed(self) -> bool:
        """Waits for a supervisor."""
        return self.number is None and self.closed_at is None


def verification_code() -> str:
    """A code that nobody guesses, printed on the paper as a QR."""
    return secrets.token_urlsafe(12)


def paper_path(instance: Paper, filename: str) -> str:
    """Bytes are stored once, under their own checksum."""
    return f"papers/{instance.sha256[:2]}/{instance.sha256}.pdf"


class PaperKind(models.TextChoices):
    RECEIPT = "receipt", _("Application receipt")
    SURVEY = "survey", _("Survey sheet")
    PLAN = "plan", _("Supply plan answer")
    BILL = "bill", _("Fee bill")
    PAYMENT = "payment", _("Fee receipt")
    CONTRACT = "contract", _("Supply contract")
    WORK_ORDER = "work_order", _("Meter work order")
    REFUSAL = "refusal", _("Notice of refusal")
    DEFICIENCY = "deficiency", _("One-time notice of what is missing")
    CONSENT = "consent", _("Request for consent")


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, user: User) -> PaperQuerySet:
        return self.filter(case__in=Case.objects.visible_to(user))

    def with_ends(self) -> list[Paper]:
        """All of a case, each with the day since when what it says no longer holds (`ended_on`,
        else None): of a bill that ended, the paper that says so and those before it.
        """
        papers = list(self)
        ended = {
            paper.data["bill"]: timezone.localdate(paper.issued_at)
            for paper in papers
            if paper.data.get("ended")
        }
        for paper in papers:
            paper.ended_on = ended.get(paper.data.get("bill"))
        return papers

    def unrendered(self) -> PaperQuerySet:
        """Those the worker owes; what is made on demand waits for its reader."""
        return self.filter(rendered_at=None, on_demand=False)


class Paper(models.Model):
    """A paper issued: asked for in the causing transaction, rendered after it, stored once."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="papers")
    step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="papers")
    kind = models.CharField(_("paper"), max_length=12, choices=PaperKind)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    number = models.CharField(_("number"), max_length=30)
    code = models.CharField(max_length=24, unique=True, default=verification_code)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    # What the paper says beyond the sheets, frozen at issue (the reason of a refusal, the list of
    # defects).
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    file = models.FileField(upload_to=paper_path, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    rendered_at = models.DateTimeField(null=True)
    # Made when somebody first asks for it: no worker spends hours on copies nobody reads.
    on_demand = models.BooleanField(default=False)

    objects = PaperQuerySet.as_manager()
    ended_on: date | None = None

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("paper issued")
        verbose_name_plural = _("papers issued")
        constraints = [
            models.UniqueConstraint(fields=["number", "language"], name="one_paper_a_number"),
            RowCheck(
                condition=Q(rendered_at=None) | (~Q(sha256="") & ~Q(file="")),
                name="a_rendered_paper_has_its_bytes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(rendered_at=None, on_demand=False),
                name="paper_unrendered",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("documents:paper", args=[self.case.number, self.pk])

    @property
    def verify_url(self) -> str:
        """The public address printed as a QR: tells whether a paper in hand is the one issued."""
        return settings.BASE_URL + reverse("documents:verify", args=[self.code])
