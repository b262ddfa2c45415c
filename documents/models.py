"""Files received, papers issued, and the checklist of what a case still owes in papers."""

from __future__ import annotations

import secrets
from datetime import date

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from workflow.models import Case, Step
from workflow.process import BusinessType, CustomerClass, ExistingSupply, Kind
from workflow.words import ShortWordsField


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
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("file received")
        verbose_name_plural = _("files received")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("documents:attachment", args=[self.case.number, self.pk])


class Requirement(models.Model):
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
            models.CheckConstraint(
                condition=~Q(state="owed") | Q(due_on__isnull=False),
                name="a_debt_is_dated",
                violation_error_message=_("Say by when the paper is to be handed in."),
            ),
            models.CheckConstraint(
                condition=~Q(state="waived") | ~Q(reason=""),
                name="a_waiver_has_a_reason",
                violation_error_message=_("Say why the paper is not needed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requirement} · {self.get_state_display()}"

    def is_overdue(self, today: date) -> bool:
        return self.state == self.State.OWED and self.due_on < today


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


class PaperQuerySet(models.QuerySet["Paper"]):
    def visible_to(self, user: User) -> PaperQuerySet:
        return self.filter(case__in=Case.objects.visible_to(user))

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

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("paper issued")
        verbose_name_plural = _("papers issued")
        constraints = [
            models.UniqueConstraint(fields=["number", "language"], name="one_paper_a_number"),
            models.CheckConstraint(
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
