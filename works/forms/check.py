"""Mid-check and completion acceptance."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from workflow.guards import Refused
from works.forms.people import choose_from, staff
from works.forms.room import RoomForm
from works.forms.rows import CURES, EQUIPMENT, FIRST_DEFECTS, ITEMS, NEW_DEFECTS, PHOTOS, typed
from works.guards import unlisted
from works.models import (
    Acceptance,
    Defect,
    MidCheck,
)


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

    def objections(self) -> list[Refused]:
        sheet = self.instance
        results = [row.result for row in typed(self.items)]
        sheet.has_good_item = "ok" in results
        sheet.has_bad_item = not {"", "not_ok"}.isdisjoint(results)
        sheet.has_photo = any(row.before_covering for row in typed(self.photos))
        sheet.has_open_defect = any(row.cured_on is None for row in self.told)
        if sheet.result == sheet.Result.FAILED:
            return [] if sheet.has_open_defect else [unlisted()]
        return super().objections()

    @property
    def told(self) -> list[Defect]:
        """The defects as typed; one kept in a first round stands in both tables, cured in one."""
        kept = {row.instance.pk for row in self.defects.forms}
        standing = typed(self.defects)
        seen = {row.pk for row in standing}
        cures = [row for row in typed(self.cures) if row.pk in seen or row.pk not in kept]
        known = {row.pk for row in cures}
        return [*cures, *(row for row in standing if row.pk not in known)]


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

    def objections(self) -> list[Refused]:
        self.instance.has_equipment = bool(typed(self.equipment))
        return super().objections()
