"""The sheet of the plan in the browser: what is typed is kept, what is not touched too."""

import re

import pytest
from django.urls import reverse

from plans.models import Plan
from tests.plans import making as make

pytestmark = pytest.mark.django_db
HOSTILE = ("x" * 10_000, "\x00", "<script>alert(1)</script>" * 400)


def url(case, name="plan"):
    return reverse(f"plans:{name}", args=[case.number])


def shown(response):
    """What the browser would send back if nobody touched the sheet."""
    data = {}
    form = response.context["form"]
    for one in (form, form.sources.management_form, *form.sources.forms):
        for bound in one:
            value = bound.value()
            if value is not None and value is not False and value != "":
                data[bound.html_name] = str(value)
    return data


def test_a_sheet_saved_untouched_keeps_its_sources(client):
    case = make.surveyed()
    make.drawn(case)
    client.force_login(make.planner())

    page = client.get(url(case))
    response = client.post(url(case), shown(page) | {"save": "1"})

    assert response.status_code == 302, response.context["form"].errors
    assert [s.capacity_kva for s in make.plan_of(case).sources.all()] == [8]


def test_the_source_that_the_sheet_proposes_is_taken_as_it_stands(client):
    case = make.surveyed()
    client.force_login(make.planner())

    page = client.get(url(case))
    data = shown(page) | {name: str(value) for name, value in make.LV.items()}
    data["sources-0-capacity_kva"] = "8"
    client.post(url(case), data | {"save": "1"})

    assert make.plan_of(case).sources.count() == 1


def test_a_complete_sheet_is_submitted_from_the_page(client):
    case = make.surveyed()
    client.force_login(make.planner())

    response = client.post(url(case), make.posted(case, submit="1"))

    assert response.status_code == 302, response.context["form"].errors
    assert make.plan_of(case).state == Plan.State.SUBMITTED


def test_a_refused_submission_keeps_what_was_typed_and_writes_nothing(client):
    case = make.surveyed()
    client.force_login(make.planner())

    response = client.post(
        url(case), make.posted(case, submit="1", **{"sources-0-capacity_kva": "400"})
    )

    assert response.status_code == 422
    assert re.search(r"46\.00", response.content.decode())
    assert 'value="400"' in response.content.decode()
    assert not Plan.objects.exists()


def test_a_point_without_consent_is_not_offered(client):
    case = make.surveyed()
    point = make.source(case).candidate
    point.consents.create(
        party_kind="co_user",
        party="张建国",
        subject="从原接户点 T 接",
        asked_on="2026-01-05",
        asked_how="in_person",
        answer="no",
        answered_on="2026-01-05",
        options="改接院内 2# 分支箱。",
    )
    client.force_login(make.planner())

    page = client.get(url(case))
    response = client.post(url(case), make.posted(case, submit="1"))

    assert not list(page.context["form"].sources.forms[0].fields["candidate"].queryset)
    assert response.status_code == 422
    assert not Plan.objects.exists()


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["property_boundary", "protection", "ct_ratio", "total_kva"])
def test_hostile_text_is_a_message_and_nothing_is_written(client, field, text):
    case = make.surveyed()
    client.force_login(make.planner())

    response = client.post(url(case), make.posted(case, save="1", **{field: text}))

    assert response.status_code == 422
    assert not Plan.objects.exists()


@pytest.mark.parametrize("value", ["-1", "0", "abc", "1e9", "NaN", "8.123"])
def test_a_capacity_that_is_none_is_a_message(client, value):
    case = make.surveyed()
    client.force_login(make.planner())

    response = client.post(
        url(case), make.posted(case, save="1", **{"sources-0-capacity_kva": value})
    )

    assert response.status_code == 422
    assert not Plan.objects.exists()
