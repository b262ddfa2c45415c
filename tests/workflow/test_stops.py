"""Stops of the clock: what they cost, when they end, who is told (DOMAIN section 4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.roles import Role
from tests import factories
from workflow import clocks, moves, reminders
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
