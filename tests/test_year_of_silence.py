"""The year in which nobody acts (DOMAIN section 1), day by day on a frozen clock.

The case is taken, the co-user refuses, news is promised, and then nobody does anything but send
messages one way. Every alarm of the year is printed: to whom, when, about what (`pytest -s`); and
so are the mails that tell of them.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from applications import services as applications
from applications.models import Contact
from demo import office
from tests.applications.factories import posted
from tests.test_story import SHARED, browser, fresh, intake, refused_consent
from workflow import clocks, ladder, mailing, reminders
from workflow.models import Alert, Case, Notice, Reminder, Subject

pytestmark = pytest.mark.django_db
# Nine in the morning at the counter, on a Monday.
START = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
YEAR = 365
SUPERVISOR, MANAGER, COMPANY = "zhouweidong", "linfeng", "company"


class Alarm(NamedTuple):
    """One rung, as it was told on a day."""

    day: date
    subject: str
    due_on: date
    level: int
    told: tuple[str, ...]

    def __str__(self) -> str:
        offset = ladder.rung(self.level).offset
        label = Subject(self.subject).label
        return f"{self.day} · {label}, due {self.due_on} ({offset:+d} wd) → {', '.join(self.told)}"


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(START, tick=False) as found:
        yield found


def hours(days: int) -> Iterator[datetime]:
    """Nine o'clock of every day after the first, rest days too; also the night, the afternoon and
    the evening of every tenth.
    """
    for n in range(1, days + 1):
        for hour in (2, 9, 14, 20) if n % 10 == 0 else (9,):
            yield START + timedelta(days=n, hours=hour - 9)


def working_mornings(days: int) -> Iterator[datetime]:
    """Nine o'clock of every working day after the first."""
    calendar = clocks.calendar()
    for n in range(1, days + 1):
        at = START + timedelta(days=n)
        if calendar.is_working(timezone.localdate(at)):
            yield at


def say(case: Case, who: str, outcome: str, **columns) -> None:
    """Somebody writes down a contact of this moment."""
    contact = Contact(**{"channel": "sms", "outcome": outcome, "summary": "正在办理", **columns})
    applications.note_contact(contact, case=case, by=User.objects.get(username=who))


def alarms(case: Case) -> list[Alarm]:
    told = defaultdict(list)
    for notice in Notice.objects.filter(reminder__case=case).select_related("user").order_by("pk"):
        told[notice.reminder_id].append(notice.user.username)
    return [
        Alarm(timezone.localdate(r.created_at), r.subject, r.due_on, r.level, tuple(told[r.pk]))
        for r in Reminder.objects.filter(case=case).order_by("created_at", "pk")
    ]


def a_year(clock) -> Case:
    """The story, and then every working day of a year with a sweep and nothing else.

    On the first of each month somebody sends a message, which is no contact.
    """
    office.build()
    User.objects.update(language="en")
    case = intake()
    refused_consent(case)
    say(case, "sunyue", "reached", channel="phone", promised_on=date(2025, 1, 10))
    months = {1}
    for at in working_mornings(YEAR):
        clock.move_to(at)
        if at.month not in months:
            months.add(at.month)
            say(case, "sunyue", "message")
        reminders.sweep()
    return fresh(case)


def test_a_year_without_anybody_acting_is_told_to_everybody_day_by_day(clock):
    case = a_year(clock)
    found = alarms(case)
    print("\n".join(map(str, found)))  # noqa: T201 - the list that was asked for

    # Who answers for what: the surveyor for the step, the case's owner for the silence, and who
    # gave it for the promise.
    first_told = {"due": "lina", "silent": case.owner.username, "promise": "sunyue"}
    for subject, owner in first_told.items():
        mine = [alarm for alarm in found if alarm.subject == subject]
        rungs = {alarm.level: alarm for alarm in mine}
        due_on = mine[0].due_on
        assert {alarm.due_on for alarm in mine} == {due_on}, subject
        for level, people in (
            (1, {owner}),
            (2, {owner, SUPERVISOR}),
            (3, {owner, SUPERVISOR, MANAGER}),
            (4, {owner, SUPERVISOR, MANAGER, COMPANY}),
        ):
            assert set(rungs[level].told) == people, (subject, level)
            late = clocks.calendar().between(due_on, rungs[level].day)
            assert late == ladder.rung(level).offset, (subject, level)

        # It never falls silent itself: every five working days, to the end of the year.
        days = [alarm.day for alarm in mine if COMPANY in alarm.told]
        gaps = {
            clocks.calendar().between(before, after) for before, after in itertools.pairwise(days)
        }
        assert gaps == {ladder.REPEAT_AFTER}, subject
        assert timezone.localdate() - days[-1] < timedelta(days=14), subject
        assert len(days) >= 46, subject

    # Each rung once, and in the morning on which its turn came.
    assert len({(a.subject, a.due_on, a.level) for a in found}) == len(found)
    assert all(alarm.told for alarm in found)


def test_messages_one_way_leave_the_contact_clock_alone_and_one_talk_sets_it_back(clock):
    case = a_year(clock)

    messages = case.contacts.filter(outcome="message")
    assert messages.count() == 11
    assert timezone.localdate(case.last_contact_at) == date(2025, 1, 6)
    silent = Alert.objects.get(subject=Subject.SILENT, case=case)
    assert silent.level > 40

    say(case, "sunyue", "reached", channel="phone")

    assert timezone.localdate(fresh(case).last_contact_at) == timezone.localdate()
    silent.refresh_from_db()
    assert silent.level == 0
    assert silent.due_on == clocks.silence_due(fresh(case))
    assert not Alert.objects.filter(subject=Subject.PROMISE, case=case).exists()
    told = len(alarms(case))
    for _n in range(2):
        clock.shift(timedelta(days=1))
        reminders.sweep()
    fresh_ones = [a for a in alarms(case)[told:] if a.subject in ("silent", "promise")]
    assert fresh_ones == []


class Mail(NamedTuple):
    """One mail: when, to whom, whether it was the day's digest, and the due dates it told of."""

    at: datetime
    to: str
    digest: bool
    due: frozenset[date]


def mails() -> list[Mail]:
    """The mails of the year; all that one mail tells of was mailed at one moment."""
    told = defaultdict(set)
    for n in Notice.objects.exclude(mailed_at=None).select_related("user", "reminder"):
        told[n.mailed_at, n.user.username, n.in_digest].add(n.reminder.due_on)
    return [Mail(*key, frozenset(due)) for key, due in sorted(told.items())]


def test_the_year_brings_everybody_one_digest_a_day_at_most_and_what_is_due(clock, mailoutbox):
    """Two households of one office; nobody acts for them, and the sweep never rests."""
    office.build()
    for n in range(2):
        clock.move_to(START + timedelta(hours=n))
        sheet = posted("accept", **SHARED, street=f"人民路 {n} 号", not_duplicate="另一户")
        browser("sunyue").post("/applications/new/", sheet)
        promised = date(2025, 1, 10) + timedelta(days=n)
        say(Case.objects.latest("pk"), "sunyue", "reached", channel="phone", promised_on=promised)
    assert Case.objects.count() == 2
    for at in hours(YEAR):
        clock.move_to(at)
        reminders.sweep()
        for reader in mailing.readers(at):
            mailing.mail(reader, at)
    found = mails()
    days = Counter((timezone.localdate(mail.at), mail.to) for mail in found)
    for person in sorted({mail.to for mail in found}):
        mine = {day: n for (day, to), n in days.items() if to == person}
        most = Counter(mine.values())
        print(f"{person}: {sum(mine.values())} mails on {len(mine)} days", dict(most))  # noqa: T201

    assert len(found) == len(mailoutbox) > 200
    digests = Counter((timezone.localdate(m.at), m.to) for m in found if m.digest)
    assert set(digests.values()) == {1}
    calendar = clocks.calendar()
    assert all(calendar.is_working(day) for day, _to in digests)
    for mail in found:
        day = timezone.localdate(mail.at)
        assert mail.digest or mail.due == {day}, mail
        assert timezone.localtime(mail.at).hour in (9, 14, 20), "nobody is woken"
    assert not Notice.objects.filter(mailed_at=None).exists(), "all that was told is mailed"
