"""A contract says only what is on file: the supply without a plan, the decrease, who signs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from applications.models import Application
from contracts import services
from contracts.models import Contract
from documents import pdf
from documents.models import Paper
from metering.fit import planned
from tests.contracts import factories
from tests.factories import person
from tests.fees import factories as fees
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import BusinessType, CustomerClass, Kind

pytestmark = pytest.mark.django_db
OFFICER = Role.CONTRACT_OFFICER
ACCOUNT = "0312 0045 871"
ON_PAPER = {name: factories.SUPPLY[name] for name in ("voltage", "metering", "price", "boundary")}


def sheet(case: Case, **columns) -> Application:
    columns = {"customer_name": case.customer_name, "account_number": ACCOUNT} | columns
    made = Application(
        step=fees.fresh(case).step(Kind.APPLICATION),
        business_type=case.business_type,
        customer_class=case.customer_class,
        **columns,
    )
    made.computed().save()
    return made


def short(business_type: str = BusinessType.NAME_CHANGE, **columns) -> Case:
    """A case whose flow has no plan, at its contract, its application on file."""
    case = fees.floor_case(business_type=business_type, customer_class=CustomerClass.LV_RESIDENTIAL)
    sheet(case, **columns)
    if survey := fees.fresh(case).step(Kind.SURVEY):
        fees._done(survey)
        moves.set_facts(fees.fresh(case), by=None, line_works=False)
    return fees.fresh(case)


def whole() -> Contract:
    """Drawn with what was asked for, as no contract is on file."""
    return draw(short(), **ON_PAPER, capacity_kva=Decimal(8))


def in_force() -> Contract:
    """A contract of the account, signed by both in a case that was carried out."""
    contract = factories.signed()
    Contract.objects.filter(pk=contract.pk).update(metering="低供低计", price="居民生活")
    sheet(contract.step.case)
    Case.objects.filter(pk=contract.step.case_id).update(state="archived")
    contract.refresh_from_db()
    return contract


def draw(case: Case, **typed) -> Contract:
    return services.draw(
        case.step(Kind.CONTRACT),
        by=person(OFFICER),
        kind="residential",
        term_from=timezone.localdate(),
        **typed,
    )


def page(client, case: Case) -> str:
    client.force_login(person(OFFICER, language="en"))
    return client.get(reverse("contracts:contract", args=[case.number])).content.decode()


def test_a_change_of_name_takes_over_the_supply_of_the_accounts_contract():
    held = in_force()
    contract = draw(short(account_number="03120045871"))

    for name in ("capacity_kva", "voltage", "boundary", "metering", "price", "sources"):
        assert getattr(contract, name) == getattr(held, name), name
    assert contract.customer_name == "王小明"


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Previous holder"), ("zh-hans", "原户主")]
)
def test_a_change_of_name_says_from_whom_and_of_which_account_and_meter(language, heading):
    in_force()
    case = short(account_number="03120045871", previous_holder="张老三")
    moves.describe(case, by=None, meter_number="3140077")
    contract = draw(fees.fresh(case))

    with override(language):
        paper = pdf.html(Paper.objects.filter(kind="contract", language=language).latest("pk"))

    for said in (heading, "张老三", "03120045871", "3140077"):
        assert said in paper, said
    assert contract.content["previous_holder"] == "张老三"


@pytest.mark.parametrize("state", ["open", "withdrawn"])
def test_a_contract_of_a_case_that_was_not_carried_out_is_not_in_force(state):
    held = in_force()
    Case.objects.filter(pk=held.step.case_id).update(state=state)

    with pytest.raises(Refused, match="boundary"):
        draw(short())


def test_what_is_not_on_file_is_asked_for_on_the_page(client):
    case = short()
    address = reverse("contracts:contract", args=[case.number])

    text = page(client, case)
    for name in ("capacity_kva", "voltage", "metering", "price", "boundary"):
        assert f'name="{name}"' in text, name
    assert "No contract of this account is on file" in text
    assert '<option value="居民生活">Residential</option>' in text, (
        "read in English, kept in Chinese"
    )
    given = {"kind": "residential", "settlement": "monthly", "term_from": timezone.localdate()}
    answer = client.post(address, given | {"capacity_kva": "0"})
    assert answer.status_code == 422
    errors = answer.context["contract_form"].errors
    assert {"capacity_kva", "voltage", "metering", "price", "boundary"} <= set(errors)
    assert not Contract.objects.exists()
    assert client.post(address, given | ON_PAPER | {"capacity_kva": "8"}).status_code == 302
    contract = Contract.objects.get()
    assert contract.capacity_kva == 8
    assert contract.price == "居民生活"


def test_how_it_is_metered_fits_the_voltage(client):
    case = short()
    page(client, case)
    given = {"kind": "residential", "settlement": "monthly", "term_from": timezone.localdate()}
    wrong = given | ON_PAPER | {"capacity_kva": "8", "metering": "高供高计"}

    answer = client.post(reverse("contracts:contract", args=[case.number]), wrong)

    assert answer.status_code == 422
    assert "does not fit a supply at 220 V" in str(answer.context["contract_form"].errors)
    assert not Contract.objects.exists()


def test_only_what_is_not_on_file_is_asked_for(client):
    in_force()
    text = page(client, short())

    assert 'name="boundary"' not in text
    assert "The supply is copied from contract" in text


def test_nothing_blank_is_drawn_past_the_form():
    with pytest.raises(Refused) as refusal:
        draw(short())

    named = {name for reason in refusal.value.error_list for name in reason.fields}
    assert named == {*ON_PAPER, "capacity_kva"}


def test_the_database_itself_refuses_a_contract_with_blanks():
    contract = whole()

    for change in ("capacity_kva = 0", "boundary = ''", "price = ''"):
        statement = f"UPDATE contracts_contract SET content_hash = 'x', {change} WHERE id = %s"
        with (
            pytest.raises(IntegrityError, match="boundary"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [contract.pk])


def test_a_contract_drawn_with_blanks_before_is_drawn_anew_before_anybody_signs():
    contract = whole()
    Contract.objects.filter(pk=contract.pk).update(boundary="")

    with pytest.raises(Refused, match="drawn with blanks"):
        factories.by_customer(Contract.objects.get(pk=contract.pk))


# A decrease


def test_a_decrease_says_before_given_up_and_after(client):
    case = short(BusinessType.DECREASE, existing_kw=20, new_kw=8)
    contract = draw(case, capacity_before=Decimal(20), **ON_PAPER)

    assert contract.capacity_kva == 12
    assert contract.capacity_taken == 8
    assert "20 → 8 → 12 kVA" in page(client, case)
    paper = Paper.objects.filter(step=contract.step, kind="contract").first()
    assert "20 → 8 → 12" in pdf.html(paper)


def test_a_decrease_starts_from_the_contract_in_force():
    held = in_force()
    contract = draw(short(BusinessType.DECREASE, existing_kw=20, new_kw=8))

    assert contract.capacity_before == held.capacity_kva
    assert contract.capacity_kva == held.capacity_kva - 8


def test_what_the_signed_contract_says_of_the_metering_stands_beside_the_work_order():
    case = short(BusinessType.DECREASE, existing_kw=20, new_kw=8)
    drawn = draw(case, capacity_before=Decimal(20), **ON_PAPER)

    assert planned(fees.fresh(drawn.step.case)) == {}
    factories.signed(drawn)

    assert drawn.metering in planned(fees.fresh(drawn.step.case))["mode"]


def test_a_decrease_leaves_something():
    case = short(BusinessType.DECREASE)

    for before, taken in ((20, 20), (20, 30)):
        with pytest.raises(Refused, match="something must remain"):
            draw(
                case,
                capacity_before=Decimal(before),
                capacity_taken=Decimal(taken),
                **ON_PAPER,
            )


# Who signs


@pytest.mark.parametrize(
    "columns",
    [
        {"customer_type": "company", "id_type": "credit_code"},
        {"customer_type": "trader", "id_type": "credit_code"},
        {"customer_type": "person", "id_type": "credit_code"},
        {"customer_type": "company", "id_type": "other"},
    ],
)
def test_a_company_signs_by_a_person_never_by_its_own_name(client, columns):
    case = fees.hv_case()
    sheet(case, legal_representative="陈建华", **columns)
    contract = factories.drawn(factories.ready(fees.fresh(case)))
    client.force_login(person(OFFICER, language="en"))

    answer = client.get(reverse("contracts:customer", args=[case.number]))

    form = answer.context["contract_form"]
    assert form["signed_name"].value() == "陈建华"
    assert form["signed_as"].value() == "representative"
    with pytest.raises(Refused):
        factories.by_customer(contract)


def test_where_nobody_may_sign_for_a_company_no_name_is_proposed(client):
    case = fees.hv_case()
    sheet(case, customer_type="company", id_type="credit_code")
    factories.drawn(factories.ready(fees.fresh(case)))
    client.force_login(person(OFFICER, language="en"))

    answer = client.get(reverse("contracts:customer", args=[case.number]))

    form = answer.context["contract_form"]
    assert not form["signed_name"].value()
    assert form["signed_as"].value() != "self"
