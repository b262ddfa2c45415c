"""What the tablet checks without a signal: the limits and the words of the fields themselves."""

from __future__ import annotations

import json

import pytest
from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from field import rules
from field.merge import as_posted
from field.sheets import SHEETS
from metering.forms import OrderForm, RemovalForm
from surveys.forms import SurveyForm
from tests.field import factories as tablet
from works.forms import MidCheckForm

pytestmark = pytest.mark.django_db


def whole(text: str) -> str:
    """Numbers as the tablet has them: 100 and not 100.0."""
    return text.removesuffix(".0")


def refusals(form, name: str, value: str) -> list[str]:
    """What the form says of one value when it is handed in."""
    posted = as_posted(form) if hasattr(form, "formsets") else QueryDict(mutable=True)
    posted[form.add_prefix(name)] = value
    posted["save"] = "1"
    form.data, form.files, form.is_bound = posted, MultiValueDict(), True
    return form.errors.get(name, [])


def sheet_of(site, lina, place: int):
    """The survey (0) or the empty row of one of its tables, not yet filled in."""
    form = SHEETS["survey"].form(site, lina)
    return [form, *(rows.empty_form for rows in form.formsets)][place]


def ruled(site, lina):
    """Every field of the survey and of its rows: (place, name, rules)."""
    for place in range(5):
        rules.carry(form := sheet_of(site, lina, place))
        for name, field in form.fields.items():
            yield place, name, json.loads(field.widget.attrs.get("data-rules", "{}"))


def test_beyond_every_limit_the_form_refuses_with_the_same_words(site, lina):
    seen = set()
    for place, name, told in ruled(site, lina):

        def said(value, place=place, name=name):
            return refusals(sheet_of(site, lina, place), name, whole(str(value)))

        for rule, beyond in (("min", -1), ("max", 1)):
            if rule in told:
                limit, message = told[rule]
                seen.add((name, rule))
                assert message in said(limit + beyond), name
                assert message not in said(limit), name
        if "number" in told:
            assert told["number"][1] in said("x"), name
    assert seen >= {("box_slots", "max"), ("longitude", "min"), ("distance_m", "max")}


def test_what_is_demanded_is_demanded_in_the_same_words(site, lina):
    form = SHEETS["attempt"].form(site, lina)
    rules.carry(form)

    _demanded, message = json.loads(form.fields["at"].widget.attrs["data-rules"])["required"]

    assert refusals(SHEETS["attempt"].form(site, lina), "at", "") == [message]


def test_a_text_may_be_as_long_as_its_field_and_no_longer():
    field = forms.CharField(max_length=60, required=False)

    limit, message = rules.rules_of(field)["length"]

    field.clean("王" * limit)
    with pytest.raises(forms.ValidationError):
        field.clean("王" * (limit + 1))
    assert message == "At most 60 characters."


def test_digits_behind_the_point_are_counted_as_the_field_counts_them():
    whole_number, decimal = forms.IntegerField(), forms.DecimalField(decimal_places=2)

    assert rules.rules_of(whole_number)["number"][0] == 0
    assert rules.rules_of(decimal)["number"][0] == 2
    assert rules.rules_of(forms.FloatField())["number"][0] is None


def test_what_is_needed_to_sign_may_be_left_out_of_a_draft(site, lina):
    form = SHEETS["survey"].form(site, lina)
    rules.carry(form, form.required_to_sign)

    told = json.loads(form.fields["meter_position"].widget.attrs["data-rules"])

    assert told["sign"] == [True, "Needed to sign."]
    assert "required" not in told
    assert "sign" not in rules.rules_of(form.fields["co_users"])


def test_few_choices_are_pressed_and_many_are_a_list(site, lina):
    form = SHEETS["survey"].form(site, lina)
    rules.carry(form)

    assert isinstance(form.fields["phase"].widget, forms.RadioSelect)
    assert type(form.fields["surveyor"].widget) is forms.Select


@pytest.mark.parametrize("form", [SurveyForm, MidCheckForm, OrderForm, RemovalForm])
def test_each_sheet_says_which_moment_is_now(form):
    assert rules.NOW & set(form.base_fields)


def test_the_table_names_only_fields_that_there_are(mine, site):
    page = mine.get(f"/field/visits/{site.pk}/").content.decode()

    for name in ("on_site_at", "at"):
        field = page[page.index(f'name="{name}"') :]
        assert "data-now" in field[: field.index(">")]
    assert page.count("data-now") == 2
    assert tablet.step_of(site.case) == site
    known = {*RemovalForm.base_fields, *OrderForm.base_fields}
    assert known >= rules.SCANNED
