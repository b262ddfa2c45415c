"""Working days, purely: no database, no global state.

A `Calendar` answers from two sets of exceptions to Monday–Friday: rest days on weekdays and worked
weekends. Past `confirmed_until` only the weekday is known and every answer is provisional.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
BEFORE_TIME = date(2004, 1, 1)


class Calendar:
    """Which days are worked. Lists are sorted once; every question is a bisection."""

    def __init__(
        self, exceptions: Iterable[tuple[date, bool]], confirmed_until: date, horizon: date
    ) -> None:
        """`exceptions` are (day, worked) that differ from Monday–Friday; the list reaches
        `horizon`.
        """
        self.confirmed_until = confirmed_until
        self.exceptions = dict(exceptions)
        first = min(self.exceptions, default=confirmed_until)
        day, last = min(first, date(horizon.year - 3, 1, 1)), horizon
        self._first, self._last = day, last
        self._worked: list[date] = []
        while day <= last:
            if self.exceptions.get(day, day.weekday() < 5):
                self._worked.append(day)
            day += DAY

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def is_confirmed(self, day: date) -> bool:
        """Whether the State Council's notice for this day is loaded."""
        return day <= self.confirmed_until

    def add(self, day: date, working_days: int) -> date:
        """The working day that lies this many working days after (or, negative, before) the day.

        The day itself is not counted (Civil Code art. 201). Zero: the day, or the next working day.
        """
        if working_days > 0:
            index = bisect_right(self._worked, day) + working_days - 1
        elif working_days < 0:
            index = bisect_left(self._worked, day) + working_days
        else:
            index = bisect_left(self._worked, day)
        if self._first <= day <= self._last and 0 <= index < len(self._worked):
            return self._worked[index]
        return self._walk(day, working_days)

    def _walk(self, day: date, working_days: int) -> date:
        """Beyond the list: count Monday–Friday one by one."""
        step = DAY if working_days >= 0 else -DAY
        left = abs(working_days)
        if left == 0:
            while not self.is_working(day):
                day += DAY
        while left:
            day += step
            left -= self.is_working(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; negative when `end` lies before."""
        if end < start:
            return -self.between(end, start)
        if self._first <= start and end <= self._last:
            return bisect_right(self._worked, end) - bisect_right(self._worked, start)
        return sum(1 for day in days(start + DAY, end) if self.is_working(day))


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    while first <= last:
        yield first
        first += DAY


class DayKind(StrEnum):
    START = "start"
    COUNTED = "counted"
    WORKED_WEEKEND = "worked_weekend"
    REST = "rest"
    STOPPED = "stopped"


@dataclass(frozen=True)
class LedgerDay:
    """One day of a deadline: how it was treated, and the count it brought."""

    day: date
    kind: DayKind
    count: int


def ledger(
    calendar: Calendar,
    start: date,
    limit: int,
    stopped: Collection[date] = (),
    *,
    begun: Collection[date] = (),
    count_first_day: bool = False,
) -> list[LedgerDay]:
    """Every day from the event to the due date, each with its reason; the last one is the due date.

    `start` is the day of the event, `limit` the working days allowed, `stopped` days on which the
    clock stood still, `begun` those on which a stop began: one that begins on the last day moves
    it, one that begins later does not. A last day is always a working day.
    """
    count = int(count_first_day and calendar.is_working(start) and start not in stopped)
    entries = [LedgerDay(start, DayKind.START, count)]
    day = start
    while count < limit:
        day += DAY
        if day in stopped and calendar.is_working(day):
            entries.append(LedgerDay(day, DayKind.STOPPED, count))
        elif calendar.is_working(day):
            count += 1
            kind = DayKind.COUNTED if day.weekday() < 5 else DayKind.WORKED_WEEKEND
            entries.append(LedgerDay(day, kind, count))
        else:
            entries.append(LedgerDay(day, DayKind.REST, count))
    if day in begun:
        entries += _moved_by_stop(calendar, day, count, stopped)
    return entries


def _moved_by_stop(
    calendar: Calendar, last: date, count: int, stopped: Collection[date]
) -> list[LedgerDay]:
    """The days of a stop begun on the last day, up to the last working day that stood still."""
    entries: list[LedgerDay] = []
    worked = 0
    while (last := last + DAY) in stopped:
        is_working = calendar.is_working(last)
        entries.append(LedgerDay(last, DayKind.STOPPED if is_working else DayKind.REST, count))
        worked = len(entries) if is_working else worked
    return entries[:worked]


def due_date(
    calendar: Calendar,
    start: date,
    limit: int,
    stopped: Collection[date] = (),
    *,
    begun: Collection[date] = (),
    count_first_day: bool = False,
) -> date:
    """The last day allowed: the same count as `ledger`, by bisection where no day stood still."""
    if not stopped and not count_first_day and limit > 0:
        return calendar.add(start, limit)
    days = ledger(calendar, start, limit, stopped, begun=begun, count_first_day=count_first_day)
    return days[-1].day
