"""Two cases that have to do with each other, and by whose word."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from applications import wording
from workflow.models import Case
from workflow.words import ShortWordsField


class RelationQuerySet(models.QuerySet["Relation"]):
    def of(self, case: Case) -> RelationQuerySet:
        """The relations of a case, whichever of the two was opened first."""
        return self.filter(Q(case=case) | Q(other=case))


class Relation(models.Model):
    """A case opened although a similar one was there: both pages show the other, and why."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("case"))
    other = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name=_("related to"))
    reason = ShortWordsField(
        _("how they belong together"), max_length=400, validators=[wording.readable]
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    objects = RelationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("relation of two cases")
        verbose_name_plural = _("relations of cases")
        constraints = [
            models.UniqueConstraint(fields=["case", "other"], name="related_once"),
            RowCheck(
                condition=~Q(case=F("other")),
                name="related_to_another",
                violation_error_message=_("A case is not related to itself."),
            ),
            RowCheck(
                condition=~Q(reason=""),
                name="a_relation_has_a_reason",
                violation_error_message=_("Say how the two cases belong together."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} – {self.other}"

    def across(self, case: Case) -> Case:
        """The other of the two, seen from this one."""
        return self.other if self.case_id == case.pk else self.case
