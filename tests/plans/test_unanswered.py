"""A plan that nobody answers: only a supervisor closes it, and only on proven attempts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import services as applications
from applications.models import Contact
from fees import services as fees
from plans import panel, services
from plans.models import Plan
from tests import factories as office
from tests.plans import factories as make
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return office.person(Role.SUPERVISOR, at="lh")


@pytest.fixture
def plan() -> Plan:
    """Answered to the customer ten days ago, on a case of ten days before."""
    with time_machine.travel(timezone.now() - timedelta(days=20), tick=False):
        case = make.household()
    ten_days_ago = timezone.now() - timedelta(days=10)
    with time_machine.travel(ten_days_ago, tick=False), moves.because("staff"):
        return make.answered(case)


def tried(case: Case, *channels: str, days_ago: int = 5, outcome: str = "not_reached") -> None:
    """An attempt a day, by these channels."""
    for n, channel in enumerate(channels):
        contact = Contact(
            channel=channel,
            outcome=outcome,
            summary="无人接听",
            at=timezone.now() - timedelta(days=days_ago - n),
        )
        applications.note_contact(contact, case=case, by=make.clerk())
    Contact.objects.filter(case=case).update(entered_at=F("at"))  # each written down on its day


def close(plan: Plan, by, reason: str = "三次联系未果，客户外出务工") -> None:
    services.close_unanswered(make.step_of(plan.case), by=by, reason=reason)


def test_a_supervisor_closes_a_plan_on_three_attempts_by_two_channels(plan, supervisor):
    tried(plan.case, "phone", "phone", "visit")
    spoken = Case.objects.get(pk=plan.case.pk).last_contact_at

    close(plan, supervisor)

    plan = make.plan_of(plan.case)
    assert (plan.state, plan.accepted_how) == ("accepted", "exhausted")
    assert plan.signed_name == plan.case.customer_name
    case = Case.objects.get(pk=plan.case.pk)
    assert case.step(Kind.PLAN).state == "done"
    assert case.last_contact_at == spoken, "nobody has spoken with the customer"
    event = case.events.get(verb="plan_closed_unanswered")
    assert len(event.data["attempts"]) == 3
    assert "三次联系未果" in event.note


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        ([], "0 of 3 attempts"),
        (["phone", "sms"], "1 more attempt on another day"),
        (["phone", "phone", "phone"], "1 more channel needed"),
    ],
)
def test_without_the_whole_proof_it_stays_open_and_no_fee_follows(plan, supervisor, channels, says):
    tried(plan.case, *channels)

    with pytest.raises(Refused) as refused:
        close(plan, supervisor)

    assert says in " ".join(refused.value.messages)
    assert make.plan_of(plan.case).state == "answered"
    with pytest.raises(Refused):
        fees.issue(Case.objects.get(pk=plan.case.pk).step(Kind.FEES), by=office.person(Role.BILLER))


def test_attempts_before_the_answer_prove_nothing(plan, supervisor):
    tried(plan.case, "phone", "visit", "sms", days_ago=14)

    with pytest.raises(Refused):
        close(plan, supervisor)


def test_who_was_reached_since_is_asked_and_not_passed_over(plan, supervisor):
    tried(plan.case, "phone", "visit", "sms")
    tried(plan.case, "phone", days_ago=1, outcome="reached")

    with pytest.raises(Refused):
        close(plan, supervisor)


@pytest.mark.parametrize("role", [Role.CLERK, Role.PLANNER, Role.APPROVER, Role.MANAGER])
def test_nobody_but_a_supervisor_closes_it(plan, role):
    tried(plan.case, "phone", "visit", "sms")

    with pytest.raises(Refused):
        close(plan, office.person(role, at="lh"))


def test_who_drew_the_plan_does_not_close_it_even_as_supervisor(plan):
    tried(plan.case, "phone", "visit", "sms")
    drew = plan.case.events.filter(verb="plan_drawn").get().actor
    drew.groups.add(office.person(Role.SUPERVISOR).groups.get())

    with pytest.raises(Refused) as refused:
        close(plan, type(drew).objects.get(pk=drew.pk))

    assert "You cannot do this yourself" in refused.value.messages[0]


def test_proven_attempts_are_no_way_for_the_counter_to_accept(plan):
    with pytest.raises(Refused):
        services.accept(
            make.step_of(plan.case), by=make.clerk(), signed_name="王小明", how="exhausted"
        )


def test_a_reason_is_written_and_the_validity_still_holds(plan, supervisor):
    tried(plan.case, "phone", "visit", "sms")

    with pytest.raises(Refused):
        close(plan, supervisor, reason=" ")
    Plan.objects.filter(pk=plan.pk).update(valid_until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refused, match="must be answered anew"):
        close(plan, supervisor)


def test_the_page_says_what_is_missing_and_then_closes(plan, supervisor):
    client = Client()
    client.force_login(supervisor)
    address = reverse("plans:close", args=[plan.case.number])

    early = client.get(address)
    assert early.status_code == 409
    assert "3 more attempts on other days" in early.content.decode()
    assert "form" not in early.context
    tried(plan.case, "phone", "visit", "sms")
    assert [act.code for act in panel.acts(make.step_of(plan.case), plan, supervisor)] == ["close"]
    ready = client.get(address)
    assert ready.status_code == 200
    assert ready.content.decode().count("无人接听") == 3
    assert client.post(address, {"reason": "联系不上"}).status_code == 302
    assert make.plan_of(plan.case).accepted_how == "exhausted"
