"""The application sheet cut into pages for a phone, in plain words; the rules are the desk's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, User
from accounts.roles import Role
from applications import identity, intake, rules
from applications.forms import ApplicationForm, EquipmentForm, EquipmentRows
from applications.models import Application, Equipment
from documents.forms import CheckedFileField
from documents.models import Requirement
from workflow.process import HV, BusinessType, CustomerClass, ExistingSupply

PLACE, PERSON, DEMAND, PAPERS, CHECK = "place", "person", "demand", "papers", "check"
TITLES = {
    PLACE: gettext_lazy("What and where"),
    PERSON: gettext_lazy("Who applies"),
    DEMAND: gettext_lazy("How much power"),
    PAPERS: gettext_lazy("Papers"),
    CHECK: gettext_lazy("Check and send"),
}
# The questions of each page, in groups: (heading, names of fields).
QUESTIONS: dict[str, tuple[tuple[Any, tuple[str, ...]], ...]] = {
    PLACE: (
        (gettext_lazy("What do you need?"), ("business_type", "customer_class")),
        (
            gettext_lazy("Where?"),
            (
                "unit",
                "district",
                "street",
                "room",
                "previous_holder",
                "previous_address",
                "parking_space",
                "parking_right",
                "parking_until",
            ),
        ),
        (
            gettext_lazy("Is there electricity today?"),
            (
                "existing_supply",
                "account_number",
                "shared_account",
                "co_users",
                "disputed",
                "dispute",
            ),
        ),
    ),
    PERSON: (
        (
            gettext_lazy("Customer"),
            ("customer_type", "customer_name", "id_type", "id_number", "legal_representative"),
        ),
        (gettext_lazy("How do we reach you?"), ("phone", "contact_name", "email")),
        (
            gettext_lazy("Does somebody apply for you?"),
            (
                "agent_name",
                "agent_id_number",
                "agent_phone",
                "agent_authority",
                "agent_authority_until",
            ),
        ),
    ),
    DEMAND: (
        (
            gettext_lazy("Power"),
            ("existing_kw", "new_kw", "existing_kva", "new_kva", "voltage"),
        ),
        (gettext_lazy("When?"), ("wanted_on", "temporary_from", "temporary_to")),
        (gettext_lazy("Anything else?"), ("remarks",)),
    ),
}
LABELS = {
    "business_type": gettext_lazy("What do you apply for?"),
    "customer_class": gettext_lazy("For what?"),
    "unit": gettext_lazy("Office for your place"),
    "street": gettext_lazy("Street, estate and building"),
    "room": gettext_lazy("Unit and room"),
    "existing_supply": gettext_lazy("How is the place supplied today?"),
    "account_number": gettext_lazy("Number of your electricity account"),
    "shared_account": gettext_lazy("Number of the shared account"),
    "co_users": gettext_lazy("Who uses the same meter? (name, place, phone)"),
    "disputed": gettext_lazy("Do you disagree with them about it?"),
    "dispute": gettext_lazy("What about?"),
    "customer_name": gettext_lazy("Your name, or the name of the company"),
    "phone": gettext_lazy("Phone"),
    "agent_name": gettext_lazy("Name of who applies for you"),
    "existing_kw": gettext_lazy("Power there is today (kW)"),
    "new_kw": gettext_lazy("Power you need (kW)"),
    "existing_kva": gettext_lazy("Transformer capacity there is today (kVA)"),
    "new_kva": gettext_lazy("Transformer capacity you need (kVA)"),
    "voltage": gettext_lazy("Voltage"),
    "wanted_on": gettext_lazy("By when do you want power?"),
}
HELP = {
    "account_number": gettext_lazy("It stands on every electricity bill."),
    "shared_account": gettext_lazy("It stands on the bill that you share."),
    "existing_supply": gettext_lazy("Please say so even if you are not sure who owns the meter."),
    "new_kw": gettext_lazy("Leave it empty if you list your appliances: we add them up."),
    "phone": gettext_lazy("We call you on this number."),
    "unit": gettext_lazy("If you are not sure, leave it: we pass it on."),
}
CLASSES = {
    CustomerClass.LV_RESIDENTIAL: gettext_lazy("A home"),
    CustomerClass.LV_OTHER: gettext_lazy("A shop, an office, a workshop"),
    CustomerClass.HV_SINGLE: gettext_lazy("A works or building with its own transformer"),
    CustomerClass.HV_DUAL: gettext_lazy("The same, supplied from two sides"),
}
SUPPLIES = {
    ExistingSupply.NONE: gettext_lazy("Not at all"),
    ExistingSupply.OWN: gettext_lazy("By a meter of its own"),
    ExistingSupply.SHARED: gettext_lazy("By a meter shared with others"),
    ExistingSupply.RESOLD: gettext_lazy("By a landlord or manager who charges for it"),
}
ROWS = 3
MOST_ROWS = 40


def left_at(typed: Mapping[str, str]) -> str:
    """The first page of questions not answered yet; with all answered, the last look."""
    unanswered = (p for p in QUESTIONS if not any(name in typed for name in names_of(p)))
    return next(unanswered, CHECK)


def names_of(page: str) -> list[str]:
    """The fields that a page asks for."""
    return [name for _title, names in QUESTIONS.get(page, ()) for name in names]


COLUMNS = [name for page in QUESTIONS for name in names_of(page)]


class PublicForm(ApplicationForm):
    """The desk's form and rules over the whole sheet; a page shows its own questions of it.

    `equipment` is the list of appliances typed with it, whose power is added up where none is told.
    """

    equipment: EquipmentRows | None = None

    disputed = forms.TypedChoiceField(
        label=LABELS["disputed"],
        choices=[("True", gettext_lazy("yes")), ("False", gettext_lazy("no"))],
        coerce=lambda value: value == "True",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    class Meta(ApplicationForm.Meta):
        fields = [name for name in COLUMNS if name != "unit"]
        labels = LABELS
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, accepting=True, by=None, **kwargs)
        self.fields["unit"] = forms.ModelChoiceField(
            offices(), empty_label=None, label=LABELS["unit"], help_text=HELP["unit"]
        )
        # The first station, where nothing is chosen.
        station = offices().filter(level=Unit.Level.STATION).first()
        self.fields["unit"].initial = station and station.pk
        self.fields["customer_class"].choices = CLASSES.items()
        self.fields["existing_supply"].choices = SUPPLIES.items()
        unknown = ("", _("I do not know: you choose"))
        self.fields["voltage"].choices = [unknown, *Application.Voltage.choices]
        for name in ("voltage", "existing_kw", "existing_kva", "new_kw", "new_kva"):
            self.initial[name] = (kwargs.get("initial") or {}).get(name, "")
        self.fields["customer_name"].error_messages["required"] = _("Please answer this.")
        self._help_the_phone()

    def _help_the_phone(self) -> None:
        """What a phone fills in by itself."""
        self.fields["customer_name"].widget.attrs.pop("autofocus", None)
        for name, kind in (
            ("customer_name", "name"),
            ("phone", "tel"),
            ("email", "email"),
            ("street", "street-address"),
        ):
            self.fields[name].widget.attrs["autocomplete"] = kind

    @property
    def faults(self) -> dict[str, str]:
        """What the desk would still ask, in words for the customer."""
        plain = dict.fromkeys(rules.missing(self.instance), _("Please answer this."))
        return super().faults | plain

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        sheet = self.instance
        high = data.get("customer_class") in HV
        home = data.get("customer_class") == CustomerClass.LV_RESIDENTIAL
        if not self.data.get("voltage") and "voltage" not in self.errors:
            data["voltage"] = Application.Voltage.KV10 if high else Application.Voltage.V220
        kinds = Application.Category
        sheet.category = kinds.RESIDENTIAL if home else kinds.COMMERCIAL
        dual = data.get("customer_class") == CustomerClass.HV_DUAL
        sheet.sources_wanted = 2 if dual else 1
        told = data.get("new_kw") or "new_kw" in self.errors
        if not high and not told and self.equipment and self.equipment.is_valid():
            data["new_kw"] = sum(row.total_kw for row in self.equipment.rows)
        return data

    def groups(self, page: str) -> list[tuple[Any, list[forms.BoundField]]]:
        """The questions of a page under their headings; what cannot be left out has its star."""
        for name in rules.needed(self.instance):
            self.fields[name].required = name not in ("new_kw", "new_kva")
        aside = self._aside()
        shown = [
            (title, [self[name] for name in names if name not in aside])
            for title, names in QUESTIONS[page]
        ]
        return [(title, bound) for title, bound in shown if bound]

    def _aside(self) -> set[str]:
        """Questions of power and time that the answers on the first page leave without sense."""
        said = self.data if self.is_bound else self.initial
        high, business = said.get("customer_class") in HV, said.get("business_type")
        found = {"existing_kw", "new_kw"} if high else {"existing_kva", "new_kva"}
        if business not in rules.ON_EXISTING:
            found |= {"existing_kw", "existing_kva"}
        if business not in rules.ASKS_POWER:
            found |= {"new_kw", "new_kva"}
        if business != BusinessType.TEMPORARY:
            found |= {"temporary_from", "temporary_to"}
        return found

    def wrong(self, page: str) -> list[forms.BoundField]:
        """The answers of a page that are missing or cannot be right."""
        return [self[name] for name in names_of(page) if self.errors.get(name)]

    def answers(self, page: str) -> list[tuple[Any, str]]:
        """What was answered on a page, to read; numbers that say who somebody is are masked."""
        found = []
        for name in names_of(page):
            value = self.data.get(name, "")
            if not value:
                continue
            choices = getattr(self.fields[name], "choices", None)
            if name == "unit":
                value = next((str(n) for key, n in choices if str(key) == value), "")
            elif choices:
                value = {str(key): str(label) for key, label in choices}.get(value, "")
            elif name in ("id_number", "agent_id_number"):
                value = identity.mask(identity.normal(value))
            if value:
                found.append((self.fields[name].label, value))
        return found


def offices() -> QuerySet[Unit]:
    """The counties and stations one can apply to: those for which a supervisor answers."""
    steered = Q(pk=None)
    for path in User.objects.with_role(Role.SUPERVISOR, Unit.objects.all()).values_list(
        "unit__path", flat=True
    ):
        steered |= Q(path__startswith=path)
    return Unit.objects.filter(steered, level__in=[Unit.Level.COUNTY, Unit.Level.STATION])


class ApplianceForm(EquipmentForm):
    """One appliance, in the three things everybody knows of it."""

    class Meta(EquipmentForm.Meta):
        fields = ["name", "quantity", "unit_kw"]
        labels = {
            "name": gettext_lazy("Appliance"),
            "quantity": gettext_lazy("How many"),
            "unit_kw": gettext_lazy("Power of each (kW)"),
        }

    def has_changed(self) -> bool:
        """A row without a name and a power is an empty one, whatever its number says."""
        return any(self[name].data for name in ("name", "unit_kw"))


ApplianceFormSet = forms.formset_factory(
    ApplianceForm,
    formset=EquipmentRows,
    extra=ROWS,
    max_num=MOST_ROWS,
    validate_max=True,
    absolute_max=MOST_ROWS,
)
TOTAL = "equipment-TOTAL_FORMS"


def appliance_names(typed: Mapping[str, Any]) -> list[str]:
    """The names of the fields of the list of appliances, as many rows as were asked for."""
    rows = range(appliance_rows(typed))
    columns = ApplianceForm.Meta.fields
    return [f"equipment-{row}-{column}" for row in rows for column in columns]


def appliance_rows(typed: Mapping[str, Any]) -> int:
    asked = str(typed.get(TOTAL, ""))
    return min(int(asked), MOST_ROWS) if asked.isdecimal() and len(asked) < 4 else ROWS


def read(typed: Mapping[str, str], *, bound: bool = True) -> PublicForm:
    """The sheet and its appliances as typed so far; `bound` judges them, else they are shown."""
    data = {**typed, TOTAL: str(appliance_rows(typed)), "equipment-INITIAL_FORMS": "0"}
    sheet = Application(channel=Application.Channel.WEB)
    form = PublicForm(data, instance=sheet) if bound else PublicForm(initial=typed, instance=sheet)
    form.equipment = ApplianceFormSet(data, prefix="equipment")
    if bound:
        form.equipment.is_valid()
        form.is_valid()
    return form


def rows_of(form: PublicForm) -> list[Equipment]:
    """The appliances, not yet kept."""
    return form.equipment.rows


def papers_for(form: PublicForm) -> list[Requirement]:
    """The papers of the published list that such a request needs; those to begin with first."""
    found = intake.published(form.instance)
    return sorted(found, key=lambda paper: not paper.needed_to_start)


class PapersForm(forms.Form):
    """A photo or scan of each paper; what is not at hand may follow."""

    def __init__(self, *args: Any, papers: list[Requirement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for paper in papers:
            widget = forms.FileInput(attrs={"accept": "image/*,application/pdf"})
            self.fields[paper.code] = CheckedFileField(
                label=paper.label, required=False, widget=widget
            )
