"""The list of money that is owed to customers: everybody who owes it finds it there."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from fees import services
from fees.models import Payment, Refund
from tests.factories import person
from tests.fees import factories
from workflow import moves

pytestmark = pytest.mark.django_db
LIST = reverse("fees:refunds")


@pytest.fixture
def refund():
    payment = factories.paid()
    moves.withdraw(factories.fresh(payment.bill.step.case), by=person(Role.CLERK), reason="不建了")
    return Refund.objects.get()


@pytest.fixture
def refund_in_the_middle():
    """The shared meter is found after the money was taken: the case goes on, the money back."""
    case = factories.fresh(factories.paid().bill.step.case)
    moves.set_facts(case, by=person(Role.SUPERVISOR), existing_supply="shared", note="合表")
    return Refund.objects.get()


def shown(client, role: str, url: str = LIST, **where: str) -> str:
    reader = person(role, **where)
    reader.language = "en"
    reader.save(update_fields=["language"])
    client.force_login(reader)
    return client.get(url).content.decode()


@pytest.mark.parametrize("role", [Role.CASHIER, Role.BILLER, Role.SUPERVISOR])
def test_money_owed_by_a_closed_case_stands_in_the_list_with_owner_and_day(client, refund, role):
    case = refund.payment.bill.step.case

    page = shown(client, role)

    assert case.number in page
    assert f"¥{refund.amount:,.2f}" in page
    assert str(Role.CASHIER.label) in page
    assert str(Refund.objects.with_due().get().due_on) in page


def test_what_was_paid_out_is_the_billers_to_confirm_and_then_leaves_the_list(client, refund):
    services.pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")
    assert Refund.objects.with_due().get().owner == Role.BILLER
    assert "to be confirmed" in shown(client, Role.BILLER)

    services.confirm(refund, by=person(Role.BILLER))

    assert refund.payment.bill.step.case.number not in shown(client, Role.BILLER)


def test_the_case_page_says_what_goes_back_while_a_new_survey_is_made(client, refund_in_the_middle):
    case = refund_in_the_middle.payment.bill.step.case

    page = shown(client, Role.CLERK, case.get_absolute_url())

    assert f"¥{refund_in_the_middle.amount:,.2f}" in page
    assert "To be paid out" in page


def test_another_unit_does_not_see_it(client, refund):
    assert refund.payment.bill.step.case.number not in shown(client, Role.CASHIER, at="bhxc")


@pytest.mark.parametrize("role", [Role.CASHIER, Role.BILLER])
def test_the_desk_leads_to_the_list(client, role):
    assert f'href="{LIST}"' in shown(client, role, reverse("workflow:desk"))


def test_a_closed_case_shows_the_refund_beside_it(client, refund):
    case = refund.payment.bill.step.case

    assert "To be paid out" in shown(client, Role.CASHIER, case.get_absolute_url())


def test_who_withdraws_a_case_is_told_how_much_goes_back_to_whom_by_whom_and_by_when(client):
    case = factories.fresh(factories.paid().bill.step.case)
    payment = Payment.objects.get()
    url = reverse("workflow:withdraw", args=[case.number])

    page = shown(client, Role.CLERK, url)

    due = services.refund_due(timezone.localdate())
    assert f"¥{payment.amount:,.2f} goes back to {payment.payer}" in page
    assert f"the cashier of {case.unit} pays it out by {due}" in page


def test_a_case_is_not_withdrawn_without_the_customers_words(client):
    case = factories.fresh(factories.billed().step.case)
    url = reverse("workflow:withdraw", args=[case.number])
    assert "goes back to" not in shown(client, Role.CLERK, url)

    client.post(url, {"reason": " "})

    assert factories.fresh(case).state == "open"
