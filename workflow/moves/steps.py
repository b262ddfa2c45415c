"""Working on a step: claimed, handed over, with the customer and back, finished."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import STEERING
from workflow import process
from workflow.guards import Refused, unmet
from workflow.models import Lateness, Pause, Step
from workflow.moves.acts import (
    ASSIGNED,
    CLAIMED,
    EXPLAINED,
    FINISHED,
    HANDED_OVER,
    TAKEN_BACK,
)
from workflow.moves.late import account, judge, may_explain
from workflow.moves.move import (
    Move,
    accept,
    advance,
    conclude_when_settled,
    derive,
    end_pause,
    own,
    run_clock,
    set_limits,
    stand,
    taking,
    write_facts,
)
from workflow.moves.rights import absence, demand_role, demand_worker, sees
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.words import Words


@act
def claim(step: Step, *, by: User) -> Step:
    """Take an unclaimed step."""
    move = Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by)
    if step.owner_id == by.pk:
        raise Refused(_("You have this step already."))
    if by.is_away:
        raise Refused(
            _("You are on leave until %(day)s: end your leave first.") % {"day": by.away_until}
        )
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    own(move, step, by)
    move.log(CLAIMED, step=step)
    return step


@act
def assign(step: Step, to: User, *, by: User, note: Words = "") -> Step:
    """Hand a step to a colleague: by its owner, or by a supervisor."""
    move = Move(step.case_id, by, None)
    step = move.step(step.pk)
    if step.owner_id != by.pk:
        demand_role(move.case, by, *STEERING)
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    if absence(to, move.case, step.process.role):
        raise Refused(_("%(person)s cannot do this step.") % {"person": to})
    before = step.owner
    own(move, step, to)
    move.log(
        ASSIGNED,
        step=step,
        note=note
        or (
            lambda: _("%(before)s → %(after)s") % {"before": before or _("unclaimed"), "after": to}
        ),
        before=before and before.pk,
        after=to.pk,
    )
    return step


@act
def hand_over(step: Step, *, by: User, note: Words = "", role: str | None = None) -> Step:
    """The customer's turn now."""
    move = Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    account(move, step)
    move.transit(step, "hand_over", due_on=None, **taking(step, by, role))
    Pause.objects.create(step=step, started_at=move.at, started_by=by)
    stand(step, move.at)
    move.log(HANDED_OVER, step=step, note=note)
    return step


@act
def take_back(step: Step, *, by: User | None, note: Words = "", at: datetime | None = None) -> Step:
    """The customer has done their part (the file is complete, the check is asked for): our clock
    runs.
    """
    move = Move(step.case_id, by, at)
    step = move.step(step.pk)
    demand_worker(step, by)
    move.transit(step, "take_back", **taking(step, by))
    end_pause(move, step)
    run_clock(move, step)
    move.log(TAKEN_BACK, step=step, note=note)
    return step


@act
def finish(
    step: Step,
    *,
    by: User | None,
    outcome: str = "",
    note: Words = "",
    role: str | None = None,
    facts: dict[str, Any] | None = None,
    at: datetime | None = None,
    what: str = FINISHED,
    **data: Any,
) -> Step:
    """Sign the sheet of a step: what waited for it opens, the case goes on.

    `facts` are columns of Case that the sheet found (they re-derive steps not begun); `role` is
    another role
    than the step's own (an approver finishing a planner's step). Raises Refused with every reason
    against it, a late step's missing cause among them.
    """
    move = Move(step.case_id, by, at)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    demand_predecessors(step)
    account(move, step, against=unmet(process.guards(step.kind), step))
    if step.state == Step.State.WITH_CUSTOMER:
        end_pause(move, step)
        step.in_hand_since = step.in_hand_since or move.at
    move.transit(
        step,
        "finish",
        finished_at=move.at,
        finished_by=by,
        in_hand_since=step.in_hand_since,
        outcome=outcome,
        **taking(step, by, role),
    )
    stand(step, move.at)
    if step.kind == Kind.APPLICATION:
        accept(move)
    changed = write_facts(move, facts or {})
    derive(move)
    advance(move)
    if changed:
        set_limits(move)
    conclude_when_settled(move)
    move.log(
        what, step=step, note=note, outcome=outcome, **({"facts": facts} if facts else {}), **data
    )
    return step


def demand_predecessors(step: Step) -> None:
    """A link found later to be needed must be finished before those behind it can be."""
    case = step.case
    open_before = [
        kind
        for kind in process.predecessors(step.kind, process.kinds_of(case))
        if not ((before := case.step(kind)) and before.satisfies)
    ]
    if open_before:
        raise Refused(
            [_("%(step)s is not finished.") % {"step": Kind(kind).label} for kind in open_before]
        )


@act
def explain(row: Lateness, *, by: User, cause: str, remark: str) -> Lateness:
    """Say afterwards why a step was let go late: by who let it go, or who steers.

    Raises Refused when that is said already, and for a missing cause.
    """
    move = Move(row.step.case_id, by, None)
    row = Lateness.objects.select_related("step").get(pk=row.pk)
    if not sees(by, move.case) or not may_explain(row, by):
        raise Refused(
            _("Who finished the step says why, or the supervisor; and it is said once only.")
        )
    row.cause, reasons = judge(cause, remark)
    if reasons:
        raise Refused(reasons)
    row.remark, row.owed = remark, False
    row.save(update_fields=["cause", "remark", "owed"])
    said = f"{row.cause} {remark}".strip()
    move.log(EXPLAINED, step=row.step, note=said, cause=cause, due_on=row.due_on)
    return row
