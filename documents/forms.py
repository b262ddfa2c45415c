from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.files import Checked, validate_upload
from workflow.sheets import DressedForm


class CheckedFileField(forms.FileField):
    """A file judged by its content; cleans to `documents.files.Checked` (None when left empty)."""

    def __init__(self, *, kinds: tuple[str, ...] = ("image", "pdf"), **kwargs) -> None:
        self.kinds = kinds
        super().__init__(**kwargs)

    def clean(self, data, initial=None) -> Checked | None:
        file = super().clean(data, initial)
        return validate_upload(file, self.kinds) if file else None


class ReceiveForm(DressedForm):
    """A paper of the checklist is handed in."""

    scan = CheckedFileField(
        label=_("scan or photo"),
        required=False,
        help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )


class SentForm(DressedForm):
    """What the customer sent from the tracking page: taken, or not, with the reason."""

    reason = forms.CharField(
        label=_("It cannot be taken, because"),
        max_length=200,
        required=False,
    )


class WaiveForm(DressedForm):
    reason = forms.CharField(label=_("Why is it not needed?"), max_length=200)


class AttachForm(DressedForm):
    """Any other file for the case."""

    title = forms.CharField(label=_("title"), max_length=120)
    file = CheckedFileField(
        label=_("file"), help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB.")
    )
