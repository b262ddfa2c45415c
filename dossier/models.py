"""A case as one thing to hand out: to a complainant's lawyer, to the regulator, to a court."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import Case


def archive_path(instance: Dossier, filename: str) -> str:
    """Bytes are stored once, under their own checksum."""
    return f"{Dossier.FOLDER}/{instance.sha256[:2]}/{instance.sha256}.zip"


class DossierQuerySet(models.QuerySet["Dossier"]):
    def unmade(self) -> DossierQuerySet:
        """Asked for; the worker owes them."""
        return self.filter(made_at=None)


class Dossier(models.Model):
    """One case as it stood when the worker read it: asked for by a person, made once, kept a month.

    Its checksum stays in the history of the case for good.
    """

    FOLDER = "dossiers"

    case = models.ForeignKey(Case, models.PROTECT, related_name="dossiers")
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for"))
    made_at = models.DateTimeField(_("made"), null=True, blank=True)
    # How many events of the case it holds.
    event_count = models.PositiveIntegerField(_("events"), default=0)
    # The hash of the last of them: it stands for all.
    head = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to=archive_path, blank=True)
    sha256 = models.CharField(_("checksum"), max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)

    objects = DossierQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("complaint dossier")
        verbose_name_plural = _("complaint dossiers")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "asked_by"],
                condition=Q(made_at=None),
                name="one_dossier_being_made_a_person",
                violation_error_message=_("A dossier of this case is being made for you already."),
            ),
            RowCheck(
                condition=Q(made_at=None) | (~Q(sha256="") & ~Q(file="")),
                name="a_made_dossier_has_its_bytes",
            ),
        ]
        indexes = [models.Index(fields=["asked_at"], name="dossier_asked")]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What its pages and its file are called by."""
        return f"{self.case.number}-D{self.pk}"

    @property
    def issued_at(self) -> datetime:
        """The day in its letterhead."""
        return self.asked_at

    def get_kind_display(self) -> str:
        """What it is, as its letterhead says."""
        return gettext("Complaint dossier")

    @property
    def is_late(self) -> bool:
        """The worker should have made it by now."""
        return self.made_at is None and timezone.now() - self.asked_at > settings.DOSSIER_LATE
