"""Who owned a step, and when: derived from the log alone.

A step is taken by claiming it, by being handed it, or by working on it while nobody has it. Who
has it from the round before, or by the row alone, is named as on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from workflow import moves
from workflow.models import Event, Step

# Who does one of these on a step that nobody has, has it from then on.
TAKING = {moves.HANDED_OVER, moves.TAKEN_BACK, moves.STOPPED}


@dataclass
class Turn:
    """The time in which one person, or nobody, had a step."""

    who: User | None
    since: datetime
    how: str
    event: Event | None = None
    until: datetime | None = None

    @property
    def name(self) -> str:
        return str(self.who) if self.who else _("Nobody: unclaimed")


def turns(step: Step, events: list[Event], people: Mapping[int, User]) -> list[Turn]:
    """Who had the step from its opening to its end; empty while it has not begun."""
    if step.opened_at is None:
        return []
    found = [Turn(None, step.opened_at, _("the step opened"))]
    for event in events:
        if event.step_id == step.pk:
            _follow(found, event, people)
    if found[-1].who != step.owner and step.owner:
        _on_record(found, step)
    found[-1].until = step.finished_at
    return [turn for turn in found if turn.who or turn.until != turn.since]


def _follow(found: list[Turn], event: Event, people: Mapping[int, User]) -> None:
    """One event of the step more."""
    last, who = found[-1], None
    if event.verb == moves.ASSIGNED:
        before, who = people.get(event.data.get("before")), people.get(event.data.get("after"))
        if last.who is None and before:
            last.who, last.how = before, _("on record")
    elif event.verb in (moves.CLAIMED, moves.OPENED) or (event.verb in TAKING and last.who is None):
        who = event.actor
    if who and who != last.who:
        last.until = event.happened_at
        found.append(Turn(who, event.happened_at, event.label, event))


def _on_record(found: list[Turn], step: Step) -> None:
    """The row names somebody of whose taking it the log has no event of its own."""
    last = found[-1]
    if last.who is None:
        last.who, last.how = step.owner, _("on record")
    else:
        found.append(Turn(step.owner, last.since, _("on record")))
