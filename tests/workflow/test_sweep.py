"""The ladder: who is told what, when, once."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.roles import Role
from tests import factories
from workflow import ladder, moves, process, reference, reminders, rescheduling
from workflow.models import (
    Alert,
    Case,
    DeadlineRule,
    Notice,
    Reminder,
    Rescheduling,
    StopReason,
    Sweep,
    WorkDay,
)
from workflow.process import Kind

# About the floor: the rooms' own conditions have tests of their own.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]


@pytest.fixture
def office():
    """The people of the ladder, from the counter to the company."""
    return {
        "clerk": factories.person(Role.CLERK),
        "surveyor": factories.person(Role.SURVEYOR),
        "supervisor": factories.person(Role.SUPERVISOR, at="lh"),
        "manager": factories.person(Role.MANAGER, at="jc"),
        "company": factories.person(Role.MANAGER, at="js"),
    }


def surveyed_case(office) -> Case:
    case = factories.case()
    moves.finish(case.step(Kind.APPLICATION), by=office["clerk"])
    case = Case.objects.get(pk=case.pk)
    moves.claim(case.step(Kind.SURVEY), by=office["surveyor"])
    return Case.objects.get(pk=case.pk)


def test_the_ladder_tells_owner_supervisor_manager_and_company_in_turn(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        surveyed_case(office)  # due Tuesday 06-02
        Alert.objects.filter(subject="silent").delete()
        told = {}
        for moment in (
            "06-02T07:59",
            "06-02T08:00",
            "06-03T09:00",
            "06-05T09:00",
            "06-09T09:00",
            "06-16T09:00",
        ):
            clock.move_to(datetime.fromisoformat(f"2026-{moment}:00+08:00"))
            reminders.sweep()
            told[moment] = sorted(
                Notice.objects.filter(reminder__created_at=timezone.now()).values_list(
                    "user__username", flat=True
                )
            )
    surveyor, supervisor, manager, company = (
        "surveyor-lhcd",
        "supervisor-lh",
        "manager-jc",
        "manager-js",
    )
    assert told["06-02T07:59"] == []
    assert told["06-02T08:00"] == [surveyor]
    assert told["06-03T09:00"] == sorted([surveyor, supervisor])
    assert told["06-05T09:00"] == sorted([surveyor, supervisor, manager])
    assert told["06-09T09:00"] == sorted([surveyor, supervisor, manager, company])
    assert company in told["06-16T09:00"]  # the company list is told again until somebody acts


def test_a_second_sweep_tells_nothing_twice(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-09T09:00+08:00"))
        assert reminders.sweep() > 0
        assert reminders.sweep() == 0


def test_nights_that_were_missed_are_made_up_once_by_the_highest_rung(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-09T09:00+08:00"))
        reminders.sweep()
        levels = list(
            Reminder.objects.filter(case=case, subject="due")
            .order_by("level")
            .values_list("level", flat=True)
        )
        everybody = {"surveyor-lhcd", "supervisor-lh", "manager-jc", "manager-js"}
        assert levels == [4]
        told = Notice.objects.filter(reminder__case=case, reminder__subject="due")
        assert set(told.values_list("user__username", flat=True)) == everybody


def test_a_finished_step_reminds_nobody(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        moves.finish(case.step(Kind.SURVEY), by=office["surveyor"])
        clock.move_to(datetime.fromisoformat("2026-06-02T09:00+08:00"))
        reminders.sweep()
        assert not Reminder.objects.filter(step__kind=Kind.SURVEY).exists()


def test_a_year_of_silence_reaches_everybody_and_never_ends(office):
    with time_machine.travel("2026-01-05T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        moves.stop(
            case.step(Kind.SURVEY),
            by=office["surveyor"],
            reason=StopReason.objects.get(code="third_party"),
            party="共用人",
            evidence="征询函",
            review_on=date(2026, 1, 12),
        )
        start = datetime.fromisoformat("2026-01-05T10:00+08:00")
        for week in range(1, 53):
            clock.move_to(start + timedelta(weeks=week))
            reminders.sweep()
            moves.contact(
                case, by=office["clerk"], two_way=False, note="短信"
            )  # one-way resets nothing
    heard = set(
        Notice.objects.filter(reminder__subject="silent").values_list("user__username", flat=True)
    )
    assert heard == {"clerk-lhcd", "supervisor-lh", "manager-jc", "manager-js"}
    last = Reminder.objects.filter(subject="silent").latest("created_at")
    assert last.created_at > start + timedelta(weeks=50)
    assert (
        Case.objects.get(pk=case.pk).step(Kind.SURVEY).state == "in_hand"
    )  # the cap let the clock run again
    assert Reminder.objects.filter(subject="due", step__kind=Kind.SURVEY).exists()


def test_a_call_with_the_customer_takes_the_ladder_of_silence_down(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-05T10:00+08:00"))
        moves.contact(case, by=office["clerk"], two_way=True, note="电话")
        assert Alert.objects.get(subject="silent", ref=case.pk).due_on == date(2026, 6, 12)


def test_a_stop_past_its_review_climbs_the_ladder(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        moves.stop(
            case.step(Kind.SURVEY),
            by=office["surveyor"],
            reason=StopReason.objects.get(code="third_party"),
            party="共用人",
            evidence="征询函",
            review_on=date(2026, 6, 3),
        )
        clock.move_to(datetime.fromisoformat("2026-06-04T10:00+08:00"))
        reminders.sweep()
        assert Notice.objects.filter(reminder__subject="stop", user=office["supervisor"]).exists()


def test_a_notice_is_acknowledged_by_its_reader_only(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-02T10:00+08:00"))
        reminders.sweep()
    notice = Notice.objects.get(user=office["surveyor"], reminder__subject="due")

    assert reminders.acknowledge([notice.pk], by=office["clerk"]) == 0
    assert reminders.acknowledge([notice.pk], by=office["surveyor"]) == 1
    assert reminders.acknowledge([notice.pk], by=office["surveyor"]) == 0


def test_a_case_that_cannot_be_told_holds_up_no_other(office, monkeypatch):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        broken, other = surveyed_case(office), surveyed_case(office)
        for case in (broken, other):
            moves.stop(
                case.step(Kind.SURVEY),
                by=office["surveyor"],
                reason=StopReason.objects.get(code="third_party"),
                party="共用人",
                evidence="征询函",
                review_on=date(2026, 6, 3),
            )
        recipients, resume = ladder.recipients, moves.resume

        def people(alert):
            if alert.case_id == broken.pk:
                raise ValueError
            return recipients(alert)

        def run_again(step, **words):
            if step.case_id == broken.pk:
                raise ValueError
            return resume(step, **words)

        monkeypatch.setattr(ladder, "recipients", people)
        monkeypatch.setattr(moves, "resume", run_again)
        clock.move_to(datetime.fromisoformat("2026-09-01T10:00+08:00"))
        assert reminders.sweep() > 0

    assert set(Reminder.objects.values_list("case", flat=True)) == {other.pk}
    assert Case.objects.get(pk=other.pk).step(Kind.SURVEY).state == "in_hand"
    assert Case.objects.get(pk=broken.pk).step(Kind.SURVEY).state == "stopped"


def test_every_sweep_leaves_its_trace_for_the_watchdog():
    reminders.sweep()

    assert reminders.last_sweep() == Sweep.objects.get()


def test_a_changed_limit_moves_the_open_due_dates_and_says_so(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        case = surveyed_case(office)
        rule = DeadlineRule.objects.get(kind="survey", customer_class="lv_residential")
        factories.publish(rule, promise=2, valid_from=date(2026, 6, 1))
        rescheduling.ask(by=office["supervisor"], what="promise 1 → 2")
        assert rescheduling.waits()
        while rescheduling.go_on():
            pass
        assert not rescheduling.waits()
        assert Rescheduling.objects.get().moved >= 1
    survey = Case.objects.get(pk=case.pk).step(Kind.SURVEY)
    assert survey.due_on == date(2026, 6, 3)
    event = case.events.get(verb="due_changed")
    assert (event.data["old"], event.data["new"]) == ("2026-06-02", "2026-06-03")


def test_a_changed_calendar_day_moves_the_open_due_dates(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        case = surveyed_case(office)
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        rescheduling.ask(by=office["supervisor"], what="06-02")
        while rescheduling.go_on():
            pass
    assert Case.objects.get(pk=case.pk).step(Kind.SURVEY).due_on == date(2026, 6, 3)


def test_due_dates_are_computed_in_batches_by_one_worker_at_a_time(office, monkeypatch):
    """A worker that dies leaves its lease behind; what it had done is not done again."""
    monkeypatch.setattr(rescheduling, "BATCH", 2)
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        cases = [surveyed_case(office) for _ in range(5)]
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        rescheduling.ask(by=None, what="06-02")
        assert rescheduling.go_on()
        Rescheduling.objects.update(leased_until=timezone.now() + rescheduling.LEASE)
        assert not rescheduling.go_on(), "a second worker leaves the first alone"
        assert not rescheduling.waits()
        clock.shift(rescheduling.LEASE + timedelta(seconds=1))
        assert rescheduling.waits()
        while rescheduling.go_on():
            pass

    due = Case.objects.filter(steps__kind=Kind.SURVEY).values_list("steps__due_on", flat=True)
    assert set(due) == {date(2026, 6, 3)}
    assert Rescheduling.objects.get().moved == 5
    told = [case.events.filter(verb="due_changed").count() for case in cases]
    assert told == [1] * 5


def test_a_case_whose_dates_cannot_be_computed_holds_up_no_other(office, monkeypatch):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        broken, well = surveyed_case(office), surveyed_case(office)
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        rescheduling.ask(by=None, what="06-02")
        whole = moves.reschedule

        def stuck(case, **more):
            if case.pk == broken.pk:
                raise OperationalError("canceling statement due to lock timeout")
            return whole(case, **more)

        monkeypatch.setattr(moves, "reschedule", stuck)
        while rescheduling.go_on():
            pass

    assert Case.objects.get(pk=well.pk).step(Kind.SURVEY).due_on == date(2026, 6, 3)
    asked = Rescheduling.objects.get()
    assert asked.finished_at
    assert asked.failed == [broken.pk], "it stays named"


def test_a_case_that_somebody_held_is_tried_once_more_at_the_end(office, monkeypatch):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        held, whole = surveyed_case(office), moves.reschedule
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        rescheduling.ask(by=None, what="06-02")
        tries = []

        def stuck(case, **more):
            tries.append(case.pk)
            if len(tries) == 1:
                raise OperationalError("canceling statement due to lock timeout")
            return whole(case, **more)

        monkeypatch.setattr(moves, "reschedule", stuck)
        while rescheduling.go_on():
            pass

    assert tries == [held.pk, held.pk]
    assert Case.objects.get(pk=held.pk).step(Kind.SURVEY).due_on == date(2026, 6, 3)
    assert Rescheduling.objects.get().failed == []


def test_why_a_date_moved_is_read_in_the_readers_language(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        case = surveyed_case(office)
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        rescheduling.ask(by=None, what=lambda: _("calendar day"))
        while rescheduling.go_on():
            pass
    for language in ("en", "zh-hans"):
        with override(language):
            assert str(_("calendar day")) in case.events.get(verb="due_changed").note


def test_every_class_has_a_limit_for_every_link():
    rows = list(reference.limits())
    for kind in process.PROCESS:
        assert len([row for row in rows if row["kind"] == kind]) == 4
