"""Past days for the demo: while a demo case is walked, "now" is the day its story has reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from unittest.mock import patch

from django.utils import timezone

from workflow import clocks


class StoryClock:
    """The moment a demo story has reached. It only moves on, from working day to working day."""

    def __init__(self, day: date, hour: int = 9, minute: int = 12) -> None:
        self.moment = timezone.make_aware(datetime.combine(day, time(hour, minute)))

    def __call__(self) -> datetime:
        """The story's now; every look at it is a second later, so that events stay in order."""
        self.moment += timedelta(seconds=1)
        return self.moment

    def next_day(self, working_days: int = 1) -> None:
        """Go on so many working days later, in the morning."""
        day = clocks.calendar().add(timezone.localdate(self.moment), working_days)
        self.moment = timezone.make_aware(datetime.combine(day, time(9, 30)))

    def later(self, **delta: int) -> None:
        self.moment += timedelta(**delta)


@contextmanager
def telling(clock: StoryClock) -> Iterator[StoryClock]:
    """Let the product believe the story's clock."""
    with patch("django.utils.timezone.now", clock):
        yield clock
