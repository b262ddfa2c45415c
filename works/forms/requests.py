"""The customer's turn: what was handed in or asked for, and what is still missing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from workflow.sheets import DressedForm
from works.forms.rows import fit_to_print
from works.models import (
    Request,
)


class RequestForm(DressedForm, forms.ModelForm):
    """The customer handed in the file, or asks for the check."""

    class Meta:
        model = Request
        fields = ["received_at", "from_whom", "phone", "what", "wanted_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fit_to_print(self)
        self.initial["received_at"] = timezone.localtime().replace(second=0, microsecond=0)


class MissingForm(DressedForm):
    """What the file lacks, told once."""

    missing = forms.CharField(
        label=capfirst(_("what is missing, one point a line")),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fit_to_print(self)
