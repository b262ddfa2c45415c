"""The form by which what an accepted sheet says of the customer is put right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications import identity, wording
from applications.forms import ApplicationForm
from applications.models import Application, Correction

_AGENT = ("agent_name", "agent_id_number", "agent_phone")


class CorrectionForm(ApplicationForm):
    """What an accepted sheet says of the customer, put right; judged as at the counter."""

    disputed = None  # a fact of the supply, not of the customer
    layout = (
        (
            gettext_lazy("Customer"),
            [
                [("customer_name", 5), ("customer_type", 3), ("phone", 4)],
                [("id_type", 4), ("id_number", 5), ("email", 3)],
                [("contact_name", 4), ("legal_representative", 4), ("language", 4)],
                [("agent_name", 4), ("agent_id_number", 5), ("agent_phone", 3)],
            ],
        ),
        (gettext_lazy("Site"), [[("district", 4), ("street", 8)], [("room", 6), ("floor", 6)]]),
        (
            gettext_lazy("Why"),
            [[("reason", 12)], [("looked", 12)]],
            {"template": "applications/_alike.html"},
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why is this corrected?"),
        help_text=gettext_lazy("Such as: misread, as the identity card shows."),
        max_length=300,
        validators=[wording.readable],
    )
    looked = forms.BooleanField(
        label=gettext_lazy("I looked at the similar cases: this is another"), required=False
    )
    # The latest correction when the page was opened.
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta(ApplicationForm.Meta):
        fields = list(Correction.COLUMNS)
        help_texts = dict.fromkeys(
            Correction.MASKED, gettext_lazy("To correct it, type the whole number.")
        )

    def __init__(self, *args: Any, latest: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, accepting=True, **kwargs)
        self.latest = latest
        self.initial["seen"] = latest
        self.fields["reason"].required = True
        for field in self.fields.values():
            field.live = False
        self._mask()
        self.has_agent = bool(self.instance.agent_name)
        if not self.has_agent:  # who acts for the customer comes with an authority, not by itself
            for name in _AGENT:
                del self.fields[name]
            title, rows = self.layout[0]
            self.layout = ((title, rows[:-1]), *self.layout[1:])
        self.alike: list[tuple[Application, list[str]]] = []

    def _mask(self) -> None:
        """The page shows the ends of a number only, and the browser keeps nothing of it."""
        self.numbers = {name: getattr(self.instance, name) for name in Correction.MASKED}
        for name in Correction.MASKED:
            self.initial[name] = getattr(self.instance.masked, name)
            self.fields[name].widget.attrs["data-keep"] = "never"

    def _number(self, name: str) -> str:
        """The number typed; left empty or masked, as it is."""
        typed = identity.normal(self.cleaned_data[name])
        return self.numbers[name] if typed in ("", self.initial[name]) else typed

    def clean_id_number(self) -> str:
        return self._number("id_number")

    def clean_agent_id_number(self) -> str:
        return self._number("agent_id_number")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.has_agent and not data.get("agent_name") and "agent_name" not in self.errors:
            self.add_error("agent_name", _("Who acted for the customer stays named."))
        if data.get("seen") not in (None, self.latest):
            self.data = self.data.copy()
            self.data["seen"] = self.latest
            self.add_error(
                None,
                _("Somebody corrected this meanwhile: compare with the list below, then save."),
            )
        return data

    def warn(self, alike: list[tuple[Application, list[str]]]) -> bool:
        """Show the similar cases; true where they were looked at, or there are none."""
        self.alike = alike
        if alike and not self.cleaned_data.get("looked"):
            self.add_error("looked", _("There is a similar open case: look at it, then tick this."))
        return not self.errors
