"""The qualification of designer and contractor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from workflow import moves
from workflow.guards import Refused
from works.forms.room import RoomForm
from works.models import (
    Licence,
    LicenceCheck,
)
from works.search import SearchField


class LicenceCheckForm(RoomForm):
    licence = SearchField(
        Licence.objects.none(),
        ("number", "unified_code", "firm"),
        label=capfirst(_("licence")),
        required=False,
        help_text=_(
            "Licence number, unified code or name of the firm, from the register. "
            "A firm that is not in it is added by an administrator, from the original."
        ),
    )
    checked_voltage = forms.ChoiceField(
        label=capfirst(_("voltage of the works")),
        required=False,
        choices=[("", "–"), *Application.Voltage.choices],
    )
    required_to_sign = ("decision",)
    layout = (
        (
            _("Firm and licence"),
            [
                [("licence", 6), ("project_manager", 3), ("phone", 3)],
                [("checked_voltage", 6), ("checked_kva", 6)],
            ],
            {"template": "works/_licence.html"},
        ),
        (
            _("Review"),
            [[("scope_ok", 4), ("grade_ok", 4), ("stamp_ok", 4)]],
        ),
        (
            _("Originals"),
            [[("originals", 6), ("originals_until", 6)]],
            {"column": 2},
        ),
        (_("Decision"), [[("decision", 12)], [("remarks", 12)]], {"column": 2}),
    )

    class Meta:
        model = LicenceCheck
        fields = [
            "licence",
            "project_manager",
            "phone",
            "checked_voltage",
            "checked_kva",
            "scope_ok",
            "grade_ok",
            "stamp_ok",
            "originals",
            "originals_until",
            "decision",
            "remarks",
        ]
        widgets = {"decision": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        firms = Licence.objects.filter(kind=self.step.kind).select_related("grade")
        self.fields["licence"].offer(firms, firms.standing(timezone.localdate()))
        self.fields["decision"].choices = LicenceCheck.Decision.choices
        if not self.step.case.in_fast_lane:
            self.fields["originals"].choices = [
                choice
                for choice in self.fields["originals"].choices
                if choice[0] != LicenceCheck.Originals.DEFERRED
            ]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        until = found.get("originals_until")
        today = timezone.localdate()
        if until and (wrong := moves.against_deferral(self.step.case, (), until, today)):
            self.add_error("originals_until", wrong.messages)
        if found.get("decision") == "failed" and self.signing and not found.get("remarks"):
            self.add_error("remarks", _("Say in the remarks what is not in order."))
        return found

    def objections(self) -> list[Refused]:
        failed = self.instance.decision == LicenceCheck.Decision.FAILED
        return [] if failed else super().objections()
