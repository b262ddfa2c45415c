"""What the public pages keep themselves: wrong guesses of codes, and applications not yet sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.code import LENGTH, new_code
from workflow.models import Case


class Guess(models.Model):
    """A wrong code, by the address it came from: whoever guesses too often waits."""

    address = models.GenericIPAddressField(_("address"))
    number = models.CharField(_("case number"), max_length=20, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("wrong code")
        verbose_name_plural = _("wrong codes")
        indexes = [
            models.Index(fields=["address", "at"], name="guess_address"),
            models.Index(fields=["number", "at"], name="guess_number"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.at:%Y-%m-%d %H:%M}"


class Draft(models.Model):
    """An application that somebody fills in on the web: kept page by page, resumed by its code.

    It is no case yet. Sent, it opens one, and is not filled in any more.
    """

    code = models.CharField(max_length=LENGTH, unique=True, default=new_code, editable=False)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    # What was typed so far, by the name of the field, as it was typed.
    typed = models.JSONField(default=dict, blank=True)
    # Where it was begun, as `steps.place_of` counts addresses.
    address = models.GenericIPAddressField(_("address"), null=True, editable=False)
    begun_at = models.DateTimeField(_("begun"))
    saved_at = models.DateTimeField(_("saved"))
    case = models.OneToOneField(
        Case, models.PROTECT, null=True, blank=True, related_name="web_draft"
    )

    class Meta:
        verbose_name = _("application begun on the web")
        verbose_name_plural = _("applications begun on the web")
        indexes = [
            models.Index(fields=["saved_at"], name="draft_saved"),
            models.Index(fields=["address", "begun_at"], name="draft_address"),
        ]

    def __str__(self) -> str:
        return f"{self.begun_at:%Y-%m-%d %H:%M}"

    @property
    def grouped(self) -> str:
        """The code as it is shown and read out: ABCD-EFGH-JKMN."""
        return "-".join(self.code[n : n + 4] for n in range(0, LENGTH, 4))


def draft_path(instance: DraftFile, filename: str) -> str:
    """Where a file of a draft lies: by its content, never by the name somebody gave it."""
    return f"drafts/{instance.sha256[:2]}/{instance.sha256}"


class DraftFile(models.Model):
    """A paper photographed for a draft, checked by its content; it goes to the case with it."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    # documents.Requirement.code
    requirement = models.SlugField(_("paper"))
    file = models.FileField(_("file"), upload_to=draft_path)
    original_name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("paper of a draft")
        verbose_name_plural = _("papers of drafts")
        constraints = [
            models.UniqueConstraint(fields=["draft", "requirement"], name="one_file_a_paper")
        ]

    def __str__(self) -> str:
        return self.requirement
