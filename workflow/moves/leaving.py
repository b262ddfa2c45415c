"""Work that lies with people who cannot do it: gone, moved, without the role, on leave.

A step goes to who stands in for them, else back to the queue. A case goes to who stands in, else to
the nearest person of the office who answers for cases; where truly nobody is there it stays, and
the board shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from workflow import ladder
from workflow.models import Case, Step
from workflow.moves import named
from workflow.moves.acts import PASSED_ON
from workflow.moves.move import Move, own
from workflow.moves.rights import able, absence
from workflow.moves.unit_of_work import act

# What was passed on: a step, or None for being accountable; and to whom, None for the queue.
Passed = tuple[Step | None, User | None]


def left(person: User | None = None) -> list[int]:
    """The cases in which work lies with somebody who cannot do it; of one person, if named.

    In one order, as they are locked one after the other.
    """
    today = timezone.localdate()
    whose = Q(owner=person) if person else Q()
    steps = Step.objects.left(today).filter(whose).order_by()
    cases = Case.objects.left(today).filter(whose).order_by()
    found = {*steps.values_list("case_id", flat=True), *cases.values_list("pk", flat=True)}
    return sorted(found | named.left(today, person))


# So many cases are passed on while somebody waits for the page; more of them by the worker.
AT_ONCE = 50


@act
def pass_on_of(person: User, *, by: User | None) -> list[Passed] | None:
    """Pass on what lies with a person who cannot do it any more; None where that is so much that
    the worker does it, once this transaction stands. With the broker away, the sweep finds it.
    """
    if len(left(person)) > AT_ONCE:
        ids = [person.pk, by and by.pk]
        transaction.on_commit(
            lambda: current_app.send_task("workflow.tasks.pass_on", ids), robust=True
        )
        return None
    return [passed for case_id in left(person) for passed in pass_on(case_id, by=by)]


@act
def pass_on(case_id: int, *, by: User | None) -> list[Passed]:
    """Pass on what lies, in one case, with people who cannot do it; safe to run twice."""
    return pass_on_within(Move(case_id, by, None))


def pass_on_within(move: Move) -> list[Passed]:
    """The same within a move that may have changed who sees the case."""
    if not move.case.is_open:
        return []
    passed = [*_steps(move, move.case.live_steps), *_case(move)]
    move.unit.write()
    named.pass_on(move)
    return passed


def _steps(move: Move, steps: Iterable[Step]) -> Iterable[Passed]:
    for step in steps:
        role = step.process.role
        if step.owner is None or not absence(step.owner, move.case, role):
            continue
        before, after = step.owner, able(step.owner, move.case, role)
        own(move, step, after)
        _log(move, before, after, role, step)
        yield step, after


def _case(move: Move) -> Iterable[Passed]:
    before = move.case.owner
    if not absence(before, move.case):
        return
    after = able(before, move.case) or ladder.nearest_to_answer(move.case)
    if after is None:
        return
    move.case.owner = after
    move.unit.note(move.case, "owner")
    _log(move, before, after, "", None)
    yield None, after


def _log(move: Move, before: User, after: User | None, role: str, step: Step | None) -> None:
    move.log(
        PASSED_ON,
        step=step,
        note=partial(_told, move.case, before, after, role, step),
        before=before.pk,
        after=after and after.pk,
    )


def _told(case: Case, before: User, after: User | None, role: str, step: Step | None) -> str:
    """From whom, to whom and why."""
    sentence = (
        _("%(before)s → %(after)s. %(why)s")
        if step
        else _("Accountable: %(before)s → %(after)s. %(why)s")
    )
    return sentence % {
        "before": before,
        "after": after or _("unclaimed"),
        "why": absence(before, case, role),
    }
