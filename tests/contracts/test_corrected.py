"""What was corrected after a contract was drawn: nobody signs the old words."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from accounts.roles import Role
from applications.models import Application
from contracts import content, services
from contracts.guards import SAYS_WHAT_IS_RIGHT
from contracts.models import Contract
from tests.contracts import factories
from tests.contracts.test_views import drawing, signature
from tests.factories import person
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
SENTENCE = "Draw it anew before anybody signs."


def correct(contract: Contract, **columns: str) -> Contract:
    """The case says otherwise since, as a correction of the accepted sheet leaves it."""
    columns = columns or {"customer_name": "江城新名有限公司"}
    case = Case.objects.get(pk=contract.step.case_id)
    moves.correct(
        case,
        by=person(Role.SUPERVISOR),
        what="customer_corrected",
        note="认错",
        changed={},
        **{"customer_name": case.customer_name, "address": case.address, "phone": case.phone}
        | columns,
    )
    return Contract.objects.get(pk=contract.pk)


def by_utility(contract: Contract) -> Contract:
    return services.sign_utility(contract, by=person(Role.CONTRACT_OFFICER))


@pytest.mark.parametrize("column", ["customer_name", "address"])
@pytest.mark.parametrize("sign", [factories.by_customer, by_utility])
def test_nobody_signs_what_was_corrected_since(sign, column):
    contract = correct(factories.drawn(), **{column: "改正"})

    with pytest.raises(Refused, match=SENTENCE):
        sign(contract)

    contract.refresh_from_db()
    assert (contract.signed_at, contract.officer_signed_at) == (None, None)


def test_the_second_party_does_not_sign_either():
    contract = correct(factories.by_customer(factories.drawn()))
    with pytest.raises(Refused, match=SENTENCE):
        by_utility(contract)

    contract = services.revise(contract, by=person(Role.CONTRACT_OFFICER), reason="改正")
    assert contract.signed_at is None
    anew = factories.drawn(Case.objects.get(pk=contract.step.case_id).step(Kind.CONTRACT))
    assert anew.customer_name == "江城新名有限公司"
    signed = by_utility(factories.by_customer(anew))
    assert signed.state == Contract.State.SIGNED


def test_a_telephone_is_not_in_the_contract_and_stops_nobody():
    contract = correct(factories.drawn(), phone="13800001234")

    assert factories.by_customer(contract).signed_at


def test_a_contract_signed_by_both_stays_signed():
    contract = correct(factories.signed())

    step = Case.objects.get(pk=contract.step.case_id).step(Kind.CONTRACT)
    assert SAYS_WHAT_IS_RIGHT(step)


def test_every_item_of_the_sheet_that_the_contract_says_is_looked_at():
    contract = factories.drawn()
    case = Case.objects.get(pk=contract.step.case_id)

    assert set(content.party(case, None)) == {"customer_name", "address"}
    sheet = Application()
    assert set(content.party(case, sheet)) == {
        "customer_name",
        "address",
        "customer_id_number",
        "representative",
        "agent",
    }


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_says_so_and_offers_to_draw_it_anew(client, language):
    contract = correct(factories.drawn())
    User.objects.update(language=language)
    client.force_login(person(Role.CONTRACT_OFFICER))
    number = contract.step.case.number
    addresses = {
        name: reverse(f"contracts:{name}", args=[number])
        for name in ("contract", "revision", "customer", "utility")
    }
    step = Case.objects.get(number=number).step(Kind.CONTRACT)
    with translation.override(language):
        sentence = SAYS_WHAT_IS_RIGHT.says(step)

    page = client.get(addresses["contract"]).content.decode()

    assert sentence in page
    assert f'href="{addresses["revision"]}"' in page
    assert addresses["customer"] not in page
    assert addresses["utility"] not in page
    assert sentence in client.post(addresses["customer"], signature()).content.decode()
    assert sentence in client.post(addresses["utility"]).content.decode()
    page = client.get(addresses["revision"]).content.decode()
    assert sentence in page
    client.post(addresses["revision"], {"remarks": sentence})
    client.post(addresses["contract"], drawing(term_from=str(timezone.localdate())))
    assert addresses["customer"] in client.get(addresses["contract"]).content.decode()
