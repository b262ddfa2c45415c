"""The case as a whole: its facts, its contacts, its end."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Unit, User
from accounts.roles import STEERING, Role
from workflow import ladder
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.moves.acts import (
    CONCLUDED,
    CONTACTED,
    DESCRIBED,
    DISCARDED,
    FACTS,
    OFFICE_CHANGED,
    REFUSED,
    WITHDRAWN,
)
from workflow.moves.found import carry_through
from workflow.moves.late import account
from workflow.moves.leaving import pass_on_within
from workflow.moves.move import (
    Move,
    advance,
    await_contact,
    conclude_when_settled,
    derive,
    end_pause,
    set_limits,
    undo,
    write_facts,
)
from workflow.moves.rights import demand_author, demand_draft, demand_open, demand_role
from workflow.moves.unit_of_work import act
from workflow.words import Words, as_data, from_data, keep


@act
def set_facts(case: Case, *, by: User | None, note: Words = "", **facts: Any) -> Case:
    """Correct facts of the case, by who steers it: what rests on them follows (`found`)."""
    move = Move(case.pk, by, None)
    if by:
        demand_role(move.case, by, *STEERING)
    demand_open(move.case)
    before = copy(move.case)
    if write_facts(move, facts):
        carry_through(move, before, keep(note or (lambda: _("Facts changed"))))
        changed = {
            name: [getattr(before, name), value]
            for name, value in facts.items()
            if getattr(before, name) != value
        }
        why = as_data(keep(note))
        move.log(FACTS, note=lambda: _told(changed, from_data(why)), facts=facts, changed=changed)
    return move.case


def _told(changed: dict[str, list[Any]], why: str) -> str:
    """Each fact from what to what, and why."""
    told = "; ".join(
        f"{_column(name).verbose_name}: {_shown(name, old)} → {_shown(name, new)}"
        for name, (old, new) in changed.items()
    )
    return _("%(changes)s. Why: %(reason)s") % {"changes": told, "reason": why} if why else told


def _column(name: str) -> Any:
    return Case._meta.get_field(name)


def _shown(name: str, value: Any) -> str:
    """A fact as people read it: a choice by its label, yes or no, a figure without idle noughts."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(dict(_column(name).flatchoices).get(value, value))


@act
def describe(
    case: Case, *, by: User | None, facts: dict[str, Any] | None = None, **columns: str
) -> Case:
    """Keep what lists show (Case.DESCRIPTION), and the facts, in step with a sheet; silent if
    nothing changed.
    """
    move = Move(case.pk, by, None)
    changed = _write_description(move, columns)
    found = {n: v for n, v in (facts or {}).items() if getattr(move.case, n) != v}
    if write_facts(move, found):
        derive(move)
        advance(move)
        set_limits(move)
    if changed or found:
        data: dict[str, Any] = {"facts": found} if found else {}
        move.log(DESCRIBED, changed=changed, **data)
    return move.case


@act
def correct(
    case: Case, *, by: User, what: str, note: Words, changed: dict[str, list[str]], **columns: str
) -> Case:
    """What an accepted sheet said was wrong: lists show from now on what is right, and one event
    (`what`, a verb of the room) tells what was changed and why.
    """
    move = Move(case.pk, by, None)
    if not move.case.is_open:
        raise Refused(
            _("The case is already closed: %(state)s.") % {"state": move.case.get_state_display()}
        )
    _write_description(move, columns)
    move.log(what, note=note, changed=changed)
    return move.case


def _write_description(move: Move, columns: dict[str, str]) -> dict[str, list[str]]:
    """Write the columns that lists show; what changed, from what to what."""
    if unknown := set(columns) - set(Case.DESCRIPTION):
        raise TypeError(f"not the description of a case: {unknown}")
    changed = {
        name: [getattr(move.case, name), value]
        for name, value in columns.items()
        if getattr(move.case, name) != value
    }
    for name, (_old, new) in changed.items():
        setattr(move.case, name, new)
    move.unit.note(move.case, *changed)
    return changed


@act
def change_office(case: Case, *, by: User, unit: Unit, reason: str) -> Case:
    """The case belongs to another office, by who steers it: its steps follow, and what lies with
    people who do not see it there is passed on.
    """
    move = Move(case.pk, by, None)
    demand_role(move.case, by, *STEERING)
    demand_open(move.case)
    before = move.case.unit
    if unit == before:
        raise Refused(_("The case is with %(unit)s already.") % {"unit": unit})
    if not reason.strip():
        raise Refused(_("Write down why the case goes to another office."))
    move.case.unit = unit
    move.unit.note(move.case, "unit")
    for step in move.case.all_steps:
        step.unit = unit
        move.unit.note(step, "unit")
    move.unit.write()  # the case before its steps: a wall keeps them at its office
    move.log(OFFICE_CHANGED, note=f"{before} → {unit}. {reason}", before=before.pk, after=unit.pk)
    pass_on_within(move)
    return move.case


@act
def withdraw(case: Case, *, by: User, reason: str) -> Case:
    """The customer takes the request back."""
    move = Move(case.pk, by, None)
    demand_role(move.case, by, Role.CLERK, *STEERING)
    demand_open(move.case)
    if not reason.strip():
        raise Refused(_("Write down why the customer withdraws."))
    account(move, *move.case.live_steps)
    _close(move, "withdraw", reason)
    move.log(WITHDRAWN, note=reason)
    return move.case


@act
def discard(case: Case, *, by: User) -> Case:
    """A draft that was never accepted is thrown away by who began it. The customer is not told."""
    move = Move(case.pk, by, None)
    demand_author(move.case, by)
    demand_draft(move.case)
    _close(move, "withdraw", _("The draft was discarded before anything was accepted."))
    move.log(DISCARDED)
    return move.case


@act
def refuse(case: Case, *, by: User, reason: str, options: str = "") -> Case:
    """The utility cannot supply; the reason, in plain words, goes to the customer in writing.

    `options` are what the customer can do instead, one a line, beside those that everybody has.
    """
    move = Move(case.pk, by, None)
    demand_role(move.case, by, Role.APPROVER, *STEERING)
    demand_open(move.case)
    if not reason.strip():
        raise Refused(_("A refusal needs its reason in plain words."))
    account(move, *move.case.live_steps)
    _close(move, "refuse", reason)
    move.log(REFUSED, note=reason, options=options)
    # Papers are to the right of here: found by name, like the debts.
    import_module("documents.services").issue(
        move.case, "refusal", by=by, reason=reason, options=options
    )
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def _close(move: Move, name: str, reason: str) -> None:
    move.conclude_case(name, closed_at=move.at, closing_reason=reason)
    for step in reversed(move.case.all_steps):  # what was built last is undone first
        if not step.is_finished:
            end_pause(move, step)
            undo(move, step)
            move.transit(step, "void", due_on=None, reason=reason)
        elif step.state == Step.State.DONE:
            undo(move, step)
    ladder.take_down(move.case)


@act
def contact(
    case: Case,
    *,
    by: User | None,
    two_way: bool,
    note: Words,
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """Note a contact with the customer; only a two-way one resets the contact clock."""
    move = Move(case.pk, by, at)
    if two_way and move.at > move.case.last_contact_at:
        move.case.last_contact_at = move.at
        move.unit.note(move.case, "last_contact_at")
        if move.case.is_open:
            await_contact(move.case, move.now)
    if two_way:
        import_module("news.services").reached(move.case, move.at)
    return move.log(CONTACTED, note=note, two_way=two_way, **data)


@act
def conclude(case: Case, *, by: User | None) -> Case:
    """Archive the case if nothing is owed any more; called when a debt was settled."""
    move = Move(case.pk, by, None)
    conclude_when_settled(move)
    if move.case.state != move.case_before:
        move.log(CONCLUDED)
    return move.case
