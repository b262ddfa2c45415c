"""The meter work order, the removal, power on and the call-back, as on paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from accounts.roles import Role
from documents.forms import CheckedFileField
from metering import fit, services
from metering.models import CallBack, Energization, Installation, Meter, MeterPhoto, Removal, Seal
from workflow.guards import Refused
from workflow.models import Step
from workflow.sheets import DressedForm
from works.forms import FiledInput, RoomForm, Rows, choose_from, rows_of, staff, typed
from works.search import SearchField


class SealRow(forms.ModelForm):
    class Meta:
        model = Seal
        fields = ["place", "number"]

    def clean_number(self) -> str:
        number = self.cleaned_data["number"]
        others = Seal.objects.filter(number=number).exclude(pk=self.instance.pk)
        if used := others.select_related("installation__step__case").first():
            where = {"case": used.installation.step.case.number, "place": used.get_place_display()}
            raise ValidationError(_("Seal number already used: case %(case)s, %(place)s.") % where)
        return number


class Seals(Rows):
    def clean(self) -> None:
        """The same number twice on one sheet is told at the second."""
        seen = set()
        for form in self.forms:
            number = getattr(form, "cleaned_data", {}).get("number")
            if not number or self._should_delete_form(form):
                continue
            if number in seen:
                form.add_error("number", _("Seal number already used: on this sheet."))
            seen.add(number)


class PhotoRow(forms.ModelForm):
    file = CheckedFileField(
        label=capfirst(_("photo")), kinds=("image",), required=False, widget=FiledInput
    )

    class Meta:
        model = MeterPhoto
        fields = ["shows"]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if not self.instance.pk and self.has_changed() and not found.get("file"):
            self.add_error("file", _("Choose the photo."))
        return found


SEALS = rows_of(Installation, SealRow, extra=2, formset=Seals)
PHOTOS = rows_of(Step, PhotoRow)
READINGS = [
    [("reading_peak", 3), ("reading_flat", 3), ("reading_valley", 3), ("reading_total", 3)],
]
PEOPLE = [[("installer", 6), ("second_installer", 6)]]
PHOTO_SECTION = (_("Photos"), [], {"formset": "photos", "add_label": _("One photo more")})


class WorkForm(RoomForm):
    """A sheet of the meter technicians, with photos."""

    def make_rows(self, data: Any, files: Any) -> None:
        fitters = staff(self.step.case, Role.FITTER)
        choose_from(self, fitters, "installer", "second_installer", "operator")
        self.add_rows("photos", PHOTOS, data, files, instance=self.step)

    def against_signature(self) -> list[Refused]:
        """Why the customer's signature is none; its picture is here, or comes with the sheet."""
        shown = any(row.instance.shows == MeterPhoto.Shows.SIGNATURE for row in typed(self.photos))
        return services.against_signature(self.instance, handed_in=shown)


class OrderForm(WorkForm):
    meter = SearchField(
        Meter.objects.none(),
        ("asset_number",),
        label=capfirst(_("meter (asset no.)")),
        required=False,
        help_text=_("From the stock; saving the draft takes it out and issues the work order."),
    )
    required_to_sign = ("meter", "installed_at", "reading_total", "customer_signed_name")
    layout = (
        (
            _("Metering point and meter"),
            [
                [("metering_point", 8), ("box", 4)],
                [("meter", 8), ("mode", 4)],
                [("ct_ratio", 6), ("pt_ratio", 6)],
            ],
        ),
        (_("Readings at installation"), READINGS),
        (_("Seals"), [], {"formset": "seals", "add_label": _("One seal more")}),
        PHOTO_SECTION,
        (_("Work done"), [[("installed_at", 12)], *PEOPLE], {"column": 2}),
        (
            _("The customer signs for meter and readings"),
            [[("customer_signed_name", 12)], [("customer_signed_at", 12)], [("remarks", 12)]],
            {"column": 2},
        ),
    )

    class Meta:
        model = Installation
        fields = [
            "metering_point",
            "box",
            "meter",
            "mode",
            "ct_ratio",
            "pt_ratio",
            "reading_peak",
            "reading_flat",
            "reading_valley",
            "reading_total",
            "installed_at",
            "installer",
            "second_installer",
            "customer_signed_name",
            "customer_signed_at",
            "remarks",
        ]

    def make_rows(self, data: Any, files: Any) -> None:
        near = Meter.objects.for_unit(self.step.case.unit)
        meters = near | Meter.objects.filter(pk=self.instance.meter_id)
        free = meters.in_stock().fitting(*fit.wanted(self.step.case))
        self.fields["meter"].offer(meters, free)
        for name, said in fit.planned(self.step.case).items():
            self.fields[name].help_text = f"{said} {self.fields[name].help_text}".strip()
        self.add_rows("seals", SEALS, data, files, instance=self.instance)
        super().make_rows(data, files)

    def objections(self) -> list[Refused]:
        order, meter = self.instance, self.instance.meter
        against = services.against_meter(meter, self.step) if "meter" in self.changed_data else []
        return [
            *against,
            *services.unfinished(order, sealed=bool(typed(self.seals))),
            *self.against_signature(),
        ]

    @property
    def lacks_meter(self) -> bool:
        """None is chosen yet, and no free one of the stores fits."""
        return not self.instance.meter_id and not self.fields["meter"].widget.offers


class RemovalForm(WorkForm):
    required_to_sign = ("asset_number", "what", "removed_at", "reading_total")
    layout = (
        (
            _("Old meter"),
            [[("asset_number", 6), ("what", 6)], [("seals_intact", 6), ("new_seal", 6)]],
        ),
        (_("Final readings"), READINGS),
        PHOTO_SECTION,
        (_("Work done"), [[("removed_at", 12)], *PEOPLE], {"column": 2}),
        (
            _("The customer signs for the readings"),
            [[("customer_signed_name", 12)], [("customer_signed_at", 12)], [("remarks", 12)]],
            {"column": 2},
        ),
    )

    class Meta:
        model = Removal
        fields = [
            "asset_number",
            "what",
            "seals_intact",
            "new_seal",
            "reading_peak",
            "reading_flat",
            "reading_valley",
            "reading_total",
            "removed_at",
            "installer",
            "second_installer",
            "customer_signed_name",
            "customer_signed_at",
            "remarks",
        ]

    def objections(self) -> list[Refused]:
        return [*services.unfinished_removal(self.instance), *self.against_signature()]


class PowerForm(WorkForm):
    read_as = "energization_read"
    required_to_sign = ("energized_at", "operator", "result")
    layout = (
        (
            _("Power on"),
            [
                [("planned_at", 6), ("energized_at", 6)],
                [("operator", 6), ("staff", 6)],
            ],
        ),
        PHOTO_SECTION,
        (
            _("Checked under voltage"),
            [[("phase_order_ok", 12)], [("meter_runs", 12)]],
            {"column": 2},
        ),
        (_("Result"), [[("result", 12)], [("remarks", 12)]], {"column": 2}),
    )

    class Meta:
        model = Energization
        fields = [
            "planned_at",
            "energized_at",
            "operator",
            "staff",
            "phase_order_ok",
            "meter_runs",
            "result",
            "remarks",
        ]
        widgets = {"result": forms.RadioSelect}

    def make_rows(self, data: Any, files: Any) -> None:
        self.fields["result"].choices = Energization.Result.choices
        super().make_rows(data, files)

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("result") == Energization.Result.FAILED:
            if not found.get("remarks"):
                self.add_error("remarks", _("Say in the remarks why it could not be switched on."))
            if self.signing:
                self.add_error("result", _("Save it as a draft: power is not on."))
        if found.get("energized_at") and found["energized_at"] > timezone.now():
            self.add_error("energized_at", _("This time lies ahead."))
        return found

    def objections(self) -> list[Refused]:
        return [*super().objections(), *services.before_the_meter(self.instance)]


class CallBackForm(RoomForm):
    read_as = "callback_read"
    # Asked of a customer who was reached.
    ANSWERS = ("satisfaction", "power_quality_ok", "charged_beyond_bill")
    layout = (
        (
            _("The call"),
            [[("called_at", 4), ("spoke_with", 4), ("reached", 4)]],
        ),
        (
            _("What the customer answers"),
            [
                [("satisfaction", 12)],
                [("power_quality_ok", 6), ("on_time", 6)],
                [("charged_beyond_bill", 4), ("charged_what", 8)],
                [("words", 12)],
            ],
        ),
        (
            _("Follow-up"),
            [
                [("follow_up_needed", 12)],
                [("follow_up_owner", 12)],
                [("follow_up_on", 12)],
                [("follow_up", 12)],
            ],
            {"column": 2, "hint": _("always for a dissatisfied customer")},
        ),
    )

    class Meta:
        model = CallBack
        fields = [
            "called_at",
            "spoke_with",
            "reached",
            "satisfaction",
            "power_quality_ok",
            "on_time",
            "charged_beyond_bill",
            "charged_what",
            "words",
            "follow_up_needed",
            "follow_up_owner",
            "follow_up_on",
            "follow_up",
        ]

    def make_rows(self, data: Any, files: Any) -> None:
        offices = Unit.objects.filter(path__in=self.step.case.unit.lineage)
        colleagues = User.objects.at_work().filter(unit__in=offices)
        choose_from(self, colleagues, "follow_up_owner")
        self.initial.setdefault("called_at", None)
        if self.initial["called_at"] is None:
            self.initial["called_at"] = timezone.localtime().replace(second=0, microsecond=0)

    def needed(self, found: dict[str, Any]) -> tuple[str, ...]:
        if "not_reached" in self.data:
            return ()
        return ("reached",) if found.get("reached") is False else ("reached", *self.ANSWERS)

    def to_sign(self, found: dict[str, Any]) -> tuple[str, ...]:
        return ("reached", *self.ANSWERS)

    def objections(self) -> list[Refused]:
        return [] if "not_reached" in self.data else super().objections()

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("called_at") and found["called_at"] > timezone.now():
            self.add_error("called_at", _("This time lies ahead."))
        if found.get("charged_beyond_bill") and not found.get("charged_what"):
            self.add_error("charged_what", _("Say what was charged beyond the bill, and by whom."))
        if found.get("follow_up_on") and found["follow_up_on"] < timezone.localdate():
            self.add_error("follow_up_on", _("This day is past."))
        return found


class FollowUpForm(DressedForm):
    """What was done for a customer who was not satisfied."""

    done = forms.CharField(
        label=_("what was done"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )
