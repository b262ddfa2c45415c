"""Stops of the clock: what they cost, when they end, who is told (DOMAIN section 4)."""

from __future__ import annotations

from datetime import date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.roles import Role
from tests import factories
from workflow import clocks, moves, queue, reminders
from workflow.forms import StopForm
from workflow.guards import Refused
from workflow.models import Case, Event, Notice, Pause, Step, StopReason
from workflow.process import Kind

# About the clock: the rooms' own conditions have tests of their own.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}+08:00")


def survey() -> Step:
    """A survey just begun, with a limit of one working day, and its surveyor."""
    case = factories.case()
    moves.finish(case.step(Kind.APPLICATION), by=factories.person(Role.CLERK))
    return moves.claim(fresh(case).step(Kind.SURVEY), by=factories.person(Role.SURVEYOR))


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def stop(step: Step, review_on: date, reason: str = "third_party", **changed: Any) -> Step:
    given = {
        "by": step.owner,
        "reason": StopReason.objects.get(code=reason),
        "party": "业委会",
        "evidence": "征询函 2026-0188",
    }
    return moves.stop(step, review_on=review_on, **given | changed)


@pytest.mark.parametrize("swept_at", ["2022-11-02T00:10", "2022-11-02T09:00", "2022-11-07T09:00"])
def test_the_cap_ends_a_stop_by_its_date_whenever_a_sweep_comes(swept_at):
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = survey()
        assert step.rule.promise == 1
        step = stop(step, date(2022, 10, 20))
        assert step.pauses.get().cap_on == date(2022, 11, 1)

        clock.move_to(at(swept_at))
        reminders.sweep()

        step = fresh(step.case).step(Kind.SURVEY)
        ended = Pause.objects.get(step=step).ended_at
        resumed = Event.objects.get(step=step, verb=moves.RESUMED)
    assert (step.state, step.due_on) == ("in_hand", date(2022, 11, 2))
    assert ended == resumed.happened_at == at("2022-11-02T00:00")
    assert resumed.entered_at == at(swept_at)


def test_without_any_sweep_a_stop_past_its_cap_is_late_and_ends_at_its_cap_by_hand():
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = stop(survey(), date(2022, 10, 20))
        clock.move_to(at("2022-11-02T10:00"))
        assert clocks.missed(step, timezone.localdate()) is None
        clock.move_to(at("2022-11-07T10:00"))
        assert clocks.missed(step, timezone.localdate()) == date(2022, 11, 2)

        step = moves.resume(step, by=step.owner)

        assert step.due_on == date(2022, 11, 2)
        assert Pause.objects.get().ended_at == at("2022-11-02T00:00")


def test_the_system_does_not_end_a_stop_before_its_cap():
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = stop(survey(), date(2022, 10, 20))
        clock.move_to(at("2022-11-01T23:50"))
        reminders.sweep()

    assert Step.objects.get(pk=step.pk).state == "stopped"


def test_the_whole_case_ends_its_stop_at_the_cap_too():
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = stop(survey(), date(2022, 10, 20))
        clock.move_to(at("2022-11-04T09:00"))
        reminders.sweep()
        case = fresh(step.case)

        # 5 working days from 10-18; ten stood still, from 10-19 to 11-01.
        assert case.due_on == date(2022, 11, 8)
        assert clocks.utility_days(case, timezone.localdate()) == 3


def test_the_supervisor_is_told_that_a_stop_has_reached_its_cap():
    supervisor = factories.person(Role.SUPERVISOR, at="lh")
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = stop(survey(), date(2022, 10, 31))
        clock.move_to(at("2022-11-02T00:10"))
        reminders.sweep()
        reminders.sweep()

    told = Notice.objects.filter(user=supervisor, reminder__subject="cap")
    notice = told.get()
    assert notice.reminder.step == step
    assert Notice.objects.filter(user=step.owner, reminder__subject="cap").exists()
    assert "2022-11-02" in reminders.wording(notice)[0]


def test_who_lets_the_clock_run_before_the_cap_tells_nobody():
    factories.person(Role.SUPERVISOR, at="lh")
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        step = stop(survey(), date(2022, 10, 31))
        clock.move_to(at("2022-10-20T10:00"))
        moves.resume(step, by=step.owner)
        clock.move_to(at("2022-11-02T10:00"))
        reminders.sweep()

    assert not Notice.objects.filter(reminder__subject="cap").exists()


@pytest.mark.parametrize(
    ("stopped", "resumed", "due"),
    [
        ("2022-10-18T17:59", "2022-10-19T08:00", "2022-10-19"),
        ("2022-10-18T08:01", "2022-10-18T17:59", "2022-10-19"),
        ("2022-10-18T17:59", "2022-10-20T08:00", "2022-10-20"),
        # On its last day: what lies wholly within is still added.
        ("2022-10-19T09:00", "2022-10-19T17:00", "2022-10-19"),
        ("2022-10-19T09:00", "2022-10-21T08:00", "2022-10-20"),
        # A Friday to a Monday: two days of rest cost nothing.
        ("2022-10-21T09:00", "2022-10-24T09:00", "2022-10-19"),
    ],
)
def test_a_stop_costs_only_the_working_days_that_lie_wholly_within_it(stopped, resumed, due):
    with time_machine.travel(at("2022-10-18T07:30"), tick=False) as clock:
        step = survey()
        clock.move_to(at(stopped))
        step = stop(step, date(2022, 10, 25))
        assert clocks.missed(step, timezone.localdate()) == (
            date(2022, 10, 19) if stopped > "2022-10-20" else None
        )
        clock.move_to(at(resumed))
        with moves.because("other", "x"):
            step = moves.resume(step, by=step.owner)

    assert step.due_on == date.fromisoformat(due)


def plan(**facts: Any) -> Step:
    case = factories.case(**facts)
    for kind in (Kind.APPLICATION, Kind.SURVEY):
        step = fresh(case).step(kind)
        moves.finish(step, by=factories.person(step.process.role))
    return moves.claim(fresh(case).step(Kind.PLAN), by=factories.person(Role.PLANNER))


def in_days(working_days: int) -> date:
    return clocks.calendar().add(timezone.localdate(), working_days)


@pytest.mark.parametrize(
    ("made", "code", "fits"),
    [
        (survey, "payment", False),
        (survey, "plan_answer", False),
        (survey, "customer_works", False),
        (survey, "papers", True),
        (survey, "third_party", True),
        (survey, "force_majeure", True),
        (plan, "plan_answer", True),
        (plan, "no_access", False),
        (plan, "design_110kv", False),
    ],
)
def test_a_reason_fits_the_step_at_the_door_and_in_the_form(made, code, fits):
    step = made()

    form = StopForm(step=step, by=step.owner)
    assert (code in {reason.code for reason in form.fields["reason"].queryset}) == fits
    if fits:
        assert stop(step, in_days(2), code).state == "stopped"
        return
    with pytest.raises(Refused) as refusal:
        stop(step, in_days(2), code)
    assert refusal.value.fields == ("reason",)
    assert not Pause.objects.filter(reason__isnull=False).exists()


def test_a_reason_of_the_administrators_own_fits_everywhere():
    reason = StopReason.objects.get(code="papers")
    reason.pk, reason.code = None, "local"
    reason.save(force_insert=True)

    assert stop(survey(), in_days(2), "local").state == "stopped"


def test_who_types_the_address_of_a_reason_that_does_not_fit_reads_what_to_do(client):
    step = survey()
    client.force_login(step.owner)
    typed = {
        "reason": StopReason.objects.get(code="payment").pk,
        "party": "客户",
        "evidence": "函",
        "review_on": f"{in_days(2)}",
    }

    answer = client.post(f"/cases/{step.case.number}/steps/{step.pk}/stop/", typed)

    assert answer.status_code == 422
    assert "fit this step" in answer.context["form"].errors["reason"][0]


def test_no_access_needs_an_attempt_on_file():
    step = survey()
    with pytest.raises(Refused, match="attempt") as refusal:
        stop(step, in_days(2), "no_access")
    assert refusal.value.fields == ("reason",)

    moves.record(step.case, "visit_failed", by=step.owner, step=step, note="无人应门")

    assert stop(step, in_days(2), "no_access").state == "stopped"


def test_the_review_is_on_a_working_day():
    with time_machine.travel(at("2022-10-18T10:00"), tick=False):
        step = survey()
        with pytest.raises(Refused, match="working day") as refusal:
            stop(step, date(2022, 10, 22))
        assert refusal.value.fields == ("review_on",)


def test_the_same_reason_a_second_time_on_a_step_needs_the_supervisor():
    step = survey()
    supervisor = factories.person(Role.SUPERVISOR, at="lh")
    moves.resume(stop(step, in_days(2)), by=step.owner)

    with pytest.raises(Refused, match="supervisor") as refusal:
        stop(step, in_days(2))
    assert refusal.value.fields == ("reason",)
    form = StopForm(step=step, by=step.owner)
    assert "supervisor" in " ".join(label for _pk, label in form.fields["reason"].choices)
    moves.resume(stop(step, in_days(2), "papers"), by=step.owner)
    step = stop(step, in_days(2), by=supervisor)

    assert step.state == "stopped"
    assert step.owner.username.startswith("surveyor")


def test_a_step_that_was_late_stays_on_the_late_list_while_it_is_stopped():
    with time_machine.travel(at("2022-10-18T10:00"), tick=False) as clock:
        late, in_time = survey(), survey()
        clock.move_to(at("2022-10-19T10:00"))
        in_time = stop(in_time, date(2022, 10, 25))
        clock.move_to(at("2022-10-21T10:00"))
        late = stop(late, date(2022, 10, 25))

        clock.move_to(at("2022-10-24T10:00"))
        today = timezone.localdate()
        assert list(Step.objects.overdue(today)) == [late]
        assert [s.pk for s in Step.objects.live().filter(queue.in_tab("overdue", today))] == [
            late.pk
        ]
        assert in_time.due_on is None
        assert late.due_on == date(2022, 10, 19)
        assert not late.alerts.filter(subject="due").exists()


def test_the_list_of_stops_shows_reason_party_cap_and_author(client):
    step = stop(survey(), in_days(2))
    supervisor = factories.person(Role.SUPERVISOR, at="lh")
    client.force_login(supervisor)
    pause = step.pauses.get(ended_at=None)

    page = unescape(client.get("/?tab=stopped").content.decode())

    for shown in (str(pause.reason), "业委会", f"{pause.cap_on:%m-%d}", str(step.owner)):
        assert shown in page
