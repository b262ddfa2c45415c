"""One move: the case locked, its steps as they are now, and what then happens by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from importlib import import_module
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from accounts.models import User
from workflow import clocks, ladder, process
from workflow.guards import Refused
from workflow.models import Case, Event, Pause, Step, Subject
from workflow.moves.acts import OPENED
from workflow.moves.rights import able, separate
from workflow.moves.unit_of_work import act, current
from workflow.process import Kind
from workflow.verbs import TOLD
from workflow.words import Words, as_data, keep

# Rooms in which a case may still owe something: papers, the follow-up of a call-back.
DEBTORS = ("documents", "metering")
_customer_acts: ContextVar[str | None] = ContextVar("customer_acts", default=None)


@contextmanager
def by_customer(address: str = "") -> Iterator[None]:
    """Within the block, what nobody of the house does is done by the customer, on a public page.

    `address` is where it came from: it stands in the event of what they decide.
    """
    before = _customer_acts.set(address)
    try:
        yield
    finally:
        _customer_acts.reset(before)


class Move:
    """One move under way: the locked case, who and when, and the states it has led to so far.

    Raises Refused for a time before the case was opened.
    """

    def __init__(self, case_id: int, by: User | None, at: datetime | None) -> None:
        self.unit = current()
        self.case = self.unit.locked(case_id)
        self.by = by
        self.now = timezone.now()
        self.at = at or self.now
        if timezone.localdate(self.at) < timezone.localdate(self.case.opened_at):
            raise Refused(
                _("This lies before the day on which the case was opened, %(day)s.")
                % {"day": timezone.localdate(self.case.opened_at)}
            )
        self.changes: list[list[Any]] = []
        self.late: list[dict[str, Any]] = []
        self.case_before = self.case.state

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    def step(self, pk: int) -> Step:
        return next(step for step in self.case.all_steps if step.pk == pk)

    def transit(self, step: Step, name: str, **fields: Any) -> None:
        """Make one transition of a step and store it with the named fields."""
        try:
            getattr(step, name)()
        except TransitionNotAllowed as error:
            raise Refused(
                _("%(step)s is %(state)s by now; somebody was faster. Look at the case again.")
                % {"step": step.get_kind_display(), "state": step.get_state_display()}
            ) from error
        for field, value in fields.items():
            setattr(step, field, value)
        self.unit.note(step, "state", *fields)
        self.changes.append([step.kind, step.round, step.state])

    def conclude_case(self, name: str, **fields: Any) -> None:
        """Make one transition of the case itself."""
        try:
            getattr(self.case, name)()
        except TransitionNotAllowed as error:
            raise Refused(
                _("The case is already closed: %(state)s.")
                % {"state": self.case.get_state_display()}
            ) from error
        for field, value in fields.items():
            setattr(self.case, field, value)
        self.unit.note(self.case, "state", *fields)

    def log(self, what: str, *, step: Step | None = None, note: Words = "", **data: Any) -> Event:
        """Append the event that tells this move; the last act of every move."""
        separate(self.case, what, self.by)
        if self.changes:
            data["changes"] = self.changes
        if self.late:
            data["late"] = self.late
        if self.case.state != self.case_before or what == OPENED:
            data["case"] = self.case.state
        if note:
            data["note"] = as_data(keep(note))
        if self.by is None and (address := _customer_acts.get()) is not None:
            data["customer"] = True
            if address:
                data["address"] = address
        event = Event(
            case=self.case,
            seq=self.case.event_count + 1,
            step=step,
            verb=what,
            actor=self.by,
            happened_at=self.at,
            entered_at=self.now,
            data=data,
            previous_hash=self.case.event_hash,
        )
        event.hash = event.digest()
        self.unit.write(steps_only=True)
        event.save(force_insert=True)
        self.case.event_count, self.case.event_hash = event.seq, event.hash
        self.case.last_action_at = max(self.case.last_action_at, self.at)
        self.unit.tell(self.case)
        if what in TOLD:
            # Messages are to the right of here: found by name. Written now, sent afterwards.
            import_module("news.services").tell(event, self.case)
        return event


def write_facts(move: Move, facts: dict[str, Any]) -> bool:
    unknown = set(facts) - set(Case.FACTS)
    if unknown:
        raise TypeError(f"not facts of a case: {unknown}")
    changed = [name for name, value in facts.items() if getattr(move.case, name) != value]
    for name in changed:
        setattr(move.case, name, facts[name])
    move.unit.note(move.case, *changed)
    return bool(changed)


def derive(move: Move) -> None:
    """Give every link that applies a row, and void the waiting rows of those that do not.

    With power on nothing is added any more.
    """
    fresh = []
    for kind in process.PROCESS:
        step = move.case.step(kind)
        if process.applies(kind, move.case):
            if move.case.state == Case.State.OPEN and (step is None or step.is_void):
                fresh.append(kind)
        elif step and step.state == Step.State.WAITING:
            move.transit(step, "void")
    new_rounds(move, fresh)


def advance(move: Move, owners: dict[str, User | None] | None = None) -> None:
    """Open every waiting link whose predecessors are satisfied.

    `owners` keep the links they had before a send-back, where the person is still there.
    """
    case = move.case
    if not case.is_open:
        return
    applicable = process.kinds_of(case)
    for kind in applicable:
        step = case.step(kind)
        if step is None or step.state != Step.State.WAITING:
            continue
        before = [case.step(k) for k in process.predecessors(kind, applicable)]
        if not all(b and b.satisfies for b in before):
            continue
        owner = able((owners or {}).get(kind) or step.owner, case, process.PROCESS[kind].role)
        if process.PROCESS[kind].customer_first:
            move.transit(step, "offer", opened_at=move.at, owner=owner)
            Pause.objects.create(step=step, started_at=move.at, started_by=move.by)
        else:
            move.transit(step, "open", opened_at=move.at, owner=owner)
            run_clock(move, step)


def accept(move: Move) -> None:
    """The application is accepted: the limits that count from acceptance begin."""
    move.case.accepted_at = move.at
    move.case.due_on = clocks.case_due(move.case, move.today)
    move.unit.note(move.case, "accepted_at", "due_on")


def run_clock(move: Move, step: Step) -> None:
    """Our turn: set the limit that governs, the due dates and the ladder."""
    if step.in_hand_since is None:
        step.in_hand_since = move.at
    step.rule = clocks.rule_for(move.case, step.kind, timezone.localdate(step.in_hand_since))
    step.due_on, step.ceiling_on = clocks.schedule(step, move.today)
    move.unit.note(step, "in_hand_since", "rule", "due_on", "ceiling_on")
    stand(step, move.at)


def set_limits(move: Move) -> None:
    """The facts were changed: the limits of what is in our hand follow, and the whole-case date."""
    case = move.case
    for step in case.live_steps:
        if step.state == Step.State.IN_HAND:
            run_clock(move, step)
    if case.accepted_at:
        case.due_on = clocks.case_due(case, move.today)
        move.unit.note(case, "due_on")


def stand(step: Step, at: datetime) -> None:
    """The ladder of a step stands while it is in hand."""
    due_on = step.due_on if step.state == Step.State.IN_HAND else None
    ladder.stand(Subject.DUE, step.pk, case=step.case, step=step, due_on=due_on, at=at)


def await_contact(case: Case, at: datetime) -> None:
    """The ladder of silence stands on the last two-way contact."""
    ladder.stand(Subject.SILENT, case.pk, case=case, due_on=clocks.silence_due(case), at=at)


def end_pause(move: Move, step: Step) -> None:
    """Close the running pause of a step, if any, and move the whole-case date by it.

    What is past its cap has ended there, by itself.
    """
    pause = step.pauses.filter(ended_at=None).first()
    if pause is None:
        return
    pause.ended_at, pause.ended_by = move.at, move.by
    if pause.cap_at and pause.cap_at < move.at:
        pause.ended_at, pause.ended_by = pause.cap_at, None
    pause.save(update_fields=["ended_at", "ended_by"])
    ladder.stand(Subject.STOP, pause.pk, case=move.case, due_on=None, at=move.at)
    if move.case.accepted_at:
        move.case.due_on = clocks.case_due(move.case, move.today)
        move.unit.note(move.case, "due_on")


def own(move: Move, step: Step, owner: User | None) -> None:
    step.owner = owner
    move.unit.note(step, "owner")


def taking(step: Step, by: User | None, role: str | None = None) -> dict[str, User]:
    """Who works on an unclaimed step has claimed it, unless they are on leave."""
    takes = by and by.is_at_work and role is None and step.owner_id is None
    return {"owner": by} if by and takes else {}


def conclude_when_settled(move: Move) -> None:
    """Power is on when the meter step is done; archived when every link is done and nothing is
    owed.
    """
    case = move.case
    if case.state == Case.State.OPEN and case.has_finished(Kind.METER):
        move.conclude_case("energize")
    if not case.is_open or not all(step.is_finished for step in case.latest.values()):
        return
    move.unit.write()
    if any(import_module(f"{room}.debts").owed(case) for room in DEBTORS):
        return
    move.conclude_case("archive", closed_at=move.at)
    ladder.take_down(case)


def undo(move: Move, step: Step) -> None:
    """Tell the room of a step that its result no longer holds: free what was reserved, cancel what
    was billed.

    A room that has something to undo says so with `undone(step, by=)` in its services.
    """
    undone = getattr(import_module(f"{step.process.room}.services"), "undone", None)
    if undone:
        move.unit.write()
        undone(step, by=move.by)


def new_rounds(move: Move, kinds: Iterable[str]) -> None:
    """A waiting row for the next attempt at each of these links; the one before is closed."""
    fresh = []
    for kind in kinds:
        before = move.case.step(kind)
        fresh.append(
            Step(
                case=move.case,
                kind=kind,
                round=before.round + 1 if before else 1,
                unit=move.case.unit,
                deferred_until=before.deferred_until if before and move.case.in_fast_lane else None,
            )
        )
    move.unit.write()
    Step.objects.bulk_create(fresh)
    move.case.all_steps += fresh
    move.changes += [[step.kind, step.round, step.state] for step in fresh]


@act
def record(
    case: Case,
    what: str,
    *,
    by: User | None,
    step: Step | None = None,
    note: Words = "",
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """Append an event about something that changes no state.

    Within a move (a room undoing what it did), the case given goes on from this event.
    """
    move = Move(case.pk, by, at)
    event = move.log(what, step=step, note=note, **data)
    case.event_count, case.event_hash = move.case.event_count, move.case.event_hash
    case.last_action_at = move.case.last_action_at
    return event
