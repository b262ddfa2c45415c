"""The drawing review."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from workflow.guards import Refused
from works.forms.room import RoomForm
from works.forms.rows import COMMENTS, DRAWINGS, SETTLED, typed
from works.guards import unlisted
from works.models import (
    DrawingComment,
    DrawingReview,
    Licence,
)
from works.search import SearchField


class DrawingForm(RoomForm):
    licence = SearchField(
        Licence.objects.none(),
        ("number", "unified_code", "firm"),
        label=capfirst(_("designer")),
        required=False,
        help_text=_("Licence number, unified code or name of the firm, from the register."),
    )
    required_to_sign = ("title", "decision")
    layout = (
        (
            _("Design"),
            [
                [("title", 8), ("design_number", 4)],
                [("licence", 8), ("drawn_on", 4)],
            ],
        ),
        (
            _("Drawings of this revision"),
            [],
            {"formset": "drawings", "add_label": _("One drawing more")},
        ),
        (
            _("Comments of earlier revisions"),
            [],
            {"formset": "settled", "hint": _("an open one keeps the drawings from passing")},
        ),
        (
            _("Comments on this revision"),
            [],
            {"formset": "comments", "add_label": _("One comment more")},
        ),
        (
            _("Review"),
            [
                [("follows_plan", 12)],
                [("power_quality_ok", 12)],
                [("protection_ok", 12)],
                [("own_source_ok", 12)],
            ],
            {"column": 2},
        ),
        (_("Decision"), [[("decision", 12)], [("remarks", 12)]], {"column": 2}),
    )

    class Meta:
        model = DrawingReview
        fields = [
            "title",
            "design_number",
            "licence",
            "drawn_on",
            "follows_plan",
            "power_quality_ok",
            "protection_ok",
            "own_source_ok",
            "decision",
            "remarks",
        ]
        widgets = {"decision": forms.RadioSelect}

    def make_rows(self, data: Any, files: Any) -> None:
        firms = Licence.objects.filter(kind="designer").select_related("grade")
        self.fields["licence"].offer(firms, firms.standing(timezone.localdate()))
        self.fields["decision"].choices = DrawingReview.Decision.choices
        self.add_rows("drawings", DRAWINGS, data, files, instance=self.instance)
        earlier = DrawingComment.objects.filter(case=self.step.case_id).exclude(
            raised_in=self.instance.pk
        )
        mine = earlier.filter(closed_in=None) | earlier.filter(closed_in=self.instance.pk or 0)
        self.add_rows("settled", SETTLED, data, files, queryset=mine)
        self.add_rows("comments", COMMENTS, data, files, instance=self.instance)

    def objections(self) -> list[Refused]:
        review = self.instance
        review.has_drawing = bool(typed(self.drawings))
        review.has_open_comment = bool(typed(self.comments)) or any(
            not row["settled"].data for row in self.settled.forms
        )
        if review.decision == review.Decision.RETURNED:
            return [] if review.has_open_comment else [unlisted()]
        return super().objections()
