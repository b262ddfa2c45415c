"""The demo: made once, something on every desk, and every proof holds on it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.demo import PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role
from applications.models import Application
from contracts.models import Contract
from demo import cases, cloning, story
from documents.models import Paper
from fees import proof
from fees.models import Bill, Correction, Payment, Refund
from metering.models import Meter
from metering.models.meter import Accuracy, Phase
from plans.models import Plan
from surveys.models import Consent
from tests import factories
from workflow import chain
from workflow.models import Case, Event, Notice, Step
from workflow.process import BusinessType, CustomerClass, Kind
from works.models import Licence
from works.models.register import LicenceKind

# The demo stands in a transaction around the module; each test has its savepoint within.
pytestmark = pytest.mark.django_db
ORIGINALS = len(cases.ROWS) + len(story.STORIES)


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


def test_production_is_never_seeded(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="This is production"):
        call_command("seed_demo")


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


def test_the_stores_of_the_meter_technicians_hold_free_meters_for_every_supply():
    fitters = User.objects.filter(groups__name=Role.FITTER)
    for unit in Unit.objects.filter(staff__in=fitters).distinct():
        free = Meter.objects.in_stock().for_unit(unit)
        for phase in Phase:
            assert free.fitting([phase], list(Accuracy)).exists(), (unit, phase)
        for accuracy in Accuracy:
            classes = list(Accuracy)[accuracy.rank :]
            assert free.fitting([Phase.THREE], classes).count() > 3, (unit, accuracy)


@pytest.mark.parametrize("kind", LicenceKind.values)
def test_the_register_holds_valid_firms_that_may_work_at_ten_kilovolts(kind):
    today = timezone.localdate()
    firms = Licence.objects.filter(kind=kind).standing(today)

    for firm in firms:
        firm.full_clean()
        assert firm.shortfalls(kv=Decimal(10), kva=Decimal(630), on=today) == []
    assert len(firms) > 1


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


# Very many ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(demo, django_db_blocker):
    """Two batches of copies; the tests above have looked at the demo alone."""
    with django_db_blocker.unblock(), patch.object(cloning, "ROUNDS", 1):
        made = cloning.multiply(ORIGINALS + 1)
    assert made == 2 * ORIGINALS
    return Case.objects.filter(pk__gte=cloning.STRIDE)


def test_copies_are_whole_and_everything_proves_as_on_the_originals(copied):
    tables = [*cloning._hanging(), *cloning.MONEY, Event, Case]
    for model in tables:
        rows = model._base_manager
        own = rows.filter(pk__lt=cloning.STRIDE).count()
        assert rows.count() == 3 * own, model
    for model in (Case, Step, Plan, Bill, Refund, Contract):
        states = model.objects.values("state").annotate(n=Count("pk")).order_by("state")
        own = states.filter(pk__lt=cloning.STRIDE)
        assert [(s["state"], s["n"] / 3) for s in states] == [(s["state"], s["n"]) for s in own]

    assert proof.run().found == 0
    assert chain.verify() == (Event.objects.count(), "")
    assert all(contract.is_unchanged for contract in Contract.objects.all())
    for case in copied[:: ORIGINALS // 9]:
        state, steps = chain.replay(case)
        assert state == case.state
        assert steps == {(s.kind, s.round): s.state for s in case.all_steps}


def test_a_copy_is_of_another_customer_in_every_sheet(copied):
    original = Contract.objects.filter(pk__lt=cloning.STRIDE).first()
    contract = Contract.objects.get(pk=original.pk + cloning.STRIDE)
    case, before = contract.step.case, original.step.case
    sheet = Application.of(case)

    assert case.number != before.number
    assert case.phone == sheet.phone != before.phone
    assert case.customer_name == sheet.customer_name == contract.content["customer_name"]
    assert sheet.street in case.address
    assert contract.number.startswith(case.number)
    assert before.number not in str([event.data for event in case.events.all()])


def test_a_paper_of_a_copy_prints_the_copys_sheet(copied):
    for name, model in (("bill", Bill), ("payment", Payment), ("contract", Contract)):
        found = Paper.objects.filter(case__in=copied, data__has_key=name)
        assert found.exists()
        for paper in found:
            of = model.objects.get(pk=paper.data[name])
            assert (of.bill if name == "payment" else of).step.case_id == paper.case_id


def test_no_worker_makes_the_papers_of_copies_unasked(copied):
    papers = Paper.objects.filter(case__in=copied)

    assert papers.exists()
    assert not papers.unrendered().exists()


def test_so_many_copies_are_made_once_and_work_goes_on_beside_them(copied):
    assert cloning.multiply(2 * ORIGINALS) == 0

    case = factories.case(by=User.objects.get(username="sunyue"), unit=copied[0].unit)
    walked = next(step for step in case.all_steps if step.kind == Kind.APPLICATION)
    assert walked.state == "in_hand"
    assert cloning.multiply(3 * ORIGINALS) == ORIGINALS
    assert chain.verify()[1] == ""
