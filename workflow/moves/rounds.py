"""Sending back: a round is closed as returned and the next one opens."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from workflow import process
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.acts import SENT_BACK
from workflow.moves.late import account, let_along
from workflow.moves.move import (
    Move,
    advance,
    conclude_when_settled,
    derive,
    end_pause,
    new_rounds,
    stand,
    undo,
    write_facts,
)
from workflow.moves.rights import demand_worker
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.verbs import REOPENING
from workflow.words import Words, keep


@act
def send_back(
    step: Step,
    *,
    by: User | None,
    reason: Words,
    to: str | None = None,
    role: str | None = None,
    what: str = SENT_BACK,
    facts: dict[str, Any] | None = None,
    **data: Any,
) -> Step:
    """Close this attempt as returned and open the next round, of this link or of an earlier one
    (`to`).

    Going back to an earlier link returns what was begun behind it and lets it wait again.
    Returns the step that is open now.
    """
    move = Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    reason = keep(reason)
    if not reason.strip():
        raise Refused(_("Say why it is sent back."))
    target = to or step.kind
    _demand_way_back(move.case, step, target, finished=what in REOPENING)
    owners = {kind: old.owner for kind, old in move.case.latest.items()}
    fees = move.case.step(Kind.FEES)
    if (
        target != Kind.FEES
        and Kind.FEES in process.descendants(target)
        and fees
        and fees.outcome == "paid"
    ):
        raise Refused(
            _("Money was taken on this plan: refund it first, then the case can go back.")
        )
    account(move, step)
    begin_anew(move, target, reason, accounted=step)
    write_facts(move, facts or {})
    derive(move)
    advance(move, owners=owners)
    conclude_when_settled(move)
    move.log(what, step=step, note=reason, to=target, **data)
    return move.case.latest[target]


def begin_anew(move: Move, target: str, reason: str, *, accounted: Step | None = None) -> None:
    """A new round of a link and of all behind it that had begun; what they led to is undone.

    A late one ends along with the others, unless its cause was `accounted` for.
    """
    # With power on, a formality that was deferred is done again; the meter stays where it hangs.
    behind = process.descendants(target) if move.case.state == Case.State.OPEN else frozenset()
    # What was built last is undone first: a bill before the plan it stands on.
    for kind in reversed(process.PROCESS):
        if kind != target and kind not in behind:
            continue
        old = move.case.step(kind)
        if old and old.state in Step.LIVE:
            if old != accounted:
                let_along(move, old)
            _close_round(move, old, reason)
        if old and old.state in (Step.State.RETURNED, Step.State.DONE):
            undo(move, old)
            new_rounds(move, [kind])


def _demand_way_back(case: Case, step: Step, target: str, *, finished: bool) -> None:
    """Refuse to send back what is not open, or to where there is nothing to do anew.

    A finished step goes back only by a verb that reopens it (`finished`): a bill paid wrongly.
    """
    open_now = step.is_live or (finished and step.state == Step.State.DONE)
    if not (case.is_open and open_now):
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    if target == step.kind:
        return
    before = case.step(target)
    if step.kind not in process.descendants(target) or before is None or before.is_void:
        raise Refused(_("It can only be sent back to an earlier step."))
    if case.state != Case.State.OPEN:
        raise Refused(_("The power is on: what led to it is not done again."))


def _close_round(move: Move, step: Step, reason: str) -> None:
    end_pause(move, step)
    move.transit(
        step,
        "send_back",
        finished_at=move.at,
        finished_by=move.by,
        due_on=None,
        reason=reason,
        outcome="returned",
    )
    stand(step, move.at)
