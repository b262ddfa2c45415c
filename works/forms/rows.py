"""The rows of the sheets: items, defects, photos, equipment, drawings, comments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseInlineFormSet, BaseModelFormSet, inlineformset_factory
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from applications.wording import readable
from documents.forms import CheckedFileField
from documents.models import Attachment
from workflow.models import Step
from workflow.sheets import dress
from works.models import (
    CheckItem,
    CheckPhoto,
    Defect,
    DrawingComment,
    DrawingReview,
    DrawingSheet,
    ReceivingEquipment,
)

YES_NO = [("True", _("yes")), ("False", _("no"))]
ROWS = 500


class FiledInput(forms.FileInput):
    """A file to choose, beside the one that is filed already."""

    template_name = "works/filed_input.html"
    filed: Attachment | None = None

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        return super().get_context(name, value, attrs) | {"filed": self.filed}


class Dressed:
    """Rows of a sheet in the design's clothes, their text fit to be printed."""

    def add_fields(self, form: forms.BaseForm, index: int | None) -> None:
        super().add_fields(form, index)
        dress(form)
        fit_to_print(form)
        filed = getattr(form.instance, "attachment", None) if form.instance.pk else None
        if "file" in form.fields and filed:
            form.fields["file"].widget.filed = filed


class Rows(Dressed, BaseInlineFormSet):
    """Rows below a step or a sheet, those with a file read together with it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "file" in self.form.base_fields:
            kwargs["queryset"] = self.model.objects.select_related("attachment__case")
        super().__init__(*args, **kwargs)


class Earlier(Dressed, BaseModelFormSet):
    """Rows of earlier rounds."""


def fit_to_print(form: forms.BaseForm) -> None:
    """No control, direction or picture characters in any text."""
    for field in form.fields.values():
        if isinstance(field, forms.CharField) and not field.disabled:
            field.validators = [*field.validators, readable]


def typed(rows: forms.BaseFormSet) -> list[Any]:
    """What the table will hold once it is saved as it is typed."""
    return [
        form.instance
        for form in rows.forms
        if (form.instance.pk or form.has_changed())
        and not (rows.can_delete and rows._should_delete_form(form))
    ]


class ItemRow(forms.ModelForm):
    class Meta:
        model = CheckItem
        fields = ["item", "standard", "measured", "result"]
        widgets = {"item": forms.Textarea(attrs={"rows": 2})}

    def clean_item(self) -> str:
        """A standard item left as it is stays in every language."""
        return self.cleaned_data["item"] if "item" in self.changed_data else self.instance.item


class NewDefectRow(forms.ModelForm):
    class Meta:
        model = Defect
        fields = ["text", "standard", "cure_by", "why_late"]
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        step = self.instance.step
        if self.has_changed() and step.round > 1 and not found.get("why_late"):
            self.add_error("why_late", _("Defects are told once: say why this one is new."))
        if found.get("cure_by") and found["cure_by"] < timezone.localdate():
            self.add_error("cure_by", _("This day is past."))
        return found


class FirstDefectRow(NewDefectRow):
    class Meta(NewDefectRow.Meta):
        fields = ["text", "standard", "cure_by"]


class CureRow(forms.ModelForm):
    """A defect told before: was it cured?"""

    class Meta:
        model = Defect
        fields = ["text", "cure_by", "cured_on", "cure"]
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("text", "cure_by"):
            self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("cured_on") and found["cured_on"] > timezone.localdate():
            self.add_error("cured_on", _("This day lies ahead."))
        if bool(found.get("cured_on")) != bool(found.get("cure")):
            self.add_error("cure", _("Say both the day and how it was cured."))
        return found


class PhotoRow(forms.ModelForm):
    file = CheckedFileField(
        label=capfirst(_("photo")), kinds=("image",), required=False, widget=FiledInput
    )

    class Meta:
        model = CheckPhoto
        fields = ["shows", "taken_at", "before_covering"]

    field_order = ["file", "shows", "taken_at", "before_covering"]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if not self.instance.pk and self.has_changed() and not found.get("file"):
            self.add_error("file", _("Choose the photo."))
        return found


class EquipmentRow(forms.ModelForm):
    class Meta:
        model = ReceivingEquipment
        fields = ["type", "model", "kva", "maker", "serial"]


class DrawingRow(forms.ModelForm):
    file = CheckedFileField(label=capfirst(_("file")), required=False, widget=FiledInput)

    class Meta:
        model = DrawingSheet
        fields = ["kind", "number", "title"]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if self.has_changed() and not found.get("file") and not self.instance.attachment_id:
            self.add_error("file", _("Choose the file of the drawing."))
        return found


class CommentRow(forms.ModelForm):
    class Meta:
        model = DrawingComment
        fields = ["drawing", "item", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 2})}


class SettleRow(forms.ModelForm):
    """A comment of an earlier revision: did this one settle it?"""

    settled = forms.BooleanField(label=capfirst(_("settled")), required=False)

    class Meta:
        model = DrawingComment
        fields = ["drawing", "item", "text", "answer"]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 2}),
            "answer": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("drawing", "item", "text"):
            self.fields[name].disabled = True
        self.fields["settled"].initial = self.instance.closed_in_id is not None

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("settled") and not found.get("answer"):
            self.add_error("answer", _("Say how the comment was settled."))
        return found


def rows_of(
    parent: type, form: type, *, extra: int = 1, fk: str | None = None, formset: type = Rows
) -> type:
    """A table of rows with room for `extra` more."""
    return inlineformset_factory(
        parent,
        form._meta.model,
        form=form,
        formset=formset,
        fk_name=fk,
        extra=extra,
        max_num=ROWS if extra else 0,
        can_delete=bool(extra),
    )


ITEMS = rows_of(Step, ItemRow)
EQUIPMENT = rows_of(Step, EquipmentRow, extra=2)
PHOTOS = rows_of(Step, PhotoRow, extra=2)
FIRST_DEFECTS = rows_of(Step, FirstDefectRow, extra=2)
NEW_DEFECTS = rows_of(Step, NewDefectRow)
CURES = forms.modelformset_factory(
    Defect, form=CureRow, formset=Earlier, extra=0, max_num=0, can_delete=False
)
DRAWINGS = rows_of(DrawingReview, DrawingRow, extra=2)
COMMENTS = rows_of(DrawingReview, CommentRow, extra=2, fk="raised_in")
SETTLED = forms.modelformset_factory(
    DrawingComment, form=SettleRow, formset=Earlier, extra=0, max_num=0, can_delete=False
)
