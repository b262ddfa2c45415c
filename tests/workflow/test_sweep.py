"""The ladder: who is told what, when, once."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.roles import Role
from tests import factories
from workflow import ladder, moves, process, reference, reminders
from workflow.models import Alert, Case, DeadlineRule, Notice, Reminder, StopReason, Sweep, WorkDay
from workflow.process import Kind
from workflow.tasks import mail_notices

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


def test_nights_that_were_missed_are_made_up_once(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-09T09:00+08:00"))
        reminders.sweep()
        levels = list(
            Reminder.objects.filter(case=case, subject="due")
            .order_by("level")
            .values_list("level", flat=True)
        )
    assert levels == [1, 2, 3, 4]


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


def test_a_notice_is_mailed_once_in_the_readers_language(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-02T10:00+08:00"))
        reminders.sweep()
    ids = list(Notice.objects.values_list("pk", flat=True))

    assert mail_notices(ids) == len(ids)
    assert mail_notices(ids) == 0
    assert case.number in mail.outbox[0].subject
    assert len(mail.outbox) == len(ids)


def test_a_mail_server_that_fails_gives_the_notice_back(office, monkeypatch):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-02T10:00+08:00"))
        reminders.sweep()
    ids = list(Notice.objects.values_list("pk", flat=True))

    def broken(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", broken)
    with pytest.raises(ConnectionRefusedError):
        mail_notices.run(ids)
    assert Notice.objects.filter(mailed_at=None).count() == len(ids)


def test_a_notice_whose_worker_died_before_sending_is_mailed_by_a_later_sweep(office, monkeypatch):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        surveyed_case(office)
        clock.move_to(datetime.fromisoformat("2026-06-02T10:00+08:00"))
        reminders.sweep()
        ids = list(Notice.objects.values_list("pk", flat=True))

        def killed(*args, **kwargs):
            raise SystemExit  # as by kill -9: nothing of ours runs afterwards

        with monkeypatch.context() as patched:
            patched.setattr("workflow.tasks._mail", killed)
            with pytest.raises(SystemExit):
                mail_notices.run(ids[:1])

        clock.shift(timedelta(minutes=5))
        assert mail_notices.run(ids[:1]) == 0  # it may still be under way
        clock.shift(timedelta(minutes=6))
        assert mail_notices.run(ids[:1]) == 1
        assert mail_notices.run(ids[:1]) == 0


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
        DeadlineRule.objects.filter(kind="survey", customer_class="lv_residential").update(
            promise=2
        )
        assert reminders.reschedule_all(by=office["supervisor"], why="promise 1 → 2") >= 1
    survey = Case.objects.get(pk=case.pk).step(Kind.SURVEY)
    assert survey.due_on == date(2026, 6, 3)
    event = case.events.get(verb="due_changed")
    assert (event.data["old"], event.data["new"]) == ("2026-06-02", "2026-06-03")


def test_a_changed_calendar_day_moves_the_open_due_dates(office):
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False):
        case = surveyed_case(office)
        WorkDay.objects.create(day=date(2026, 6, 2), worked=False, source="test")
        reminders.reschedule_all(by=office["supervisor"], why="06-02")
    assert Case.objects.get(pk=case.pk).step(Kind.SURVEY).due_on == date(2026, 6, 3)


def test_every_class_has_a_limit_for_every_link():
    rows = list(reference.limits())
    for kind in process.PROCESS:
        assert len([row for row in rows if row["kind"] == kind]) == 4
