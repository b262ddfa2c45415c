"""What stands against a sheet is told at once: who mends all of it hears of nothing new."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from surveys.models import Survey
from tests.factories import person
from tests.metering import factories as metering
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from tests.test_editions import DRAFTS, Typed, sheet, world
from tests.works import factories as works
from workflow.models import Case
from workflow.process import Kind
from works.search import SearchField

__all__ = ["world"]

pytestmark = pytest.mark.django_db
# The button that hands a sheet in.
BUTTON = {"counter": "accept", "new": "accept"}
OTHERS = {
    "unclaimed": Kind.SURVEY,
    "undrawn": Kind.PLAN,
    "old_meter": Kind.METER,
    "power": Kind.METER,
}
# Beside the desks of `DRAFTS`: sheets of which nothing is saved, and the others of the meter step.
SHEETS = [*DRAFTS, "new", "unclaimed", "undrawn", "old_meter", "power"]
# Where not just any value of the kind will do. Some answers ask for more by themselves, which
# nobody could have asked for before: not supplied, shared, failed, dissatisfied, charged beyond
# the bill. What they ask for stands in the tests of their rooms.
VALUES = {
    "customer_signed_name": "王小明",
    "charged_beyond_bill": "False",
    "can_supply": "True",
    "found_supply": "none",
    "id_number": "11010519491231002X",
    "phone": "13800138000",
    "reading_total": "0",
    "decision": "passed",
    "result": "passed",
    "satisfaction": "5",
    "metering": "lv_lv",
    "existing_supply": "none",
}

# What is said in the second round only. Whether the items are in order is not asked of rows whose
# own text is in error: what will stand there may be another item, or none. Whether a signature is
# shown is not asked while nobody is named who gave it.
UNSHOWN = {
    (
        "customer_signed_name",
        "Nothing shows that the customer signed: draw the signature on the tablet, or add a photo "
        "or scan of the signed sheet as “Customer's signature”.",
    )
}
ITEMS = {("__all__", "Not every item of the check is in order.")}
LATER = {"mid_check": ITEMS, "acceptance": ITEMS, "meter": UNSHOWN}


@pytest.fixture(scope="module", autouse=True)
def _offered(world) -> None:
    """Firms in the register, a meter in the store, a sheet of each kind of the meter step."""
    works.licence("designer")
    works.licence("contractor")
    metering.meter("3200000077")
    metering.fitters()
    world.power = metering.case_at("meter", street="临湖路 9 号")
    metering.ready(world.power, metering.meter("3200000078"))
    world.undrawn = plans.household(street="人民路 24 号院", not_duplicate="另一户")


def at(world: SimpleNamespace, desk: str) -> tuple[Client, str]:
    """Who works at this desk, at its sheet."""
    if desk in DRAFTS:
        return sheet(world, desk)
    client = Client()
    if desk == "new":
        client.force_login(person(Role.CLERK))
        return client, reverse("applications:new")
    case = Case.objects.get(pk=getattr(world, desk).pk)
    step = case.step(OTHERS[desk])
    client.force_login(step.owner or person(step.process.role))
    if desk == "old_meter":
        return client, reverse("metering:removal", args=[case.number])
    return client, step.get_absolute_url()


def tables(form: forms.BaseForm) -> list[forms.BaseFormSet]:
    """The tables of a sheet; the counter keeps its own beside the form."""
    return form.formsets or ([form.equipment] if hasattr(form, "equipment") else [])


def complaints(response: Any) -> set[tuple[str, str]]:
    """Every complaint on a page that came back, with the place where it stands."""
    if response.status_code == 302:
        return set()
    context = response.context
    form = context["form"]
    found = [(name, text) for name, texts in form.errors.items() for text in texts]
    for rows in tables(form):
        found += [(rows.prefix, text) for text in rows.non_form_errors()]
        found += [
            (row.add_prefix(name), text)
            for row in rows.forms
            for name, texts in row.errors.items()
            for text in texts
        ]
    found += [(place, text) for place, _name, text in context.get("lacking") or ()]
    assert len(found) == len(set(found)), "told twice"
    return {(place, str(text)) for place, text in found}


def value(form: forms.BaseForm, name: str) -> str:
    """Something valid for this field."""
    field = form.fields[name]
    choices = [
        str(code) for code, _label in getattr(field, "choices", ()) if code not in ("", None)
    ]
    if name in VALUES and (not choices or VALUES[name] in choices):
        return VALUES[name]
    now = timezone.localtime()
    if isinstance(field, SearchField):
        return field.widget.offers[0][0]
    if isinstance(field, forms.DateTimeField):
        return now.isoformat()
    if isinstance(field, forms.DateField):
        return f"{now.date() + timedelta(days=30):%Y-%m-%d}"
    if isinstance(field, forms.ModelChoiceField):
        return str(field.queryset.last().pk)
    if isinstance(field, forms.DecimalField | forms.IntegerField):
        return "1"
    if isinstance(field, forms.NullBooleanField | forms.BooleanField):
        return "True"
    if isinstance(field, forms.ChoiceField):
        return choices[0]
    return "江城"


def emptied(page: str) -> dict[str, Any]:
    """The sheet without a word on it, as a browser sends it."""
    kept = ("_FORMS", "-id", "-step", "-review", "-installation")
    return {
        name: values if name.endswith(kept) or name in ("edition", "token") else ""
        for name, values in Typed(page).fields.items()
    }


@pytest.mark.parametrize(
    ("desk", "saved"),
    [
        *((desk, False) for desk in SHEETS),
        # A new application once saved lies on the desk "counter".
        *((desk, True) for desk in SHEETS if desk != "new"),
    ],
)
def test_who_mends_what_was_told_hears_of_nothing_new(world, desk, saved):
    client, url = at(world, desk)
    button = {BUTTON.get(desk, "submit"): "1"}
    if saved:
        page = client.get(url).content.decode()
        assert client.post(url, Typed(page).fields | {"save": "1"}).status_code == 302
    page = client.get(url).content.decode()
    empty = emptied(page)

    answer = client.post(url, empty | button)

    told = complaints(answer)
    assert told
    form = answer.context["form"]
    wrong = [form, *(row for rows in tables(form) for row in rows.forms)]
    mended = {
        one.add_prefix(name): value(one, name)
        for one in wrong
        for name in one.errors
        if name in one.fields
    }
    again = client.post(url, empty | mended | button)
    assert complaints(again) - told == LATER.get(desk, set())


# A field of each sheet with a value that is none, on which nothing else rests.
BAD = {
    "counter": "longitude",
    "new": "longitude",
    "unclaimed": "box_slots",
    "undrawn": "reserve_kva",
    "survey": "box_slots",
    "plan": "reserve_kva",
    "designer": "originals_until",
    "drawings": "drawn_on",
    "contractor": "originals_until",
    "mid_check": "covering_on",
    "acceptance": "completed_on",
    "meter": "reading_peak",
    "old_meter": "reading_peak",
    "power": "planned_at",
    "callback": "follow_up_on",
}
# Whether the originals are deferred for long enough nobody can say while the day is unreadable.
RESTS = {"designer": "originals", "contractor": "originals"}


@pytest.mark.parametrize("desk", SHEETS)
def test_a_bad_value_hides_no_other_complaint(world, desk):
    client, url = at(world, desk)
    button = {BUTTON.get(desk, "submit"): "1"}
    empty = emptied(client.get(url).content.decode())
    told = complaints(client.post(url, empty | button))

    found = complaints(client.post(url, empty | {BAD[desk]: "x"} | button))

    assert {place for place, _text in found - told} == {BAD[desk]}
    assert {place for place, _text in told - found} <= {BAD[desk], RESTS.get(desk)}


def test_a_survey_never_saved_hears_of_its_points_beside_a_bad_value(world):
    case = Case.objects.get(pk=world.unclaimed.pk)
    client = Client()
    client.force_login(surveys.surveyor())
    url = case.step("survey").get_absolute_url()

    answer = client.post(url, {"box_slots": "x", "loads-TOTAL_FORMS": 0, "loads-INITIAL_FORMS": 0})

    assert Survey.objects.filter(step__case=case).count() == 0
    errors = answer.context["form"].errors
    assert {"box_slots", *Survey.NEEDED} - {"surveyor"} <= {*errors}
    assert "No source point is measured" in str(errors["__all__"])
    assert "decided" in str(errors["can_supply"])
    assert "surveyor" not in errors
