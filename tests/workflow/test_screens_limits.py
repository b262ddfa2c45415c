"""The limits of desk, board, rail and figures: on the last day that is in time, and on the next."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from tests.workflow.screens import finished, fresh, supervisor, surveyed_late, worker
from workflow import board, clocks, dials, moves, queue, rail
from workflow.models import Case, Lateness, Pause, Step, StopReason, Sweep
from workflow.process import Kind
from workflow.templatetags.jiedian import standing

# A Wednesday amid plain weeks: a working day is a calendar day, but for the weekends.
TODAY = date(2026, 10, 21)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("process_alone"),
]


@pytest.fixture(autouse=True)
def on_a_wednesday():
    with time_machine.travel("2026-10-21T10:00:00+08:00", tick=False):
        yield


def day(working_days: int) -> date:
    """So many working days from today; before it, where negative."""
    return clocks.calendar().add(TODAY, working_days)


def at(when: date, hour: int = 10) -> datetime:
    return queue.at_midnight(when) + timedelta(hours=hour)


def due(working_days: int) -> Step:
    """A survey in hand that is due then."""
    step = surveyed_late(days=0)
    Step.objects.filter(pk=step.pk).update(due_on=day(working_days))
    return Step.objects.get(pk=step.pk)


def silent_for(working_days: int) -> Case:
    """A case whose customer heard nothing for so many working days."""
    case = surveyed_late(days=0).case
    Case.objects.filter(pk=case.pk).update(last_contact_at=at(day(-working_days)))
    return fresh(case)


def stopped(review: int = 3, cap: int = 9) -> Step:
    """A survey that stands still until it is reviewed, and at most until its cap."""
    step = moves.stop(
        moves.claim(surveyed_late(days=0), by=worker(Kind.SURVEY)),
        by=worker(Kind.SURVEY),
        reason=StopReason.objects.get(code="third_party"),
        party="业委会",
        evidence="征询函",
        review_on=day(3),
    )
    Pause.objects.filter(step=step).update(review_on=day(review), cap_on=day(cap))
    return step


def figures() -> board.Board:
    return board.Board(supervisor(), TODAY, {})


def entry(step: Step) -> rail.Entry:
    """The step's line on the rail."""
    case = fresh(step.case)
    pauses = list(Pause.objects.filter(step__case=case))
    return next(x for x in rail.entries(case, pauses, None, TODAY) if x.step.pk == step.pk)


# Due dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("working_days", "is_late"), [(-1, True), (0, False), (1, False)])
def test_a_step_is_late_from_the_day_after_its_due_date(working_days, is_late):
    step = due(working_days)

    shown = entry(step)
    tab = {n: Step.objects.filter(queue.in_tab(n, TODAY)).count() for n in ("overdue", "today")}
    assert (shown.late, shown.css) == (is_late, "late" if is_late else "run")
    assert bool(clocks.missed(step, TODAY)) == is_late
    assert tab == {"overdue": is_late, "today": working_days == 0}
    assert figures().total("overdue") == len(figures().worst()) == is_late


@pytest.mark.parametrize(("finished_on", "is_late"), [(-1, False), (0, False), (1, True)])
def test_a_finished_step_was_late_when_it_ended_after_its_due_date(finished_on, is_late):
    step = finished(surveyed_late(days=0).case, Kind.SURVEY).step(Kind.SURVEY)
    Step.objects.filter(pk=step.pk).update(due_on=TODAY, finished_at=at(day(finished_on), 23))

    shown = entry(step)

    assert (shown.late, shown.css) == (is_late, "done")
    assert ("late" in shown.sub, "in time" in shown.sub) == (is_late, not is_late)


@pytest.mark.parametrize(("working_days", "very"), [(-6, 1), (-5, 0), (-4, 0)])
def test_very_late_is_over_five_working_days(working_days, very):
    due(working_days)

    assert figures().total("very_late") == very


@pytest.mark.parametrize(("working_days", "soon"), [(-1, 0), (0, 1), (2, 1), (3, 0)])
def test_soon_is_today_and_the_two_working_days_after_it(working_days, soon):
    due(working_days)

    assert figures().total("soon") == soon


@pytest.mark.parametrize(
    ("working_days", "css", "words"),
    [
        (-3, "late", "3 wd late"),
        (-2, "late1", "2 wd late"),
        (-1, "late1", "1 wd late"),
        (0, "soon", "Due today"),
        (1, "soon", "Due tomorrow"),
        (2, "run", "2 wd left"),
    ],
)
def test_a_chip_warns_the_day_before_and_grows_hot_on_the_third_day(working_days, css, words):
    assert standing(due(working_days), TODAY) == (css, words)


def test_a_chip_warns_on_friday_of_what_is_due_on_monday():
    step = due(3)  # a Monday

    assert step.due_on == date(2026, 10, 26)
    assert standing(step, date(2026, 10, 23)) == ("soon", "1 wd left")


def test_the_worst_are_at_most_so_many(monkeypatch):
    assert board.WORST == 50
    monkeypatch.setattr(board, "WORST", 2)
    for working_days in (-1, -2, -3):
        due(working_days)

    assert [row.step.due_on for row in figures().worst()] == [day(-3), day(-2)]


# Heat and age -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "late", "css"),
    [
        (0, 0, "a0"),
        (100, 0, "a1"),
        (100, 1, "a2"),
        (100, 25, "a2"),
        (100, 26, "a3"),
        (100, 50, "a3"),
        (100, 51, "a4"),
        (100, 99, "a4"),
        (100, 100, "a5"),
    ],
)
def test_a_cell_grows_hotter_past_a_quarter_past_half_and_when_all_are_late(n, late, css):
    assert board.Cell(n, late).css == css


@pytest.mark.parametrize(
    ("working_days", "band"),
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (10, 3), (11, 4), (20, 4), (21, 5)],
)
def test_a_step_stands_in_the_band_of_the_working_days_it_is_in_hand(working_days, band):
    step = surveyed_late(days=0)
    Step.objects.filter(pk=step.pk).update(in_hand_since=at(day(-working_days), 0))

    line = next(line for line in figures().lines() if line.kind == Kind.SURVEY)

    assert [cell.n for cell in line.bands] == [int(n == band) for n in range(6)]
    assert board.Board.band_labels() == ["0–1", "2–3", "4–5", "6–10", "11–20", "over 20"]


# Silence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "row_css", "dial_css"),
    [(-1, "", ""), (0, "soon-t", "soon"), (1, "late-t", "late")],
)
def test_silence_is_past_its_limit_on_the_day_after_it(past, row_css, dial_css):
    case = silent_for(settings.SILENCE_WORKING_DAYS + past)
    step = queue.listed(Step.objects.filter(case=case, kind=Kind.SURVEY)).get()

    assert settings.SILENCE_WORKING_DAYS == 5
    assert dials.silence(case, TODAY).css == dial_css
    assert queue.row(step, supervisor(), TODAY).silent_class == row_css
    assert figures().silent()["n"] == (past > 0)
    found = Step.objects.live().filter(queue.in_tab("silent", TODAY))
    assert found.exists() == (past > 0)


def test_silence_begins_with_the_last_moment_of_a_day():
    case = silent_for(5)
    midnight = queue.at_midnight(day(-5))
    silent = Step.objects.live().filter(queue.in_tab("silent", TODAY))

    Case.objects.filter(pk=case.pk).update(last_contact_at=midnight)
    assert (figures().silent()["n"], silent.count()) == (0, 0)
    Case.objects.filter(pk=case.pk).update(last_contact_at=midnight - timedelta(seconds=1))
    assert (figures().silent()["n"], silent.count()) == (1, 1)


# Stops ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("review", "past"), [(-1, True), (0, False), (1, False)])
def test_a_review_is_past_on_the_day_after_it(review, past):
    step = stopped(review=review)

    assert entry(step).late == past
    assert figures().stops()["past"] == past


@pytest.mark.parametrize(("cap", "near"), [(1, 1), (2, 1), (3, 0)])
def test_a_cap_is_near_two_working_days_before_it(cap, near):
    stopped(cap=cap)

    assert figures().stops()["capped"] == near


# The case as a whole ----------------------------------------------------------------------------


@pytest.mark.parametrize(("due_in", "css"), [(2, ""), (1, "soon"), (0, "soon"), (-1, "soon")])
def test_the_dial_warns_the_working_day_before_the_case_is_due(due_in, css):
    case = surveyed_late(days=0).case
    Case.objects.filter(pk=case.pk).update(due_on=day(due_in))

    assert dials.utility(fresh(case), [], TODAY).css == css


@pytest.mark.parametrize(("past", "css"), [(0, "soon"), (1, "late")])
def test_the_dial_is_used_up_past_the_limit_and_not_at_it(past, css):
    case = surveyed_late(days=0).case
    limit = clocks.rule_for(case, dials.DeadlineRule.WHOLE_CASE, TODAY).promise
    begun = day(-limit - past)
    Case.objects.filter(pk=case.pk).update(accepted_at=at(begun), due_on=TODAY)
    Step.objects.filter(case=case, kind=Kind.SURVEY).update(in_hand_since=at(begun))

    dial = dials.utility(fresh(case), [], TODAY)

    assert (dial.value, dial.css) == (limit + past, css)


@pytest.mark.parametrize(("days", "ticks"), [(31, 31), (32, 32), (33, 32)])
def test_the_dial_shows_the_newest_thirty_two_days(days, ticks):
    case = surveyed_late(days=0).case
    Case.objects.filter(pk=case.pk).update(accepted_at=at(day(-days)))
    Step.objects.filter(case=case, kind=Kind.SURVEY).update(in_hand_since=at(day(-days)))

    dial = dials.utility(fresh(case), [], TODAY)

    assert (dial.value, dial.ticks) == (days, ["u"] * ticks)


# The machinery ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "is_late"), [(14, False), (15, False), (16, True)])
def test_the_sweep_may_miss_two_turns(minutes, is_late):
    assert settings.SWEEP_MINUTES == 5
    done = timezone.now() - timedelta(minutes=minutes)
    Sweep.objects.create(started_at=done, finished_at=done)

    assert board.sweep_is_late() == is_late


@pytest.mark.parametrize(("days", "counted"), [(29, 1), (30, 1), (31, 0)])
def test_causes_are_counted_over_thirty_days(days, counted):
    Lateness.objects.create(step=due(-1), due_on=day(-1), at=at(TODAY - timedelta(days), 0))

    assert sum(n for _label, n, _lines in figures().causes()) == counted
