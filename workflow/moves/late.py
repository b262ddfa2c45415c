"""A late step says why before it is let go (DOMAIN section 9).

The cause comes with what a person hands in (`because`), and every function of the door that lets a
step go asks for it here. What nobody does, such as the customer's answer on a public page, is not
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import STEERING
from workflow import clocks
from workflow.guards import Refused
from workflow.models import LateCause, Lateness, Step

if TYPE_CHECKING:
    from workflow.moves.move import Move

# The fields in which a form hands the cause in.
CAUSE, REMARK = "late_cause", "late_remark"
WORDS = 200


@dataclass(frozen=True)
class Given:
    """What was handed in: the code of a cause, and words; `later`: it may be said afterwards."""

    cause: str = ""
    remark: str = ""
    later: bool = False


_given: ContextVar[Callable[[], Given]] = ContextVar("given_cause", default=Given)


@contextmanager
def because(cause: str, remark: str = "", *, later: bool = False) -> Iterator[None]:
    """Within the block, a step let go late is late for this cause, by its code.

    `later`: one let go without a cause is not refused; its cause is owed by who let it go.
    """
    with told(lambda: Given(cause, remark.strip(), later)):
        yield


@contextmanager
def told(given: Callable[[], Given]) -> Iterator[None]:
    """As `because`, by a function that is asked when a late step is let go, and only then."""
    before = _given.set(given)
    try:
        yield
    finally:
        _given.reset(before)


def given() -> dict[str, str]:
    """The cause that was handed in, to be kept with an act that lets nothing go yet; else empty."""
    found = _given.get()()
    _cause, reasons = judge(found.cause, found.remark)
    return {} if reasons else {CAUSE: found.cause, REMARK: found.remark}


def judge(code: str, remark: str) -> tuple[LateCause | None, list[Refused]]:
    """The cause of this code, and what stands against it with this remark."""
    cause = LateCause.objects.filter(code=code, active=True).first() if "\x00" not in code else None
    if cause is None:
        return None, [
            Refused(
                _("This step is past its due date: choose the cause of lateness first."),
                fields=(CAUSE,),
            )
        ]
    if cause.needs_words and not remark:
        return None, [
            Refused(_("Say in a few words why the step is late."), fields=(REMARK,)),
        ]
    if len(remark) > WORDS or "\x00" in remark:
        text = _("Say why it is late in at most %(n)s plain characters.") % {"n": WORDS}
        return None, [Refused(text, fields=(REMARK,))]
    return cause, []


def account(move: Move, *steps: Step, against: Sequence[Refused] = ()) -> None:
    """Keep why each of the steps that are late is let go late, before their clocks end.

    Raises Refused with every reason in `against`, and for a missing cause.
    """
    late = [(step, due) for step in steps if (due := clocks.missed(step, move.today))]
    given = _given.get()()
    cause, reasons = judge(given.cause, given.remark) if late and move.by else (None, [])
    if against or (reasons and not given.later):
        raise Refused([*against, *reasons])
    for step, due in late:
        row = Lateness(step=step, due_on=due, at=move.at, by=move.by, cause=cause)
        row.remark, row.owed = (given.remark if cause else ""), bool(reasons)
        _keep(move, row)


def let_along(move: Move, step: Step) -> None:
    """A late step ends because another one did: nobody is asked."""
    if due := clocks.missed(step, move.today):
        _keep(move, Lateness(step=step, due_on=due, at=move.at, by=move.by))


def _keep(move: Move, row: Lateness) -> None:
    row.save(force_insert=True)
    row.step.let_go_late = True
    move.unit.note(row.step, "let_go_late")
    move.late.append(
        {
            "step": row.step.kind,
            "round": row.step.round,
            "due_on": row.due_on,
            "cause": row.cause and row.cause.code,
            "remark": row.remark,
        }
    )


def may_explain(row: Lateness, by: User) -> bool:
    """An owed cause is said by who let the step go, or by who steers."""
    return row.owed and not by.only_looks and (row.by_id == by.pk or by.has_role(*STEERING))
