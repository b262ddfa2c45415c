"""The application sheet as it is typed at the counter, its equipment rows and the contact log."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, User
from applications import identity, rules, wording
from applications.models import Application, Contact, Correction, Equipment, Renewal
from documents.forms import CheckedFileField
from workflow.models import Case
from workflow.sheets import DressedForm, SheetForm, dress

_DEMAND = gettext_lazy("Demand")
LAYOUT = (
    (
        gettext_lazy("Customer"),
        [
            [("channel", 4), ("business_type", 4), ("customer_class", 4)],
            [("customer_name", 5), ("customer_type", 3), ("phone", 4)],
            [("id_type", 4), ("id_number", 5), ("email", 3)],
            [("contact_name", 4), ("legal_representative", 4), ("language", 4)],
            [("previous_holder", 12)],
            [("previous_address", 12)],
            [("agent_name", 4), ("agent_id_number", 5), ("agent_phone", 3)],
            [("agent_authority", 6), ("agent_authority_until", 6)],
        ],
    ),
    (
        gettext_lazy("Site"),
        [
            [("district", 4), ("street", 8)],
            [("room", 3), ("floor", 3), ("longitude", 3), ("latitude", 3)],
            [("parking_space", 4), ("parking_right", 4), ("parking_until", 4)],
        ],
        {"template": "applications/_duplicates.html"},
    ),
    (
        gettext_lazy("Present supply"),
        [
            [("existing_supply", 12)],
            [("account_number", 12)],
            [("shared_account", 4), ("co_users", 8)],
            [("disputed", 5), ("dispute", 7)],
        ],
        {
            "hint": gettext_lazy("to be asked before anything is accepted"),
            "template": "applications/_consequences.html",
        },
    ),
    (
        _DEMAND,
        [
            [("category", 5), ("trade", 4), ("load_nature", 3)],
            [("voltage", 5), ("sources_wanted", 2), ("importance", 5)],
            [("existing_kw", 3), ("new_kw", 3), ("existing_kva", 3), ("new_kva", 3)],
            [("monthly_kwh", 5), ("wanted_on", 4), ("invoice_type", 3)],
            [("temporary_from", 6), ("temporary_to", 6)],
            [("customer_works", 4), ("line_works", 4), ("concealed_works", 4)],
        ],
        {"column": 2, "template": "applications/_totals.html"},
    ),
    (
        gettext_lazy("Equipment"),
        [],
        {
            "column": 2,
            "formset": "equipment",
            "add_label": gettext_lazy("One row more"),
            "product_label": gettext_lazy("Total (kW)"),
            "hint": gettext_lazy("empty rows are left out; Enter in the last row adds one"),
        },
    ),
    (
        gettext_lazy("Papers"),
        [],
        {
            "column": 2,
            "hint": gettext_lazy("from the published list only"),
            "template": "applications/_papers.html",
        },
    ),
    (gettext_lazy("Remarks"), [[("remarks", 12)]], {"column": 2}),
)
TOTALS = [("total_kw", 3), ("total_kva", 3)]
FIELDS = [name for _title, rows, *_extras in LAYOUT for row in rows for name, _width in row]


def signed_layout(sheet: Application) -> tuple:
    """The layout to read, with the totals and without the rows that this sheet leaves empty."""
    shown = []
    for title, rows, *_extras in LAYOUT:
        rows = [*rows, TOTALS] if title == _DEMAND else rows
        rows = [r for r in rows if any(getattr(sheet, n) not in (None, "") for n, _width in r)]
        if rows:
            shown.append((title, rows))
    if sheet.not_duplicate:
        shown.append((gettext_lazy("Duplicates"), [[("not_duplicate", 12)]]))
    return tuple(shown)


class ApplicationForm(SheetForm):
    """The sheet. A draft may be incomplete; `accepting` asks for everything that `rules` need."""

    layout = LAYOUT
    disputed = forms.TypedChoiceField(
        label=gettext_lazy("In dispute"),
        choices=[("True", gettext_lazy("yes")), ("False", gettext_lazy("no"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Application
        fields = [*FIELDS, "not_duplicate"]
        widgets = {
            "existing_supply": forms.RadioSelect,
            "remarks": forms.Textarea(attrs={"rows": 2}),
            "not_duplicate": forms.TextInput(attrs={"hx-preserve": "true"}),
            "agent_name": forms.TextInput(
                attrs={"placeholder": gettext_lazy("leave empty if there is none")}
            ),
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
            **{
                # static/kept.js: a number that says who somebody is leaves with its window.
                name: forms.TextInput(
                    attrs={"autocomplete": "off", "spellcheck": "false", "data-keep": "window"}
                )
                for name in Correction.MASKED
            },
        }

    def __init__(self, *args: Any, accepting: bool = False, by: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accepting = accepting
        self.today = timezone.localdate()
        for name, field in self.fields.items():
            field.required = name == "customer_name"
            field.live = True
        self.fields["customer_name"].error_messages["required"] = (
            rules.needed_message() if accepting else _("Even a draft needs the customer's name.")
        )
        if "existing_supply" in self.fields:
            supply = self.fields["existing_supply"]
            supply.choices = [choice for choice in supply.choices if choice[0]]
        if "channel" in self.fields:
            self._offer_channels()
        if by and not self.instance.step_id:
            self._offer_units(by)
        self.fields["customer_name"].widget.attrs["autofocus"] = True

    def _offer_channels(self) -> None:
        """What came in by itself says so for ever; nobody at a desk makes it up."""
        channel = self.fields["channel"]
        if self.instance.step_id and self.instance.channel in Application.FROM_OUTSIDE:
            channel.disabled = True
        else:
            outside = Application.FROM_OUTSIDE
            channel.choices = [one for one in channel.choices if one[0] not in outside]

    def _offer_units(self, by: User) -> None:
        """A clerk of an office with others below it says which of them supplies the place."""
        units = Unit.objects.under(by.unit)
        if len(units) > 1:
            self.fields["unit"] = forms.ModelChoiceField(
                units, label=_("supply unit"), initial=by.unit, widget=forms.Select
            )
            dress(self)
            title, rows, *extras = LAYOUT[0]
            self.layout = ((title, [[("unit", 12)], *rows], *extras), *LAYOUT[1:])

    def clean_id_number(self) -> str:
        return identity.normal(self.cleaned_data["id_number"])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in self.Meta.fields:
            column = Application._meta.get_field(name)
            if (
                data.get(name, "") in ("", None)
                and column.has_default()
                and name not in self.errors
            ):
                data[name] = column.get_default()
        for name, id_type in (
            ("id_number", data.get("id_type")),
            ("agent_id_number", identity.IdType.RESIDENT_ID),
        ):
            if data.get(name) and id_type:
                try:
                    data[name] = identity.check(id_type, data[name], today=self.today)
                except ValidationError as error:
                    self.add_error(name, error)
        by_phone = data.get("channel") == Application.Channel.PHONE
        if by_phone and not data.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Asked for by phone: write the number to call back."))
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        self.instance.computed()
        if self.accepting:
            for name, message in self.faults.items():
                if name in self.fields and name not in self.errors:
                    self.add_error(name, message)

    @property
    def faults(self) -> dict[str, str]:
        """What is still missing or wrong before the sheet can be accepted, by field."""
        return rules.faults(self.instance, self.today)

    @property
    def still_missing(self) -> list[tuple[forms.BoundField, str]]:
        """The same as bound fields, for the bar."""
        return [
            (self[name], self.errors[name][0] if name in self.errors else message)
            for name, message in self.faults.items()
        ]

    @property
    def sections(self) -> list:
        """The sections; what this application needs carries its star."""
        for name in self.fields.keys() & rules.needed(self.instance):
            self.fields[name].required = True
        return super().sections


class EquipmentForm(forms.ModelForm):
    class Meta:
        model = Equipment
        fields = ["name", "category", "quantity", "unit_kw", "voltage", "phase"]
        widgets = {
            "quantity": forms.NumberInput(attrs={"data-factor": ""}),
            "unit_kw": forms.NumberInput(attrs={"data-factor": ""}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
        for field in self.fields.values():
            field.error_messages["required"] = _("Fill this in, or empty the whole row.")

    @property
    def product(self) -> Any:
        """Quantity times unit power of a row as shown, kW."""
        row = self.initial
        return row["quantity"] * row["unit_kw"] if row.get("unit_kw") is not None else None


class EquipmentRows(forms.BaseFormSet):
    """The equipment list: rows left empty are left out, the whole list replaces the one before."""

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()

    @property
    def rows(self) -> list[Equipment]:
        """The filled rows, not yet kept."""
        return [
            form.instance
            for form in self.forms
            if form.has_changed() and form not in self.deleted_forms
        ]


EquipmentFormSet = forms.formset_factory(
    EquipmentForm,
    formset=EquipmentRows,
    extra=1,
    can_delete=True,
    max_num=100,
    validate_max=True,
    absolute_max=120,
)


def equipment_rows(data: Any, equipment: models.QuerySet[Equipment] | list[Equipment]):
    """The rows as posted, or those kept before and an empty one."""
    if data is not None:
        return EquipmentFormSet(data, prefix="equipment")
    kept = [{name: getattr(row, name) for name in EquipmentForm.Meta.fields} for row in equipment]
    return EquipmentFormSet(initial=kept, prefix="equipment")


class RenewCodeForm(DressedForm):
    """The customer's code is replaced by another."""

    reason = forms.CharField(
        label=gettext_lazy("Why is it replaced?"), max_length=200, validators=[wording.readable]
    )


class AuthorityForm(DressedForm, forms.ModelForm):
    """A newer authority of the agent, with its paper."""

    file = CheckedFileField(
        label=gettext_lazy("authority (photo or scan)"),
        help_text=gettext_lazy("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )

    class Meta:
        model = Renewal
        fields = ["authority", "until"]

    def clean_until(self) -> date:
        until = self.cleaned_data["until"]
        if until < timezone.localdate():
            raise ValidationError(_("The agent's authority has expired."))
        return until


class ContactForm(DressedForm, forms.ModelForm):
    """A contact with the customer; direction and time have a usual value and may be left out."""

    at = forms.DateTimeField(
        label=gettext_lazy("Happened"), required=False, help_text=gettext_lazy("empty: just now")
    )

    class Meta:
        model = Contact
        fields = ["channel", "direction", "outcome", "summary", "promised_on", "at"]
        widgets = {"summary": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case
        for name in ("channel", "direction", "outcome"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for name in ("channel", "direction", "outcome"):
            data[name] = data.get(name) or Contact._meta.get_field(name).get_default()
        at = data.get("at")
        if at and at > timezone.now():
            self.add_error("at", _("This lies in the future."))
        elif at and timezone.localdate(at) < timezone.localdate(self.case.opened_at):
            self.add_error("at", _("The case was opened later than that."))
        if not at and "at" not in self.errors:
            at = data["at"] = timezone.now()
        promised = data.get("promised_on")
        if promised and at and promised < timezone.localdate(at):
            self.add_error("promised_on", _("A promise cannot lie before the contact itself."))
        return data
