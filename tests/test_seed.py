"""The demo: made once, something on every desk, and every proof holds on it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.demo import PEOPLE
from accounts.models import User
from accounts.roles import Role
from fees import proof
from fees.models import Bill, Correction, Payment, Refund
from plans.models import Plan
from surveys.models import Consent
from workflow import chain
from workflow.models import Case, Event, Notice, Step
from workflow.process import BusinessType, CustomerClass, Kind

# The demo stands in a transaction around the module; each test has its savepoint within.
pytestmark = pytest.mark.django_db


def said(*words: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        said("seed_demo")
        yield
        transaction.set_rollback(True)


def live(**columns):
    return Step.objects.live().filter(**columns)


def test_a_second_seeding_adds_nothing():
    before = [model.objects.count() for model in (Case, Step, Event, User, Notice)]

    assert "nothing was seeded" in said("seed_demo")

    assert [model.objects.count() for model in (Case, Step, Event, User, Notice)] == before


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.APPLICATION])
def test_at_every_link_a_case_waits_for_us(kind):
    """The application alone is taken in one sitting."""
    assert live(kind=kind, state="in_hand").exists()


@pytest.mark.parametrize("customer_class", CustomerClass)
def test_every_class_has_open_cases_and_one_that_came_to_its_end(customer_class):
    found = Case.objects.filter(customer_class=customer_class)

    assert found.open().count() >= 5
    assert found.filter(state=Case.State.ARCHIVED).exists()
    assert found.filter(state=Case.State.OPEN, steps__kind=Kind.PLAN, steps__state="done").exists()


@pytest.mark.parametrize("state", Case.State)
def test_there_is_a_case_in_every_state(state):
    assert Case.objects.filter(state=state).exists()


@pytest.mark.parametrize("state", Step.State)
def test_there_is_a_step_in_every_state(state):
    assert Step.objects.filter(state=state).exists()


@pytest.mark.parametrize("state", [state for state in Plan.State if state != Plan.State.VOID])
def test_there_is_a_plan_in_every_state_that_a_planner_meets(state):
    made = set(Plan.objects.values_list("state", flat=True).distinct())

    assert state in made


@pytest.mark.parametrize(
    "business_type",
    [
        BusinessType.NEW,
        BusinessType.INCREASE,
        BusinessType.SEPARATION,
        BusinessType.TEMPORARY,
        BusinessType.EV_CHARGER,
        BusinessType.NAME_CHANGE,
        BusinessType.CLOSING,
    ],
)
def test_the_usual_business_types_have_cases(business_type):
    assert Case.objects.filter(business_type=business_type).exists()


@pytest.mark.parametrize("fast_lane", ["asked", "approved"])
def test_the_fast_lane_has_a_case_to_decide_and_one_on_it(fast_lane):
    assert Case.objects.open().filter(fast_lane=fast_lane).exists()


def test_some_steps_are_late_some_due_some_unclaimed_and_some_stand_still():
    today = timezone.localdate()

    assert Step.objects.overdue(today).count() >= 5
    assert live(state="in_hand", due_on__gte=today).count() >= 10
    assert Step.objects.unclaimed().count() >= 5
    assert Step.objects.stopped().count() >= 2
    assert Step.objects.filter(round=2).exists()


def test_some_customers_have_heard_nothing_for_a_long_time():
    assert Case.objects.silent(timezone.localdate() - timedelta(days=10)).count() >= 3


def test_the_money_is_at_every_turn():
    states = set(Bill.objects.values_list("state", flat=True))

    assert {Bill.State.ISSUED, Bill.State.PAID, Bill.State.CANCELLED} <= states
    assert Payment.objects.exists()
    assert Correction.objects.filter(answer="").exists()
    assert Refund.objects.waiting().exists()


def test_the_story_is_frozen_at_its_turning_points():
    told = Case.objects.filter(business_type=BusinessType.SEPARATION, customer_name="王小明")
    assert {case.state for case in told} == {"open", "archived", "refused"}

    assert Consent.objects.filter(answer=Consent.Answer.NO).exists()
    assert Consent.objects.filter(answer=Consent.Answer.YES).exists()
    assert told.get(state="refused").closing_reason
    assert not Bill.objects.filter(step__case__in=told.exclude(state="archived")).exists()


def test_nothing_lies_in_the_readers_future():
    now = timezone.now()

    assert not Event.objects.filter(happened_at__gt=now).exists()
    assert not Case.objects.filter(opened_at__gt=now).exists()
    assert not Step.objects.filter(finished_at__gt=now).exists()


def test_the_proof_of_the_fees_finds_nothing_and_looks_at_money():
    result = proof.latest()

    assert (result.found, result.findings) == (0, [])
    assert result.bills_checked >= 3
    assert result.payments_checked >= 2


def test_the_chain_verifies_and_the_events_replay_to_the_present():
    checked, fault = chain.verify()

    assert (checked, fault) == (Event.objects.count(), "")
    for case in Case.objects.all():
        state, steps = chain.replay(case)
        assert state == case.state, case.number
        assert steps == {(s.kind, s.round): s.state for s in case.all_steps}, case.number


@pytest.mark.parametrize("login", PEOPLE, ids=lambda login: login.username)
def test_everybody_has_a_desk_that_opens_and_the_workers_find_work(login):
    user = User.objects.get(username=login.username)
    client = Client()
    client.force_login(user)

    assert client.get(reverse("workflow:desk")).status_code == 200
    if not {Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR, Role.CLERK}.isdisjoint(login.roles):
        assert Case.objects.visible_to(user).open().exists()
    elif Role.SUPERVISOR in login.roles:
        assert user.notices.unread().exists()
    else:
        roles = {Role.APPROVER: Role.PLANNER, Role.CASHIER: Role.BILLER}
        worked = [roles.get(role, role) for role in login.roles]
        assert Step.objects.visible_to(user).for_roles(worked).live().exists()
