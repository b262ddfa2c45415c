"""Why this date? A deadline taken apart: sum, days, stops, changes, reminders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import Role
from workflow import clocks, ladder, moves
from workflow.calendar import DAY, Calendar, DayKind, LedgerDay, due_date
from workflow.models import Alert, DeadlineRule, Event, Pause, Reminder, Step, Subject, WorkDay

MOST_WEEKS = 30
KINDS = {
    DayKind.START: gettext_lazy("day of the event, not counted"),
    DayKind.COUNTED: gettext_lazy("counted"),
    DayKind.WORKED_WEEKEND: gettext_lazy("worked weekend, counted"),
    DayKind.REST: gettext_lazy("rest day"),
    DayKind.STOPPED: gettext_lazy("not counted"),
}
CSS = {DayKind.REST: "rest", DayKind.STOPPED: "stopd", DayKind.WORKED_WEEKEND: "wk"}


@dataclass(frozen=True)
class Cell:
    """One day of the calendar."""

    day: date
    css: str
    count: str
    words: str
    note: str = ""
    unsure: bool = False

    @property
    def label(self) -> str:
        """The day of the month; with its month on the first of it and on a Monday."""
        if self.day.day == 1 or self.day.weekday() == 0:
            return f"{self.day:%m-%d}"
        return str(self.day.day)


class Ledger:
    """The deadline of a step that has a limit and has begun."""

    def __init__(self, step: Step, today: date) -> None:
        self.step, self.case, self.rule = step, step.case, step.rule
        ended = timezone.localdate(step.finished_at) if step.finished_at else today
        self.today = today
        self.days: list[LedgerDay] = clocks.step_ledger(step, ended)
        self.calendar: Calendar = clocks.calendar()
        self.pauses = self._pauses()

    @property
    def holds(self) -> bool:
        """Whether there is a limit and its clock has begun."""
        return bool(self.days)

    @property
    def start(self) -> date:
        return self.days[0].day

    @property
    def due(self) -> date:
        return self.step.due_on or self.days[-1].day

    @property
    def last_counted(self) -> date:
        """The last day of the limit by the count alone."""
        return self.days[-1].day

    @property
    def without_stops(self) -> date:
        """What the due date would be had nothing stood still."""
        return due_date(
            self.calendar,
            self.start,
            self.rule.promise,
            count_first_day=settings.COUNT_FIRST_DAY,
        )

    @property
    def stopped(self) -> list[date]:
        """The working days that were not counted."""
        return [entry.day for entry in self.days if entry.kind == DayKind.STOPPED]

    @property
    def count_today(self) -> int:
        """The working day of the limit that today is."""
        return max((entry.count for entry in self.days if entry.day <= self.today), default=0)

    @property
    def days_late(self) -> int:
        """Working days past the due date; 0 when it is not past."""
        if not (self.step.is_live and self.step.due_on):
            return 0
        return max(self.calendar.between(self.step.due_on, self.today), 0)

    @property
    def started_by_acceptance(self) -> bool:
        return self.rule.starts == DeadlineRule.Start.ACCEPTED

    @property
    def confirmed(self) -> bool:
        return self.calendar.is_confirmed(max(self.due, self.days[-1].day))

    def _pauses(self) -> list[Pause]:
        if self.rule is None:
            return []
        pauses = Pause.objects.select_related("reason", "started_by", "ended_by", "step")
        if self.started_by_acceptance:
            return list(pauses.filter(step__case_id=self.case.pk))
        return list(pauses.filter(step=self.step))

    def weeks(self) -> list[list[Cell]]:
        """Whole weeks from the event to the due date, and to today where it is past."""
        last = max(self.due, self.days[-1].day)
        if self.step.is_live:
            last = max(last, self.today)
        first = self.start - timedelta(days=self.start.weekday())
        last = min(last + timedelta(days=6 - last.weekday()), first + timedelta(weeks=MOST_WEEKS))
        days = WorkDay.objects.in_order().filter(day__range=(first, last))
        names = dict(days.values_list("day", "name"))
        entries = {entry.day: entry for entry in self.days}
        cells = []
        day = first
        while day <= last:
            cells.append(self._cell(day, entries.get(day), names.get(day, "")))
            day += DAY
        return [cells[n : n + 7] for n in range(0, len(cells), 7)]

    def _cell(self, day: date, entry: LedgerDay | None, name: str) -> Cell:
        unsure = not self.calendar.is_confirmed(day)
        if entry is None:
            return self._outside(day, name, unsure)
        words, note = str(KINDS[entry.kind]), name
        css = [CSS.get(entry.kind, "")]
        if entry.kind == DayKind.START:
            note = words if not entry.count else ""
            words = _("accepted") if self.started_by_acceptance else _("in hand")
        elif entry.kind == DayKind.STOPPED:
            words, note = self._stop_words(day)
        elif entry.kind == DayKind.REST:
            words, note = name or words, ""
        elif day > self.today:
            css.append("fut")
            words = _("to come")
        if day == self.due:
            css.append("due")
            words, note = _("due"), _("end of this day")
        if day == self.today:
            css.append("today")
            note = _("today")
        count = str(entry.count) if entry.kind in (DayKind.COUNTED, DayKind.WORKED_WEEKEND) else ""
        return Cell(day, " ".join(filter(None, css)), count, words, note, unsure)

    def _outside(self, day: date, name: str, unsure: bool) -> Cell:
        css = "" if self.calendar.is_working(day) else "rest"
        note = _("today") if day == self.today else ""
        css += " today" if note else ""
        if day == self.due:
            return Cell(day, css + " due", "", _("due"), _("deferred by the fast lane"), unsure)
        if day > self.due and day <= self.today and self.step.is_live and css.strip() != "rest":
            late = self.calendar.between(self.due, day)
            return Cell(day, css + " lated", f"+{late}", _("late"), note, unsure)
        return Cell(day, css + " fut", "", name, note, unsure)

    def _stop_words(self, day: date) -> tuple[str, str]:
        pause = next((p for p in self.pauses if day in p.days(self.today)), None)
        if pause is None:
            return str(KINDS[DayKind.STOPPED]), ""
        about = str(pause.reason or _("customer's turn"))
        if timezone.localdate(pause.started_at) == day:
            return _("stopped %(at)s") % {"at": _clock(pause.started_at)}, about
        if pause.ended_at and timezone.localdate(pause.ended_at) == day:
            return _("runs again %(at)s") % {"at": _clock(pause.ended_at)}, about
        return _("stands still"), about

    def changes(self) -> list[tuple[Event, str]]:
        """Every event that set, moved or took away the date, with what it did."""
        events = self.case.events.select_related("actor").order_by("seq")
        return changes(self.step, events, self.without_stops)

    def told(self) -> list[tuple[Reminder, str]]:
        """The reminders told on this step's due date, each with its rung."""
        reminders = Reminder.objects.filter(subject=Subject.DUE, ref=self.step.pk)
        found = reminders.prefetch_related("notices__user").order_by("pk")
        return [(reminder, _offset(reminder.level)) for reminder in found]

    def to_come(self) -> list[tuple[datetime, str, str]]:
        """The rungs of the ladder still ahead: when, what, who is told."""
        alert = Alert.objects.filter(subject=Subject.DUE, ref=self.step.pk).first()
        if alert is None:
            return []
        levels = range(alert.level, max(len(ladder.RUNGS), alert.level + 1))
        return [
            (ladder.moment(alert.due_on, level), _offset(level), _tells(level)) for level in levels
        ]


def changes(step: Step, events: Iterable[Event], first: date | None) -> list[tuple[Event, str]]:
    """Those of the events that set, moved or took away the due date of a step, with what each did.

    `first` is the day that the limit alone leads to, with nothing standing still.
    """
    found = []
    begun = False
    for event in events:
        touched = [
            state
            for kind, number, state in event.data.get("changes", [])
            if (kind, number) == (step.kind, step.round)
        ]
        mine = event.step_id == step.pk
        if event.verb == moves.DUE_CHANGED and mine:
            found.append((event, _("moved to %(day)s") % {"day": event.data.get("new")}))
        elif event.verb == moves.RESUMED and mine:
            found.append((event, _("set to %(day)s") % {"day": event.data.get("due_on")}))
        elif Step.State.IN_HAND in touched:
            set_to = _("set to %(day)s") % {"day": first}
            found.append((event, _("clock runs again") if begun else set_to))
            begun = True
        elif {Step.State.WITH_CUSTOMER, Step.State.STOPPED} & set(touched):
            found.append((event, _("no date runs")))
    return found


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _offset(level: int) -> str:
    offset = ladder.rung(level).offset
    if offset == 0:
        return _("due")
    if offset < 0:
        return _("%(n)s wd before") % {"n": -offset}
    return ngettext("%(n)s wd late", "%(n)s wd late", offset) % {"n": offset}


def _tells(level: int) -> str:
    names = {ladder.OWNER: _("owner"), ladder.COMPANY: _("company list")}
    return _(", ").join(
        str(names.get(role) or Role(role).label) for role in ladder.rung(level).tells
    )
