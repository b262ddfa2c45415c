"""The sheets of the customer's works, laid out as on paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseInlineFormSet, BaseModelFormSet, inlineformset_factory
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from accounts.roles import Role
from applications.models import Application
from applications.wording import readable
from documents.forms import CheckedFileField
from documents.models import Attachment
from workflow.models import Case, Step
from workflow.process import Kind
from workflow.sheets import DressedForm, Section, SheetForm, dress
from works.models import (
    Acceptance,
    CheckItem,
    CheckPhoto,
    Defect,
    DrawingComment,
    DrawingReview,
    DrawingSheet,
    Licence,
    LicenceCheck,
    MidCheck,
    ReceivingEquipment,
    Request,
)
from works.search import SearchField

YES_NO = [("True", _("yes")), ("False", _("no"))]
ROWS = 500


def staff(case: Case, role: str) -> Any:
    """The people of the role who may see the case."""
    offices = Unit.objects.filter(path__in=case.unit.lineage)
    return User.objects.with_role(role, offices).distinct()


def choose_from(form: forms.BaseForm, people: Any, *names: str) -> None:
    """Let these fields choose from the same people, read once."""
    offered = [("", "–"), *((person.pk, str(person)) for person in people)]
    for name in names:
        if name in form.fields:
            form.fields[name].queryset = people
            form.fields[name].widget.choices = offered


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


# Rows ---------------------------------------------------------------------------------------------


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


# Sheets -------------------------------------------------------------------------------------------


class RoomForm(SheetForm):
    """A sheet with its rows: `formsets`, each also an attribute that the layout names."""

    def __init__(self, data: Any = None, files: Any = None, *, step: Step, **kwargs: Any) -> None:
        self.step = step
        self.formsets: list[forms.BaseFormSet] = []
        super().__init__(data, files, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.NullBooleanField):
                field.widget = forms.RadioSelect(choices=YES_NO)
        fit_to_print(self)
        self.make_rows(data, files)

    @property
    def sections(self) -> list[Section]:
        """The sections of the paper; what earlier rounds left only where they left something."""
        return [
            section
            for section in super().sections
            if not isinstance(section.formset, Earlier) or section.formset.forms
        ]

    def make_rows(self, data: Any, files: Any) -> None:
        """Set the formsets as attributes that the layout names."""

    def add_rows(self, name: str, factory: type, data: Any, files: Any, **kwargs: Any) -> None:
        rows = factory(prefix=name, **kwargs) if issubclass(factory, Earlier) else None
        if rows is None or rows.forms:
            rows = factory(data, files, prefix=name, **kwargs)
            self.formsets.append(rows)
        # Rows of earlier rounds, where there are none, are not on the page: nothing is posted.
        setattr(self, name, rows)

    def is_valid(self) -> bool:
        rows = [formset.is_valid() for formset in self.formsets]
        return super().is_valid() and all(rows)


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
        if until and until <= timezone.localdate():
            self.add_error("originals_until", _("The day must lie ahead."))
        if found.get("decision") == "failed" and self.signing and not found.get("remarks"):
            self.add_error("remarks", _("Say in the remarks what is not in order."))
        return found


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


class CheckForm(RoomForm):
    """What both checks on site have."""

    required_to_sign = ("inspected_at", "inspector", "result")

    def make_rows(self, data: Any, files: Any) -> None:
        step = self.step
        choose_from(self, staff(step.case, Role.INSPECTOR), "inspector")
        self.fields["result"].choices = MidCheck.Result.choices
        self.add_rows("items", ITEMS, data, files, instance=step)
        defects = FIRST_DEFECTS if step.round == 1 else NEW_DEFECTS
        self.add_rows("defects", defects, data, files, instance=step)
        earlier = Defect.objects.of(step.case, step.kind)
        if step.round > 1:
            earlier = earlier.exclude(step=step)
        self.add_rows("cures", CURES, data, files, queryset=earlier)
        self.add_rows("photos", PHOTOS, data, files, instance=step)

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        at = found.get("inspected_at")
        if at and at > timezone.now():
            self.add_error("inspected_at", _("This time lies ahead."))
        return found


WHO = (
    _("Booking and people"),
    [
        [("requested_on", 4), ("booked_at", 4), ("inspected_at", 4)],
        [("inspector", 6), ("second_inspector", 6)],
        [("customer_present", 6), ("contractor_present", 6)],
    ],
)
FOUND = (
    (_("Items"), [], {"formset": "items", "add_label": _("One item more")}),
    (
        _("Defects told before"),
        [],
        {"formset": "cures", "hint": _("all must be cured before it can pass")},
    ),
    (
        _("Defects"),
        [],
        {
            "formset": "defects",
            "add_label": _("One defect more"),
            "hint": _("listed once, in writing"),
        },
    ),
    (_("Photos"), [], {"formset": "photos", "add_label": _("One photo more")}),
)
RESULT = (_("Result"), [[("result", 12)], [("remarks", 12)]], {"column": 2})
BASE_FIELDS = [
    "requested_on",
    "booked_at",
    "inspected_at",
    "inspector",
    "second_inspector",
    "customer_present",
    "contractor_present",
    "result",
    "remarks",
]


class MidCheckForm(CheckForm):
    layout = (
        WHO,
        (_("Concealed works"), [[("works", 8), ("covering_on", 4)], [("may_cover", 12)]]),
        *FOUND,
        RESULT,
    )

    class Meta:
        model = MidCheck
        fields = [*BASE_FIELDS, "works", "covering_on", "may_cover"]
        widgets = {"result": forms.RadioSelect}


class AcceptanceForm(CheckForm):
    layout = (
        WHO,
        *FOUND[:1],
        (
            _("Receiving equipment"),
            [],
            {"formset": "equipment", "add_label": _("One piece more")},
        ),
        *FOUND[1:],
        (
            _("Completion papers"),
            [
                [("completed_on", 12)],
                *[[(name, 12)] for name in Acceptance.PAPERS],
                [("papers_not_needed", 12)],
            ],
            {"column": 2},
        ),
        RESULT,
    )

    class Meta:
        model = Acceptance
        fields = [*BASE_FIELDS, "completed_on", *Acceptance.PAPERS, "papers_not_needed"]
        widgets = {"result": forms.RadioSelect}

    def make_rows(self, data: Any, files: Any) -> None:
        super().make_rows(data, files)
        self.add_rows("equipment", EQUIPMENT, data, files, instance=self.step)


FORMS: dict[str, type[RoomForm]] = {
    Kind.DESIGNER: LicenceCheckForm,
    Kind.DRAWINGS: DrawingForm,
    Kind.CONTRACTOR: LicenceCheckForm,
    Kind.MID_CHECK: MidCheckForm,
    Kind.ACCEPTANCE: AcceptanceForm,
}
