"""Reminders by e-mail, against a real mail server that is as bad as the real ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from tests import factories
from tests.news.servers import Mailbox, MailHandler, MailServer, serve
from workflow import mailing
from workflow.models import Case, Notice, Reminder
from workflow.tasks import mail_person, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]
# Nine in the morning at the counter, on a Tuesday.
TUESDAY = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(TUESDAY, tick=False) as found:
        yield found


@pytest.fixture
def server(settings) -> Iterator[Mailbox]:
    """A mail server of our own, and Django's own way to it."""
    script = Mailbox()
    with MailServer(("127.0.0.1", 0), MailHandler) as listening:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", serve(listening, script)
        settings.EMAIL_TIMEOUT = 0.3
        yield script
        script.let_go.set()
        listening.shutdown()


def told(*people: User, n: int = 1, late: int = 1) -> None:
    """So many reminders of different cases, each to all of these people."""
    for _n in range(n):
        case = factories.case()
        due_on = timezone.localdate() - timedelta(days=late)
        reminder = Reminder.objects.create(
            subject="due", ref=case.pk, case=case, level=2, due_on=due_on, created_at=timezone.now()
        )
        Notice.objects.bulk_create(Notice(reminder=reminder, user=person) for person in people)


def surveyor(name: str = "lina", **columns) -> User:
    return factories.person(Role.SURVEYOR, username=name, **columns)


def mail_everybody() -> int:
    return sum(mailing.mail(reader) for reader in mailing.readers(timezone.now()))


def test_the_morning_brings_one_digest_in_the_readers_language(clock):
    english, chinese = surveyor("a"), surveyor("b", language="zh-hans")
    told(english, chinese, n=5)

    assert mail_everybody() == 10
    assert mail_everybody() == 0
    assert {m.subject for m in mail.outbox} == {
        "5 reminders, the longest overdue first",
        "5 条提醒，逾期最久的在前",
    }
    assert all(m.body.count("/cases/") == 5 and "/reminders/" in m.body for m in mail.outbox)


def test_a_single_reminder_is_told_in_full(clock):
    told(surveyor())

    mail_everybody()

    [letter] = mail.outbox
    case = Reminder.objects.get().case
    assert case.number in letter.subject
    assert case.phone in letter.body


def test_after_the_digest_only_what_is_due_today_is_mailed_at_once(clock):
    lina = surveyor()
    told(lina, n=2)
    mail_everybody()
    clock.shift(timedelta(hours=2))
    told(lina, n=3)
    assert mail_everybody() == 0
    told(lina, late=0)
    assert mail_everybody() == 1
    assert "due on" in mail.outbox[-1].subject

    clock.move_to(TUESDAY + timedelta(hours=14))  # eleven at night
    told(lina, late=0)
    assert mail_everybody() == 0
    clock.move_to(TUESDAY + timedelta(days=1))
    assert mail_everybody() == 4
    assert len(mail.outbox) == 3


def test_on_a_rest_day_nobody_gets_a_digest(clock):
    told(surveyor())
    clock.move_to(TUESDAY + timedelta(days=4))  # Saturday

    assert mail_everybody() == 0


@pytest.mark.parametrize("columns", [{"is_active": False}, {"email": ""}])
def test_who_has_left_or_has_no_address_is_not_written_to(clock, columns):
    lina = surveyor()
    told(lina)
    User.objects.filter(pk=lina.pk).update(**columns)

    assert mail_everybody() == 0
    assert mail.outbox == []


def test_one_mailbox_that_refuses_stops_nobody_and_is_shown_to_who_steers(clock, server, client):
    people = [surveyor(f"s{n}") for n in range(5)]
    told(*people, n=3)
    server.does = ["ok", "no_recipient", "ok", "ok", "ok"]

    assert mail_everybody() == 12
    assert len(server.taken) == 4
    [refused] = set(Notice.objects.exclude(undelivered="").values_list("user__email", flat=True))
    client.force_login(factories.person(Role.SUPERVISOR, at="lh"))
    page = client.get("/reminders/").content.decode()
    assert refused in page
    assert "no such user" in page
    client.force_login(people[0])
    assert "no such user" not in client.get("/reminders/").content.decode()


def test_a_name_with_a_line_break_stops_no_mail(clock):
    told(surveyor())
    Case.objects.update(customer_name="王\nBcc: all@example.org")

    assert mail_everybody() == 1
    assert "\n" not in mail.outbox[0].subject


def test_a_server_that_is_away_is_asked_again_less_and_less_often(clock, server):
    told(surveyor())
    tried = []
    while not Notice.objects.get().undelivered:
        server.does = ["busy"]
        before = Notice.objects.get().mail_tries
        mail_everybody()
        if Notice.objects.get().mail_tries > before:
            tried.append(timezone.now())
        clock.shift(timedelta(minutes=5))
        assert timezone.now() < TUESDAY + timedelta(days=7)

    assert len(tried) == mailing.TRIES
    assert "try later" in Notice.objects.get().undelivered
    assert tried[1] - tried[0] == timedelta(minutes=5)
    assert tried[-1] - tried[0] > timedelta(hours=20)
    assert tried[5] - tried[4] > tried[2] - tried[1]


def test_a_mail_whose_worker_died_before_sending_is_sent_by_a_later_sweep(clock, monkeypatch):
    told(surveyor())

    def killed(letter):
        raise SystemExit  # as by kill -9: nothing of ours runs afterwards

    with monkeypatch.context() as patched:
        patched.setattr(mailing, "_send", killed)
        with pytest.raises(SystemExit):
            mail_everybody()

    clock.shift(timedelta(minutes=5))
    assert mail_everybody() == 0  # it may still be under way
    clock.shift(timedelta(minutes=6))
    assert mail_everybody() == 1
    assert mail_everybody() == 0


def test_four_hundred_notices_each_arrive_once_or_are_shown_as_undelivered(clock, server):
    """A server that refuses some for good and some for now, hangs, and drops in the middle."""
    people = [surveyor(f"p{n}") for n in range(40)]
    told(*people, n=10)
    bad = ["no_recipient", "busy", "refuse_letter", "die_at_data", "die_after_dot", "busy_letter"]
    server.does = [word for n in range(20) for word in ("ok", bad[n % len(bad)])]
    server.does[6] = "hang_hello"

    for _n in range(80):
        mail_everybody()
        clock.shift(timedelta(minutes=5))

    arrived = Counter(re.search(r"^To: (\S+)@", letter, re.M)[1] for letter in server.taken)
    shown = set(Notice.objects.exclude(undelivered="").values_list("user__username", flat=True))
    assert max(arrived.values()) == 1
    assert set(arrived) | shown == {person.username for person in people}
    assert not Notice.objects.filter(mailed_at=None, undelivered="").exists()
    # What broke off after the last word may have arrived, and says so.
    doubtful = Notice.objects.filter(user__username__in=set(arrived) & shown)
    assert {notice.undelivered.split(":")[0] for notice in doubtful} == {"perhaps"}


def test_the_sweep_hands_each_reader_to_the_worker(clock, monkeypatch):
    lina = surveyor()
    told(lina, n=2)
    asked = []
    monkeypatch.setattr(mail_person, "delay", asked.append)

    sweep()

    assert asked == [lina.pk]
