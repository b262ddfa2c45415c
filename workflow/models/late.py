"""Why a step was let go past its due date: the listed causes, and what was said of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import User
from workflow.models.case import Case
from workflow.models.standard import Listed
from workflow.models.step import Step


class LateCause(Listed):
    """A listed cause of lateness and the party responsible for it (DOMAIN section 9)."""

    class Party(models.TextChoices):
        UTILITY = "utility", _("Utility")
        CUSTOMER = "customer", _("Customer")
        THIRD_PARTY = "third_party", _("Third party")
        FORCE_MAJEURE = "force_majeure", _("Force majeure")

    code = models.SlugField(_("code"), unique=True)
    label_en = models.CharField(_("English"), max_length=80)
    label_zh = models.CharField(_("Chinese"), max_length=80)
    party = models.CharField(_("party responsible"), max_length=15, choices=Party)
    needs_words = models.BooleanField(_("needs words"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("cause of lateness")
        verbose_name_plural = _("causes of lateness")

    def __str__(self) -> str:
        return self.label_zh if (get_language() or "").startswith("zh") else self.label_en


class Lateness(models.Model):
    """A step was let go late: finished, sent back, refused or passed to the customer.

    Without a cause nobody was asked (it ended by itself, or with another step), unless it is
    `owed`: a record of the tablet came late and did not say.
    """

    step = models.ForeignKey(Step, models.PROTECT, related_name="latenesses")
    due_on = models.DateField(_("due"))
    at = models.DateTimeField(_("done"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    cause = models.ForeignKey(LateCause, models.PROTECT, null=True, verbose_name=_("cause"))
    remark = models.CharField(_("remark"), max_length=200, blank=True)
    owed = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("late step")
        verbose_name_plural = _("late steps")
        constraints = [
            RowCheck(
                condition=Q(owed=False) | Q(cause=None, by__isnull=False),
                name="an_owed_cause_is_not_given",
            )
        ]
        indexes = [
            models.Index(fields=["at"], name="lateness_at"),
            models.Index(fields=["by"], name="lateness_owed", condition=Q(owed=True)),
        ]

    def __str__(self) -> str:
        return str(self.cause or (_("not said yet") if self.owed else _("not asked")))

    @staticmethod
    def of(case: Case, step: Step | None = None) -> models.QuerySet[Lateness]:
        """What was let go late in a case, or of this step of it, in order."""
        found = Lateness.objects.filter(step__case=case).select_related("cause", "by")
        return found.filter(step=step) if step else found

    @staticmethod
    def owed_by(person: User) -> models.QuerySet[Lateness]:
        """What the person let go late without saying why, the oldest first."""
        return Lateness.objects.filter(by=person, owed=True).select_related("step__case")
