"""The contract's page: drawn, signed, read."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from contracts.models import Contract
from plans.models import Plan
from tests.contracts import factories
from tests.factories import case as opened
from tests.factories import person
from tests.fees import factories as fees
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def officer():
    return person(Role.CONTRACT_OFFICER, language="en")


def url(step, name="contract") -> str:
    return reverse(f"contracts:{name}", args=[step.case.number])


def drawing(**more) -> dict:
    return {
        "kind": "hv",
        "settlement": "monthly",
        "term_from": str(timezone.localdate()),
        "term_to": "",
        "remarks": "",
    } | more


def signature(**more) -> dict:
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    return {
        "signed_name": "王小明",
        "signed_as": "self",
        "signed_how": "seal",
        "signed_reference": "",
        "signed_at": now,
        "evidence": BytesIO(factories.page()["evidence"].content),
    } | more


def test_the_officer_draws_and_both_sign_from_the_page(client):
    step = factories.ready()
    client.force_login(officer())
    assert "copied from the accepted plan" in client.get(url(step)).content.decode()

    assert client.post(url(step), drawing()).status_code == 302
    assert client.post(url(step, "customer"), signature()).status_code == 302
    assert client.post(url(step, "utility")).status_code == 302

    assert fees.fresh(step.case).has_finished(Kind.CONTRACT)
    said = client.get(url(step)).content.decode()
    assert "Signed by both" in said
    assert "1030" in said


def test_the_capacity_is_nobodys_to_type(client):
    step = factories.ready()
    client.force_login(officer())

    client.post(url(step), drawing(capacity_kva="9999", boundary="mine"))

    contract = Contract.objects.get()
    assert contract.capacity_kva == 1030
    assert contract.boundary == "分界点"


@pytest.mark.parametrize("role", [r for r in Role if r != Role.CONTRACT_OFFICER])
def test_others_read_and_cannot_draw_or_sign(client, role):
    step = factories.ready()
    client.force_login(person(role, language="en"))

    assert client.get(url(step)).status_code == 200
    assert client.post(url(step), drawing()).status_code == 403
    factories.drawn(step)
    for name in ("customer", "utility", "revision"):
        assert client.post(url(step, name), signature()).status_code == 403


def test_before_the_plan_the_page_says_what_is_missing(client):
    step = opened().step(Kind.CONTRACT)
    client.force_login(officer())

    assert "has not accepted a supply plan" in client.get(url(step)).content.decode()
    assert client.post(url(step), drawing(kind="residential")).status_code == 409
    assert not Contract.objects.exists()


def test_a_case_of_another_unit_is_not_found(client):
    contract = factories.drawn()
    client.force_login(person(Role.CONTRACT_OFFICER, at="bhxc", language="en"))

    for name in ("contract", "customer", "utility", "revision", "interim"):
        assert client.post(url(contract.step, name)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "residential"},
        {"kind": ""},
        {"term_from": "morgen"},
        {"term_from": ""},
        {"term_to": "2000-01-01"},
        {"remarks": "x" * 10_000},
        {"remarks": "a\x00b"},
    ],
)
def test_a_wrong_drawing_is_told_and_nothing_is_written(client, wrong):
    step = factories.ready()
    client.force_login(officer())

    response = client.post(url(step), drawing(**wrong))

    assert response.status_code == 422
    assert "cannot be handed in" in response.content.decode()
    assert not Contract.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"signed_name": ""},
        {"signed_name": "x" * 100},
        {"signed_as": "nobody"},
        {"signed_how": "electronic"},
        {"signed_at": "2999-01-01T00:00"},
        {"signed_as": "agent"},
    ],
)
def test_a_wrong_signature_is_told_and_nothing_is_written(client, wrong):
    contract = factories.drawn()
    client.force_login(officer())

    response = client.post(url(contract.step, "customer"), signature(**wrong))

    assert response.status_code == 422
    assert "cannot be handed in" in response.content.decode()
    assert Contract.objects.get().signed_at is None


def test_taken_back_it_is_drawn_anew(client):
    contract = factories.drawn()
    client.force_login(officer())

    client.post(url(contract.step, "revision"), {"remarks": "改期限"})
    assert client.post(url(contract.step, "utility")).status_code == 409
    assert client.get(url(contract.step, "customer")).status_code == 404
    client.post(url(contract.step), drawing(settlement="prepaid"))

    assert Contract.objects.get().version == 2


def test_hostile_words_are_only_words(client):
    step = factories.ready()
    client.force_login(officer())

    client.post(url(step), drawing(remarks="<script>alert(1)</script>"))

    assert "<script>alert" not in client.get(url(step)).content.decode()


@pytest.mark.parametrize("make", [factories.drawn, factories.signed])
def test_the_page_asks_few_questions(client, make, django_assert_max_num_queries):
    contract = make()
    client.force_login(officer())

    with django_assert_max_num_queries(15):
        client.get(url(contract.step))


def test_a_signature_hears_at_once_of_everything_against_it(client):
    step = factories.drawn().step
    client.force_login(officer())
    tomorrow = timezone.localtime() + timedelta(days=1)
    wrong = {"signed_how": "", "signed_as": "agent", "signed_at": tomorrow.isoformat()}

    errors = client.post(url(step, "customer"), signature(**wrong)).context["contract_form"].errors

    assert {*errors} == {"signed_how", "signed_as", "signed_at"}
    assert "No agent is named" in str(errors["signed_as"])
    assert "future" in str(errors["signed_at"])
    mended = client.post(url(step, "customer"), signature(signed_as="agent"))
    assert {*mended.context["contract_form"].errors} == {"signed_as"}


def test_a_contract_that_cannot_be_drawn_says_so_beside_its_bad_fields(client):
    step = factories.ready()
    Plan.objects.update(valid_until=timezone.localdate() - timedelta(days=1))
    client.force_login(officer())

    errors = client.post(url(step), drawing(term_from="x")).context["contract_form"].errors

    assert {*errors} == {"term_from", "__all__"}
    assert "was valid until" in str(errors["__all__"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"evidence": ""}, "evidence"),
        ({"evidence": "", "signed_how": "hand"}, "evidence"),
        ({"evidence": "", "signed_how": "electronic"}, "signed_reference"),
        ({"evidence": BytesIO(b"MZ no picture")}, "evidence"),
    ],
)
def test_a_name_alone_is_no_signature(client, wrong, field):
    contract = factories.drawn()
    client.force_login(officer())

    errors = (
        client.post(url(contract.step, "customer"), signature(**wrong))
        .context["contract_form"]
        .errors
    )

    assert field in errors
    assert Contract.objects.get().signed_at is None


def test_the_signed_page_lies_with_the_case_and_is_shown_beside_the_signature(client):
    contract = factories.drawn()
    client.force_login(officer())

    client.post(url(contract.step, "customer"), signature())

    kept = Contract.objects.get().evidence
    assert kept.case == contract.step.case
    assert kept.get_absolute_url() in client.get(url(contract.step)).content.decode()
