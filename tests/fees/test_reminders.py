"""Money that goes back is waited for, by those who owe it, also when the case is closed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.roles import Role
from fees import services
from fees.models import Refund
from tests.factories import person
from tests.fees import factories
from workflow import moves, reminders
from workflow.models import Alert, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def refund():
    payment = factories.paid()
    moves.withdraw(factories.fresh(payment.bill.step.case), by=person(Role.CLERK), reason="不建了")
    return Refund.objects.get()


def told(days: int) -> dict[str, set[str]]:
    """Who is told of what in a sweep so many days from now."""
    reminders.sweep(timezone.now() + timedelta(days=days))
    found: dict[str, set[str]] = {}
    for notice in Notice.objects.select_related("reminder", "user"):
        found.setdefault(notice.reminder.subject, set()).add(notice.user.username)
    return found


def test_a_refund_waits_for_the_cashier_though_the_case_is_closed(refund):
    assert [a.subject for a in Alert.objects.filter(case=refund.payment.bill.step.case)] == [
        "refund"
    ]

    found = told(12)

    assert person(Role.CASHIER).username in found["refund"]
    assert person(Role.BILLER).username not in found["refund"]


def test_silence_about_a_refund_climbs_to_the_manager(refund):
    boss = person(Role.MANAGER)

    assert boss.username in told(40)["refund"]


def test_a_refund_paid_out_waits_for_the_biller_to_confirm_it(refund):
    services.pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")

    found = told(12)

    assert "refund" not in found
    assert person(Role.BILLER).username in found["confirm"]
    assert person(Role.CASHIER).username not in found["confirm"]


def test_nobody_is_reminded_of_a_refund_that_is_confirmed(refund):
    services.pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")
    services.confirm(refund, by=person(Role.BILLER))

    assert not Alert.objects.exists()
    assert told(40) == {}


def test_a_case_that_goes_on_after_a_correction_keeps_the_reminder_of_the_refund():
    bill = factories.paid(factories.billed(factories.ready(quote=False))).bill
    factories.dearer(210)
    proposal = services.propose(bill, by=person(Role.BILLER), kind="correct", reason="容量有误")
    services.approve(proposal, by=person(Role.SUPERVISOR))

    assert Alert.objects.filter(subject="refund", ref=Refund.objects.get().pk).exists()
