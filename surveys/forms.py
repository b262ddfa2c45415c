"""The survey sheet and the small sheets that hang on it."""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from accounts.roles import Role
from documents.forms import CheckedFileField
from surveys.models import Candidate, Consent, LoadItem, Photo, SourcePoint, Survey, Visit
from surveys.services import against_signature
from workflow.guards import Refused, unmet
from workflow.models import Case
from workflow.process import ExistingSupply, guards
from workflow.sheets import DressedForm, SheetForm, dress

YES_NO = ((True, _("Yes")), (False, _("No")))
ON_SITE = (
    _("On site"),
    [
        [("on_site_at", 4), ("surveyor", 4), ("second_surveyor", 4)],
        [("longitude", 4), ("latitude", 4), ("accuracy_m", 4)],
    ],
    {"template": "surveys/_visits.html"},
)
PRESENT_SUPPLY = (
    _("Present supply, as found"),
    [
        [("found_supply", 6), ("co_users", 6)],
        [("neighbour_meter", 6), ("found_disputed", 6)],
    ],
)
LOAD_AND_METER = (
    _("Load and meter"),
    [
        [("load_grade", 4), ("phase", 4), ("meter_position", 4)],
        [("box_slots", 4), ("box_slots_free", 4)],
    ],
    {
        "formset": "loads",
        "add_label": _("Add a load"),
        "product_label": _("total (kW)"),
    },
)
WORKS_AND_SAFETY = (
    _("Works and safety"),
    [
        [("concealed_works", 6), ("line_works", 6)],
        [("customer_works", 6), ("special_load", 6)],
        [("safety_remarks", 12)],
    ],
)
POINTS = (_("Source points and consents"), [], {"column": 2, "template": "surveys/_points.html"})
PHOTOS = (_("Photos and sketch"), [], {"column": 2, "template": "surveys/_photos.html"})
CONCLUSION = (
    _("Conclusion"),
    [
        [("can_supply", 12)],
        [("no_supply_reason", 12)],
        [("customer_signed_name", 6), ("customer_signed_at", 6)],
        [("signature", 12)],
    ],
    {"column": 2},
)
# Points, consents and photos hang below the sheet here; the field has them on it.
SURVEY_LAYOUT = (
    ON_SITE,
    PRESENT_SUPPLY,
    LOAD_AND_METER,
    WORKS_AND_SAFETY,
    POINTS,
    PHOTOS,
    CONCLUSION,
)
# The distance is computed; it is read, never typed.
SIGNED_LAYOUT = (
    (ON_SITE[0], [*ON_SITE[1], [("off_address_m", 4)]]),
    *((title, rows) for title, rows, *_extras in SURVEY_LAYOUT[1:] if rows),
)


def surveyors(case: Case) -> QuerySet[User]:
    """The surveyors who may work on this case: those of its office and of the offices above."""
    return User.objects.with_role(Role.SURVEYOR, Unit.objects.over(case.unit))


class SurveyForm(SheetForm):
    """The survey sheet 现场勘查单."""

    layout = SURVEY_LAYOUT
    can_supply = forms.TypedChoiceField(
        label=capfirst(_("can supply")),
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )
    signature = CheckedFileField(
        label=Photo.Subject.SIGNATURE.label,
        kinds=("image",),
        required=False,
        help_text=_("A photo or scan of the sheet that the customer signed."),
    )

    class Meta:
        model = Survey
        fields = (
            "on_site_at",
            "surveyor",
            "second_surveyor",
            "longitude",
            "latitude",
            "accuracy_m",
            "found_supply",
            "found_disputed",
            "co_users",
            "neighbour_meter",
            "load_grade",
            "phase",
            "meter_position",
            "box_slots",
            "box_slots_free",
            "safety_remarks",
            "concealed_works",
            "line_works",
            "customer_works",
            "special_load",
            "can_supply",
            "no_supply_reason",
            "customer_signed_name",
            "customer_signed_at",
        )
        widgets = {"on_site_at": forms.DateTimeInput, "customer_signed_at": forms.DateTimeInput}
        labels = {"no_supply_reason": capfirst(_("why it cannot be supplied"))}

    def __init__(
        self, *args: Any, loads: Any = None, by: User | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        people = surveyors(self.instance.step.case)
        self.fields["surveyor"].queryset = self.fields["second_surveyor"].queryset = people
        self.fields["found_supply"].choices = [("", "---------"), *ExistingSupply.choices]
        self.loads = loads
        self.formsets = [loads] if loads else []

    def to_sign(self, found: dict[str, Any]) -> tuple[str, ...]:
        """Also what the guards ask for: the verdict, and the second surveyor where two go."""
        two = self.instance.surveyors_needed > 1
        return (*Survey.NEEDED, "can_supply", *(["second_surveyor"] if two else []))

    def needed(self, found: dict[str, Any]) -> list[str]:
        """What saving does not fill in by itself: who begins is the surveyor.

        Where nothing can be supplied, the guards ask for the visit and no more.
        """
        if found.get("can_supply") is False:
            return []
        return [name for name in Survey.NEEDED if name != "surveyor"]

    def clean(self) -> dict:
        found = super().clean()
        if not found.get("surveyor") and "surveyor" not in self.errors:
            found["surveyor"] = self.instance.surveyor or self.by
        if found.get("on_site_at") and found["on_site_at"] > timezone.now():
            self.add_error("on_site_at", _("Nobody can have been on site in the future."))
        if found.get("can_supply") is False and not found.get("no_supply_reason"):
            self.add_error("no_supply_reason", _("Say why this site cannot be supplied."))
        return found

    def objections(self) -> list[Refused]:
        survey = self.instance
        step = copy(survey.step)
        step.read_survey = survey
        judging = guards(step.kind)
        if survey.can_supply is False:
            return unmet(judging[:2], step)
        given = bool(self.cleaned_data.get("signature"))
        return [*unmet(judging, step), *against_signature(survey, handed_in=given)]


class LoadForm(forms.ModelForm):
    class Meta:
        model = LoadItem
        fields = ("name", "quantity", "unit_kw")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
        for name in ("quantity", "unit_kw"):
            self.fields[name].widget.attrs["data-factor"] = ""
        self.empty_permitted = True

    def product(self) -> Any:
        """The row's total in kW, for readers without scripts."""
        row = self.initial
        return row["quantity"] * row["unit_kw"] if row.get("unit_kw") else ""


class BaseLoads(forms.BaseFormSet):
    def rows(self) -> list[LoadItem]:
        """The rows that were filled in and not deleted."""
        return [
            LoadItem(**{name: form.cleaned_data[name] for name in ("name", "quantity", "unit_kw")})
            for form in self.forms
            if form.cleaned_data.get("name") and form not in self.deleted_forms
        ]


LoadFormSet = forms.formset_factory(
    LoadForm, formset=BaseLoads, extra=1, can_delete=True, max_num=60, validate_max=True
)


def load_formset(data: Any, loads: list[LoadItem]) -> BaseLoads:
    """The load list to fill in."""
    known = [{"name": r.name, "quantity": r.quantity, "unit_kw": r.unit_kw} for r in loads]
    # What is posted is the whole list: a row left as it was must not count as an empty one.
    return LoadFormSet(data, initial=None if data else known, prefix="loads")


class VisitForm(SheetForm):
    layout = ((_("Visit"), [[("at", 6), ("outcome", 6)], [("met", 12)], [("evidence", 12)]]),)

    class Meta:
        model = Visit
        fields = ("at", "outcome", "met", "evidence")
        widgets = {"at": forms.DateTimeInput}
        help_texts = {"evidence": _("Who was called, what was seen, a photo's number.")}


class AppointmentForm(DressedForm):
    at = forms.DateTimeField(label=_("day and time agreed"), widget=forms.DateTimeInput)


class CandidateForm(SheetForm):
    layout = (
        (
            _("Which point"),
            [
                [("source_point", 6), ("name", 6)],
                [("voltage", 4), ("substation", 4), ("line", 4)],
                [("section", 4), ("transformer_area", 4), ("pole", 4)],
                [("rated_kva", 6), ("committed_kva", 6)],
            ],
        ),
        (
            _("Way and works"),
            [
                [("distance_m", 4), ("overhead_m", 4), ("cable_m", 4)],
                [("works", 12)],
                [("cost_yuan", 6), ("works_days", 6)],
                [("consent_needed", 12)],
                [("workable", 12)],
                [("why_not", 12)],
            ],
            {"column": 2},
        ),
    )
    workable = forms.TypedChoiceField(
        label=capfirst(_("workable")),
        choices=YES_NO,
        coerce=lambda value: value in (True, "True"),
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
    )

    class Meta:
        model = Candidate
        fields = (
            "source_point",
            "name",
            "voltage",
            "substation",
            "line",
            "section",
            "transformer_area",
            "pole",
            "rated_kva",
            "committed_kva",
            "distance_m",
            "overhead_m",
            "cable_m",
            "consent_needed",
            "works",
            "cost_yuan",
            "works_days",
            "workable",
            "why_not",
        )
        help_texts = {
            "rated_kva": _("Empty: as in the catalogue today."),
            "committed_kva": _("Empty: as in the catalogue today."),
        }

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source_point"].queryset = SourcePoint.objects.for_unit(case.unit)


class ConsentForm(SheetForm):
    layout = (
        (
            _("Who is asked for what"),
            [
                [("party_kind", 4), ("party", 4), ("phone", 4)],
                [("subject", 12)],
                [("asked_on", 6), ("asked_how", 6)],
            ],
        ),
    )

    class Meta:
        model = Consent
        fields = ("party_kind", "party", "phone", "subject", "asked_on", "asked_how")


class AnswerForm(DressedForm):
    """What the party said: yes, no, or not reached."""

    answer = forms.ChoiceField(
        label=capfirst(_("answer")), choices=Consent.ANSWERS, widget=forms.RadioSelect
    )
    on = forms.DateField(label=capfirst(_("answered on")))
    words = forms.CharField(
        label=capfirst(_("what was said")),
        max_length=500,
        required=False,
        widget=forms.Textarea,
    )
    expires_on = forms.DateField(label=capfirst(_("holds until")), required=False)
    options = forms.CharField(
        label=capfirst(_("options told to the customer")),
        max_length=1000,
        required=False,
        widget=forms.Textarea,
        help_text=_("After a refusal: what can be done now. It goes to the customer in writing."),
    )
    paper = CheckedFileField(
        label=capfirst(_("paper")),
        required=False,
        help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )

    def clean(self) -> dict:
        found = super().clean()
        demand_options(self, found)
        return found


class WithdrawForm(DressedForm):
    """A consent that was given is taken back."""

    on = forms.DateField(label=capfirst(_("withdrawn on")))
    words = forms.CharField(
        label=capfirst(_("what was said")), max_length=500, widget=forms.Textarea
    )
    paper = CheckedFileField(
        label=capfirst(_("paper")),
        help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )


class RenewForm(DressedForm):
    """A consent given holds for another time."""

    expires_on = forms.DateField(
        label=capfirst(_("holds until")), required=False, help_text=_("Empty: for good.")
    )
    words = forms.CharField(
        label=capfirst(_("what was said")), max_length=500, widget=forms.Textarea
    )
    paper = CheckedFileField(
        label=capfirst(_("paper")),
        required=False,
        help_text=_("PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )


def demand_options(form: forms.BaseForm, found: dict) -> None:
    """A refusal goes to the customer with what can be done now."""
    if found.get("answer") == Consent.Answer.NO and not found.get("options"):
        form.add_error(
            "options",
            _("A refusal is told to the customer with options: write what can be done now."),
        )


class PhotoForm(SheetForm):
    layout = (
        (
            _("Photo"),
            [
                [("picture", 12)],
                [("subject", 6), ("caption", 6)],
                [("taken_at", 6), ("place", 6)],
            ],
        ),
    )
    picture = CheckedFileField(
        label=capfirst(_("photo")),
        kinds=("image",),
        help_text=_("JPEG, PNG, WebP or HEIC, at most 15 MB."),
    )

    class Meta:
        model = Photo
        fields = ("subject", "caption", "taken_at", "place")
        widgets = {"taken_at": forms.DateTimeInput}
        help_texts = {"taken_at": _("Empty: as the camera says.")}
