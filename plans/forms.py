from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from documents.forms import CheckedFileField
from plans import services
from plans.models import Plan, PlanSource
from surveys.models import Candidate
from workflow.guards import Refused
from workflow.sheets import DressedForm, SheetForm, dress


class PlanForm(SheetForm):
    """The sheet of the plan, in the order of the paper."""

    layout = (
        (
            _("Supply"),
            [
                [("voltage", 4), ("total_kva", 4), ("receiving_points", 4)],
                [("primary_wiring", 6), ("property_boundary", 6)],
            ],
        ),
        (
            _("Sources"),
            [],
            {
                "formset": "sources",
                "add_label": _("One source more"),
                "template": "plans/_points.html",
            },
        ),
        (
            _("Metering and tariff"),
            [
                [("metering", 12)],
                [("ct_ratio", 3), ("pt_ratio", 3), ("meter_type", 3), ("meter_accuracy", 3)],
                [("tariff", 8), ("power_factor", 4)],
            ],
            {"column": 2},
        ),
        (
            _("Safety"),
            [
                [("protection", 12)],
                [("emergency_kva", 6), ("reserve_kva", 6)],
                [("remarks", 12)],
            ],
            {"column": 2},
        ),
    )

    class Meta:
        model = Plan
        fields = (
            "voltage",
            "total_kva",
            "receiving_points",
            "primary_wiring",
            "property_boundary",
            "metering",
            "ct_ratio",
            "pt_ratio",
            "meter_type",
            "meter_accuracy",
            "tariff",
            "power_factor",
            "protection",
            "emergency_kva",
            "reserve_kva",
            "remarks",
        )
        widgets = {"metering": forms.RadioSelect}

    @property
    def signing(self) -> bool:
        return "submit" in self.data

    def needed(self, found: dict[str, Any]) -> Iterable[str]:
        return services.needed(found.get("voltage") or "")

    def objections(self) -> list[Refused]:
        plan = self.instance
        sources = self.sources.rows() if self.sources.is_valid() else []
        return [
            *services.unsound(plan, sources, timezone.localdate()),
            *services.overdrawn(sources),
        ]


def offer(point: Candidate) -> str:
    """A candidate of the survey, with what is open there now."""
    kva = services.open_at(point)
    if kva is None:
        return str(point)
    return gettext("%(point)s (%(open)s kVA open)") % {"point": point, "open": kva}


ROW = ("candidate", "role", "laying", "capacity_kva")


class SourceForm(forms.ModelForm):
    class Meta:
        model = PlanSource
        fields = ROW

    def __init__(self, *args, candidates: list[Candidate], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["candidate"].queryset = Candidate.objects.filter(
            pk__in=[candidate.pk for candidate in candidates]
        ).select_related("source_point")
        # Rows are many, points are read once.
        self.fields["candidate"].widget.choices = [
            ("", "—"),
            *((point.pk, offer(point)) for point in candidates),
        ]
        dress(self)

    def has_changed(self) -> bool:
        """A proposed source that the planner leaves as it stands is meant too."""
        return super().has_changed() or bool(self.initial.get("candidate"))


class Sources(forms.BaseFormSet):
    def rows(self) -> list[PlanSource]:
        """The rows typed, without those marked for deletion."""
        return [
            PlanSource(**{name: row[name] for name in ROW})
            for row in self.cleaned_data
            if row.get("candidate") and not row.get("DELETE")
        ]

    def clean(self) -> None:
        """A point that stands in the plan twice is told at the second."""
        seen = set()
        for form in self.forms:
            point = form.cleaned_data.get("candidate") if form.is_valid() else None
            if point is None or self._should_delete_form(form):
                continue
            if point in seen:
                form.add_error("candidate", _("A source point stands in the plan twice."))
            seen.add(point)


SourceFormSet = forms.formset_factory(
    SourceForm, formset=Sources, extra=1, max_num=6, validate_max=True, can_delete=True
)


class ApproveForm(DressedForm):
    remark = forms.CharField(label=_("remark"), max_length=200, required=False)


class ReasonForm(DressedForm):
    reason = forms.CharField(label=_("reason"), max_length=1000, widget=forms.Textarea)


class AnswerForm(DressedForm):
    how = forms.ChoiceField(label=_("answered how"), choices=Plan.Channel, widget=forms.RadioSelect)


# What the office notes for the customer; on the tracking page the customer confirms alone.
NOTED = [
    row
    for row in Plan.Acceptance.choices
    if row[0] in Plan.BY_THE_CUSTOMER and row[0] != Plan.Acceptance.ONLINE
]


class DecideForm(DressedForm):
    """The customer's decision: accepted by name, or an objection in their words."""

    decision = forms.ChoiceField(
        label=_("decision"),
        choices=[("accept", _("accepts the plan")), ("object", _("objects"))],
        widget=forms.RadioSelect,
    )
    signed_name = forms.CharField(label=_("signed by (customer)"), max_length=60, required=False)
    how = forms.ChoiceField(label=_("accepted how"), choices=[("", "—"), *NOTED], required=False)
    evidence = CheckedFileField(
        label=Plan._meta.get_field("evidence").verbose_name,
        help_text=_("For a signature. PDF, JPEG, PNG, WebP or HEIC, at most 15 MB."),
        required=False,
    )
    recording = forms.CharField(
        label=Plan._meta.get_field("recording").verbose_name,
        help_text=_("For a recorded call."),
        max_length=40,
        required=False,
    )
    reason = forms.CharField(
        label=_("what the customer objects to"),
        max_length=1000,
        widget=forms.Textarea,
        required=False,
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        needed = {"accept": ("signed_name", "how"), "object": ("reason",)}
        names = needed.get(cleaned.get("decision", ""), ())
        if "how" in names and (shown_by := Plan.SHOWN_BY.get(cleaned.get("how"))):
            names = (*names, shown_by)
        for name in names:
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed for this decision."))
        return cleaned
