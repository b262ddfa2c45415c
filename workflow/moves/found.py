"""A fact found later: what was done without it is done anew, what it leaves out ends (DOMAIN 3).

`FOUND` says from which link on a change undoes what was done. A link that applies only now is
passed before those behind it: they begin anew where they had begun. A link that does not apply any
more is undone: its capacity is free, its bill ends, money that was taken goes back. Limits and the
date of the whole case follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workflow import process
from workflow.models import Case, Step
from workflow.moves.late import let_along
from workflow.moves.move import Move, advance, derive, end_pause, set_limits, stand, undo
from workflow.moves.rounds import begin_anew
from workflow.process import HV, Kind

Changed = Callable[[Case, Case], bool]


def _of(*facts: str) -> Changed:
    """One of these facts was changed."""
    return lambda before, now: any(getattr(before, f) != getattr(now, f) for f in facts)


@dataclass(frozen=True)
class Found:
    """Whether a change counts, by the case before and now, and the link from which on all is done
    anew. A link that is `judged` asks the facts when it is finished: an open one just goes on, as
    does one that nobody has taken.
    """

    counts: Changed
    back_to: Kind
    judged: bool = False

    def touches(self, step: Step | None) -> bool:
        """There is something to do anew."""
        if step is None:
            return False
        begun = step.is_live and step.owner_id is not None and not self.judged
        return begun or step.state == Step.State.DONE


WHOSE = _of("existing_supply", "disputed")
FOUND = (
    # Whose supply it is: site, source point and the consents of others.
    Found(lambda before, now: now.is_contested and WHOSE(before, now), Kind.SURVEY, judged=True),
    # High voltage: two surveyors, and points of that voltage.
    Found(
        lambda before, now: (before.customer_class in HV) != (now.customer_class in HV),
        Kind.SURVEY,
        judged=True,
    ),
    # What the plan says, who approves it and how long it holds.
    Found(_of("customer_class", "importance", "capacity_kva", "business_type"), Kind.PLAN),
)


def carry_through(move: Move, before: Case, reason: str) -> None:
    """What follows from the facts in which the case now differs from `before`; with power on only
    that waiting links may fall away.
    """
    case = move.case
    if case.state != Case.State.OPEN:
        derive(move)
        return
    owners = {kind: step.owner for kind, step in case.latest.items()}
    applied, applies = process.kinds_of(before), process.kinds_of(case)
    for found in FOUND:
        if found.counts(before, case) and found.touches(case.step(found.back_to)):
            begin_anew(move, found.back_to, reason)
    for kind in reversed(applied):  # what was built last is undone first
        if kind not in applies:
            _end(move, kind, reason)
    derive(move)
    fresh = set(applies) - set(applied)
    for kind in applies:
        step = case.step(kind)
        begun = step is not None and (step.is_live or step.state == Step.State.DONE)
        if begun and fresh & process.predecessors(kind, applies):
            begin_anew(move, kind, reason)
    advance(move, owners=owners)
    set_limits(move)


def _end(move: Move, kind: str, reason: str) -> None:
    """The link does not apply any more: what it led to no longer holds."""
    step = move.case.step(kind)
    if step is None or not (step.is_live or step.state == Step.State.DONE):
        return
    if step.is_live:
        let_along(move, step)
        end_pause(move, step)
    undo(move, step)
    if step.is_live:
        move.transit(step, "void", due_on=None, reason=reason)
        stand(step, move.at)
