"""Drawing review 设计图纸审查: a revision a round, comments by drawing and item."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from documents.models import Attachment
from workflow.models import Case, Step
from works.models.register import Licence


class DrawingReview(models.Model):
    """One revision of the drawings and the decision on it; the revision is the step's round."""

    class Decision(models.TextChoices):
        PASSED = "passed", _("Passed")
        RETURNED = "returned", _("Returned with comments")

    step = models.OneToOneField(Step, models.PROTECT, related_name="drawing_review")
    licence = models.ForeignKey(
        Licence,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reviews",
        verbose_name=_("designer"),
    )
    title = models.CharField(_("title of the design"), max_length=120, blank=True)
    design_number = models.CharField(_("design no."), max_length=40, blank=True)
    drawn_on = models.DateField(_("date on the drawings"), null=True, blank=True)
    follows_plan = models.BooleanField(
        _("source points, capacity and metering follow the supply plan"), null=True, blank=True
    )
    own_source_ok = models.BooleanField(
        _("own emergency source interlocked"), null=True, blank=True
    )
    power_quality_ok = models.BooleanField(
        _("harmonics and power factor treated"), null=True, blank=True
    )
    protection_ok = models.BooleanField(
        _("protection and metering drawings complete"), null=True, blank=True
    )
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, blank=True)
    remarks = models.TextField(_("remarks"), max_length=1000, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("drawing review")
        verbose_name_plural = _("drawing reviews")
        constraints = [
            RowCheck(
                condition=Q(signed_at=None) | (Q(signed_by__isnull=False) & ~Q(decision="")),
                name="signed_review_is_decided",
                violation_error_message=_("Decide before signing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.revision}".strip()

    @property
    def revision(self) -> int:
        """Which revision of the drawings this is, from 1."""
        return self.step.round


class DrawingSheet(models.Model):
    """One drawing of a revision."""

    class Kind(models.TextChoices):
        CIVIL = "civil", _("Civil works")
        LINE = "line", _("Line")
        SUBSTATION = "substation", _("Substation, electrical")

    review = models.ForeignKey(DrawingReview, models.PROTECT, related_name="sheets")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    number = models.CharField(_("drawing no."), max_length=40)
    title = models.CharField(_("title"), max_length=120)
    attachment = models.ForeignKey(
        Attachment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("file"),
    )

    class Meta:
        ordering = ["kind", "number"]
        verbose_name = _("drawing")
        verbose_name_plural = _("drawings")
        constraints = [
            models.UniqueConstraint(
                fields=["review", "number"],
                name="one_drawing_a_number",
                violation_error_message=_("This drawing number is listed twice."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class CommentQuerySet(models.QuerySet["DrawingComment"]):
    def open(self) -> CommentQuerySet:
        return self.filter(closed_in=None)


class DrawingComment(models.Model):
    """A comment by drawing and item, open over the revisions until one of them closes it."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="drawing_comments")
    raised_in = models.ForeignKey(DrawingReview, models.PROTECT, related_name="raised")
    drawing = models.CharField(_("drawing no."), max_length=40)
    item = models.CharField(_("item"), max_length=40)
    text = models.TextField(_("comment"), max_length=500)
    answer = models.TextField(_("how it was settled"), max_length=500, blank=True)
    closed_in = models.ForeignKey(
        DrawingReview, models.PROTECT, null=True, blank=True, related_name="closed"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("comment on a drawing")
        verbose_name_plural = _("comments on drawings")
        constraints = [
            RowCheck(
                condition=~Q(text="") & ~Q(item=""),
                name="comment_says_where_and_what",
                violation_error_message=_("A comment names the item and what is wrong with it."),
            ),
            RowCheck(
                condition=Q(closed_in=None) | (Q(closed_by__isnull=False) & ~Q(answer="")),
                name="closed_comment_is_answered",
                violation_error_message=_("Say how the comment was settled."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawing} {self.item}"
