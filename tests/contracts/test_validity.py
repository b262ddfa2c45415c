"""An accepted plan runs out too: people are told before, then no fee and no contract on it."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.roles import Role
from contracts import services as contracts
from fees import services as fees
from fees.models import Bill
from plans import services
from plans.models import Plan
from tests.contracts import factories
from tests.factories import person
from tests.plans import factories as make
from workflow import moves, reminders
from workflow.guards import Refused
from workflow.models import Alert, Case, Notice
from workflow.process import Kind
from workflow.why import Findings

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    """Accepted, of a company on two lines: a fee is due, and nothing is billed or signed."""
    return make.accepted_plan(make.dual())


def step(plan: Plan, kind: str):
    return Case.objects.select_related("unit", "owner").get(pk=plan.case.pk).step(kind)


@contextmanager
def after(day):
    """The day after, at the same time; what is late by then is late for our own fault."""
    then = timezone.now() + (day - timezone.localdate()) + timedelta(days=1)
    with time_machine.travel(then, tick=False), moves.because("staff"):
        yield


def refused(act, *args, **options) -> str:
    with pytest.raises(Refused) as refusal:
        act(*args, **options)
    return " ".join(refusal.value.messages)


def draw(plan: Plan):
    return contracts.draw(
        step(plan, Kind.CONTRACT),
        by=person(Role.CONTRACT_OFFICER),
        kind="hv",
        term_from=timezone.localdate(),
    )


def bill(plan: Plan):
    return fees.issue(step(plan, Kind.FEES), by=person(Role.BILLER))


def ladder(plan: Plan) -> Alert | None:
    return Alert.objects.filter(subject="plan", case=plan.case).first()


def test_on_its_last_day_the_plan_still_holds(plan):
    with after(plan.valid_until - timedelta(days=1)):
        assert bill(plan).state == "issued"
        assert draw(plan).state == "drawn"


@pytest.mark.parametrize("act", [bill, draw])
def test_after_its_term_neither_bill_nor_contract_stands_on_the_plan(plan, act):
    with after(plan.valid_until):
        said = refused(act, plan)

    assert f"valid until {plan.valid_until}" in said
    assert "supervisor extends" in said


def test_a_bill_of_a_plan_that_ran_out_is_not_paid(plan):
    issued = bill(plan)
    with after(plan.valid_until):
        assert "valid until" in refused(
            fees.receive, issued, by=person(Role.CASHIER), method="cash", payer="冯磊"
        )

    assert Bill.objects.get().state == "issued"


def test_a_contract_of_a_plan_that_ran_out_is_not_signed(plan):
    drawn = draw(plan)
    with after(plan.valid_until):
        assert "valid until" in refused(
            contracts.sign_utility, drawn, by=person(Role.CONTRACT_OFFICER)
        )


@pytest.mark.parametrize("kind", [Kind.FEES, Kind.CONTRACT])
def test_why_cant_i_names_the_day_and_leads_to_the_extension(plan, kind):
    with after(plan.valid_until):
        here = step(plan, kind)
        [line] = [
            row
            for row in Findings(here.case, person(Role.SUPERVISOR), timezone.localdate()).of(here)
            if "valid until" in str(row.missing)
        ]

    assert not line.met
    assert line.owes == Role.SUPERVISOR.label
    assert line.url.endswith("/plan/extend/")


def test_a_supervisor_extends_late_and_the_case_goes_on(plan):
    with after(plan.valid_until):
        assert "supervisor" in refused(
            services.extend, plan.step, by=make.planner(), reason="施工延期"
        )
        longer = services.extend(plan.step, by=person(Role.SUPERVISOR), reason="施工延期")

        assert longer.valid_until == services.months_later(timezone.localdate(), 12)
        assert bill(plan).state == "issued"
        assert draw(plan).state == "drawn"


def test_a_new_round_is_the_other_way_out(plan):
    with after(plan.valid_until):
        moves.send_back(
            step(plan, Kind.CONTRACT),
            by=person(Role.CONTRACT_OFFICER),
            reason="供电方案过期",
            to=Kind.PLAN,
        )

    assert step(plan, Kind.PLAN).round == 2
    assert Plan.objects.get().state == "void"
    assert ladder(plan) is None


def test_the_planner_extends_an_accepted_plan_in_time(plan):
    with after(plan.valid_until - timedelta(days=30)):
        longer = services.extend(plan.step, by=make.planner(), reason="施工延期")

    assert longer.valid_until == services.months_later(plan.valid_until, 12)
    assert ladder(plan).due_on == longer.valid_until - timedelta(days=10)


def test_the_planner_is_told_before_an_extension_is_too_late(plan):
    assert ladder(plan).due_on == plan.valid_until - timedelta(days=10)

    with after(plan.valid_until - timedelta(days=11)):
        reminders.sweep()

    told = Notice.objects.filter(reminder__subject="plan").select_related("user")
    assert {notice.user for notice in told} == {plan.step.owner}
    assert not Notice.objects.filter(reminder__subject="plan", user=make.clerk()).exists()


def test_nobody_is_reminded_once_fee_and_contract_are_settled(plan):
    issued = bill(plan)
    fees.receive(issued, by=person(Role.CASHIER), method="cash", payer="冯磊")
    assert ladder(plan) is not None
    drawn = draw(plan)
    officer = person(Role.CONTRACT_OFFICER)
    contracts.sign_utility(drawn, by=officer)
    contracts.sign_customer(
        drawn,
        by=officer,
        signed_name="周敏",
        signed_as="representative",
        signed_how="hand",
        **factories.page(),
    )

    assert step(plan, Kind.CONTRACT).state == "done"
    assert ladder(plan) is None


def test_an_answered_plan_is_watched_until_it_lapses():
    plan = make.answered()
    assert ladder(plan).due_on == plan.valid_until - timedelta(days=10)

    assert services.expire(plan.valid_until + timedelta(days=1)) == 1

    assert ladder(plan) is None
