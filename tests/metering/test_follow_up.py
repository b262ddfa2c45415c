"""A dissatisfied answer is work: it has an owner and a day, climbs, and ends with what was done."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from metering import panel, services
from metering.models import CallBack
from tests.factories import person
from tests.metering import factories as make
from workflow import clocks, moves, reminders
from workflow.guards import Refused
from workflow.models import Alert, Case, Notice, Reminder, StopReason, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return make.dissatisfied()


def sheet_of(case: Case) -> CallBack:
    return CallBack.objects.select_related("step").get(step__case=case)


def test_a_dissatisfied_answer_climbs_from_its_owner_and_keeps_the_case_open(case):
    person(Role.SUPERVISOR, at="lh")
    alert = Alert.objects.get(subject=Subject.FOLLOW_UP)
    assert (alert.owner, alert.due_on) == (person(Role.CLERK), sheet_of(case).follow_up_on)
    assert case.state == "energized", "not archived before the follow-up is done"

    with time_machine.travel(timezone.now() + timedelta(days=9), tick=False):
        reminders.sweep()

    told = Notice.objects.filter(reminder__subject=Subject.FOLLOW_UP)
    assert {n.user.username for n in told} >= {"clerk-lhcd", "supervisor-lh"}


def test_the_owner_closes_it_with_what_was_done_and_then_the_case_is_archived(case):
    with pytest.raises(Refused, match="what was done"):
        services.close_follow_up(sheet_of(case), by=person(Role.CLERK), done=" ")

    services.close_follow_up(sheet_of(case), by=person(Role.CLERK), done="上门解释并致歉")

    assert Case.objects.get(pk=case.pk).state == "archived"
    assert not Alert.objects.filter(subject=Subject.FOLLOW_UP).exists()
    assert case.events.get(verb="followed_up").note == "上门解释并致歉"
    with pytest.raises(Refused, match="nothing to follow up"):
        services.close_follow_up(sheet_of(case), by=person(Role.CLERK), done="再来")


def test_a_supervisor_may_close_it_and_a_colleague_may_not(case):
    with pytest.raises(Refused, match="follows it up"):
        services.close_follow_up(sheet_of(case), by=person(Role.FITTER), done="x")

    services.close_follow_up(sheet_of(case), by=person(Role.SUPERVISOR), done="已解决")

    assert sheet_of(case).follow_up_done_by == person(Role.SUPERVISOR)


def test_the_database_wants_to_know_what_was_done(case):
    with pytest.raises(IntegrityError), transaction.atomic():
        CallBack.objects.update(follow_up_done_at=timezone.now())


def test_the_owner_finds_it_among_the_reminders_and_closes_it_there(case):
    client = Client()
    client.force_login(person(Role.CLERK))
    address = reverse("metering:follow_up", args=[case.number])

    shown = client.get(reverse("workflow:reminders")).content.decode()
    assert "上门解释" in shown
    assert address in shown
    assert client.get(address).status_code == 200
    assert client.post(address, {"done": "已上门"}).status_code == 302
    assert "上门解释" not in client.get(reverse("workflow:reminders")).content.decode()
    assert client.get(address).status_code == 404


def test_the_caller_reads_what_went_wrong_and_asks_about_it():
    case = make.case_at(Kind.METER)
    step = case.step(Kind.METER)
    moves.stop(
        step,
        by=make.fitters()[0],
        reason=StopReason.objects.get(code="third_party"),
        party="物业",
        evidence="征询函",
        review_on=clocks.calendar().add(timezone.localdate(), 2),
    )
    assert not panel.trouble(make.case_of(case)).late
    Reminder.objects.create(
        subject=Subject.SILENT,
        ref=case.pk,
        case=case,
        level=2,
        due_on=timezone.localdate(),
        created_at=timezone.now(),
    )
    finished = case.step(Kind.SURVEY)
    type(finished).objects.filter(pk=finished.pk).update(
        due_on=timezone.localdate(finished.finished_at) - timedelta(days=3)
    )

    found = panel.trouble(make.case_of(case))

    assert [s.kind for s in found.late] == [Kind.SURVEY]
    assert [f"{stop.reason.code}" for stop in found.stops] == ["third_party"]
    assert found.silences == 1


def test_where_all_went_well_the_sheet_says_nothing_of_trouble():
    case = make.case_at(Kind.CALLBACK)
    client = Client()
    client.force_login(person(Role.CLERK))

    shown = client.get(reverse("metering:callback", args=[case.number])).content.decode()

    assert "Ask about it" not in shown
