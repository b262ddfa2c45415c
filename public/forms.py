"""What the customer types and hands in on the tracking page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from applications import wording
from applications.models.code import LENGTH
from documents.forms import CheckedFileField


class CodeForm(forms.Form):
    """Number and code, as the receipt says them; read out and typed by hand they still fit."""

    number = forms.CharField(
        label=_("number on your receipt"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "text"}),
    )
    code = forms.CharField(
        label=_("tracking code"),
        max_length=40,
        help_text=_("Twelve letters and figures; they stand on your receipt beside the square."),
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )

    def clean_number(self) -> str:
        return self.cleaned_data["number"].strip()

    def clean_code(self) -> str:
        return plain(self.cleaned_data["code"])


def plain(code: str) -> str:
    """A code without the dashes and blanks it is printed with, in capitals.

    >>> plain("abcd-efgh jkmn")
    'ABCDEFGHJKMN'
    """
    return "".join(sign for sign in code.upper() if sign.isalnum())[: LENGTH + 1]


class HandInForm(forms.Form):
    """A paper we wait for, photographed or as a file."""

    file = CheckedFileField(
        label=_("photo or file"),
        help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
        widget=forms.ClearableFileInput({"accept": "image/*,application/pdf"}),
    )


class PlanForm(forms.Form):
    """The customer's word on the plan: agreed by name, or an objection in own words."""

    decision = forms.ChoiceField(
        choices=[("accept", _("I agree")), ("object", _("I object"))], widget=forms.HiddenInput
    )
    signed_name = forms.CharField(
        label=_("your full name"),
        max_length=60,
        required=False,
        validators=[wording.name],
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    agreed = forms.BooleanField(
        label=_("I have read the plan and agree to it."),
        required=False,
    )
    reason = forms.CharField(
        label=_("what should be different"),
        max_length=1000,
        required=False,
        validators=[wording.readable],
        widget=forms.Textarea({"rows": 4}),
    )
    # The version that was read: another one may have come meanwhile.
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1000)

    NEEDED = {
        "accept": {
            "signed_name": _("Write your full name: it stands for your signature."),
            "agreed": _("Tick the box if you agree."),
        },
        "object": {"reason": _("Write what should be different.")},
    }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, message in self.NEEDED.get(cleaned.get("decision", ""), {}).items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(message))
        return cleaned


class WordForm(forms.Form):
    """A word to the office: a call asked for, a question, an objection."""

    CALL, ASK, OBJECT = "call", "ask", "object"
    about = forms.ChoiceField(
        label=_("what is it about"),
        choices=[
            (CALL, _("Please call me back")),
            (ASK, _("I have a question")),
            (OBJECT, _("I do not agree and object")),
        ],
        widget=forms.RadioSelect,
        initial=CALL,
    )
    words = forms.CharField(
        label=_("your words"),
        max_length=900,
        validators=[wording.readable],
        widget=forms.Textarea({"rows": 5}),
    )
