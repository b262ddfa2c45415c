"""When something is due: limits and calendar applied to steps and cases.

Limits and calendar are rows (workflow.models.rule), held in memory per edition. A due date is
stored when the clock starts and recomputed from its parts when a pause ends or when limits or
calendar change.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from workflow.calendar import Calendar, LedgerDay, due_date, ledger
from workflow.models import Case, DeadlineRule, Edition, Pause, Step, WorkDay
from workflow.process import Kind

HORIZON_YEARS = 3
START_OF_DAY = time(8, 0)


@dataclass(frozen=True)
class Rulebook:
    """One edition of limits and calendar."""

    token: uuid.UUID | None
    calendar: Calendar
    limits: tuple[DeadlineRule, ...]


_held: Rulebook | None = None
_reading: ContextVar[Rulebook | None] = ContextVar("rulebook", default=None)


@contextmanager
def one_edition(token: uuid.UUID | None = None) -> Iterator[None]:
    """Ask for the edition once and keep to it within the block: a page shows many dates.

    `token` is the current one, from who has just read it together with the case.
    """
    before = _reading.set(rulebook(token))
    try:
        yield
    finally:
        _reading.reset(before)


def rulebook(token: uuid.UUID | None = None) -> Rulebook:
    """The current edition; reads one row, and the tables only when that row says they changed."""
    global _held
    if reading := _reading.get():
        return reading
    token = token or Edition.objects.values_list("token", flat=True).first()
    held = _held
    if held is None or held.token != token:
        _held = held = Rulebook(token, _load_calendar(), tuple(DeadlineRule.objects.released()))
    return held


def new_edition() -> None:
    """Limits or calendar changed: every process is to read them again."""
    Edition.objects.update_or_create(pk=1, defaults={"token": uuid.uuid4()})
    _reading.set(None)


def _load_calendar() -> Calendar:
    newest = WorkDay.objects.in_order().values_list("day", "worked", "confirmed")
    rows = {day: (worked, sure) for day, worked, sure in newest}
    confirmed = [day for day, (_, sure) in rows.items() if sure]
    until = date(max(confirmed).year, 12, 31) if confirmed else date(2003, 12, 31)
    return Calendar(
        [(day, worked) for day, (worked, _) in rows.items()],
        until,
        date(until.year + HORIZON_YEARS, 12, 31),
    )


def calendar() -> Calendar:
    return rulebook().calendar


def rule_for(case: Case, kind: str, on: date) -> DeadlineRule | None:
    """The limit of a step of this case begun on the day; the most particular, then the newest.

    Should no rule be valid on the day (a gap left by an editor), the newest for the class holds.
    """
    limits = rulebook().limits
    facts = {
        "kind": kind,
        "customer_class": case.customer_class,
        "business_type": case.business_type,
        "line_works": case.line_works,
    }
    found = [rule for rule in limits if rule.holds(**facts, on=on)]
    found = found or [
        rule for rule in limits if (rule.kind, rule.customer_class) == (kind, case.customer_class)
    ]
    return max(
        found,
        key=lambda r: (r.business_type != "", r.line_works is not None, r.valid_from),
        default=None,
    )


def clock_start(step: Step) -> date | None:
    """The day of the event from which the step's limit is counted."""
    if step.rule and step.rule.starts == DeadlineRule.Start.ACCEPTED and step.case.accepted_at:
        return timezone.localdate(step.case.accepted_at)
    return timezone.localdate(step.in_hand_since) if step.in_hand_since else None


def stops(step: Step, today: date) -> dict[str, set[date]]:
    """Calendar days on which this step's clock stood still (`stopped`), and on which it was stopped
    (`begun`), as the calendar counts them.

    A limit that counts from acceptance also leaves out the pauses of the steps before it.
    """
    if step.rule and step.rule.starts == DeadlineRule.Start.ACCEPTED:
        pauses = Pause.objects.filter(step__case_id=step.case_id)
    else:
        pauses = Pause.objects.filter(step=step)
    pauses = list(pauses)
    return {
        "stopped": set().union(*(pause.days(today) for pause in pauses)),
        "begun": {timezone.localdate(pause.started_at) for pause in pauses},
    }


def schedule(step: Step, today: date) -> tuple[date | None, date | None]:
    """The promise and the legal ceiling of a step in hand, as dates."""
    start = clock_start(step)
    if step.rule is None or start is None:
        return None, None
    still = stops(step, today)
    promise, ceiling = (
        due_date(calendar(), start, days, **still, count_first_day=settings.COUNT_FIRST_DAY)
        for days in (step.rule.promise, step.rule.ceiling)
    )
    if step.deferred_until:
        promise = max(promise, step.deferred_until)
    return promise, max(ceiling, promise) if step.deferred_until else ceiling


def missed(step: Step, today: date) -> date | None:
    """The due date that a step in our hand has passed; None where it is in time.

    While the clock stands still, the date that would hold if it ran again today: a step stopped
    when it was late already stays late.
    """
    due = step.due_on if step.state == Step.State.IN_HAND else None
    if step.state == Step.State.STOPPED:
        due, _ceiling = schedule(step, today)
    return due if due and due < today else None


def step_ledger(step: Step, today: date) -> list[LedgerDay]:
    """Every day of the step's deadline, from the event to the promise."""
    start = clock_start(step)
    if step.rule is None or start is None:
        return []
    return ledger(
        calendar(),
        start,
        step.rule.promise,
        **stops(step, today),
        count_first_day=settings.COUNT_FIRST_DAY,
    )


def idle_days(case: Case, today: date, pauses: Iterable[Pause] | None = None) -> set[date]:
    """Calendar days since acceptance on which no step was in the utility's hand.

    `pauses` are those of the case, from who has read them.
    """
    first = timezone.localdate(case.accepted_at or case.opened_at)
    busy: set[date] = set()
    still: dict[int, set[date]] = {}
    for pause in Pause.objects.filter(step__case=case) if pauses is None else pauses:
        still.setdefault(pause.step_id, set()).update(pause.days(today))
    for step in case.all_steps:
        if step.in_hand_since and step.kind != Kind.APPLICATION:
            begun = timezone.localdate(step.in_hand_since)
            ended = timezone.localdate(step.finished_at) if step.finished_at else today
            busy |= {
                begun + timedelta(days=n) for n in range((ended - begun).days + 1)
            } - still.get(step.pk, set())
    return {first + timedelta(days=n) for n in range(1, (today - first).days + 1)} - busy


def case_due(case: Case, today: date) -> date | None:
    """The whole-case limit, counted in the utility's time only (DOMAIN section 4)."""
    if case.accepted_at is None:
        return None
    start = timezone.localdate(case.accepted_at)
    rule = rule_for(case, DeadlineRule.WHOLE_CASE, start)
    if rule is None:
        return None
    return due_date(
        calendar(),
        start,
        rule.promise,
        idle_days(case, today),
        count_first_day=settings.COUNT_FIRST_DAY,
    )


def utility_days(case: Case, today: date) -> int:
    """Working days the utility has used of the whole-case limit."""
    if case.accepted_at is None:
        return 0
    start = timezone.localdate(case.accepted_at)
    end = min(today, timezone.localdate(case.closed_at)) if case.closed_at else today
    idle = idle_days(case, end)
    return calendar().between(start, end) - sum(
        1 for day in idle if day <= end and calendar().is_working(day)
    )


def silent_days(case: Case, today: date) -> int:
    """Working days since anybody spoke with the customer; nothing stops this clock."""
    return calendar().between(timezone.localdate(case.last_contact_at), today)


def silence_due(case: Case) -> date:
    """The day by which somebody must have spoken with the customer again."""
    return calendar().add(timezone.localdate(case.last_contact_at), settings.SILENCE_WORKING_DAYS)


def is_quiet(now: datetime) -> bool:
    """Whether people are left in peace at that moment."""
    if not settings.QUIET_HOURS:
        return False
    begin, end = settings.QUIET_HOURS
    clock = timezone.localtime(now).time()
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def morning(day: date) -> datetime:
    """The moment at which a day's reminders go out."""
    return timezone.make_aware(datetime.combine(day, START_OF_DAY))
