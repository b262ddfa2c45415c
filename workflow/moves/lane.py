"""The fast lane (DOMAIN section 8): asked for, approved, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from importlib import import_module

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import STEERING
from workflow import process
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.acts import FAST_LANE_APPROVED, FAST_LANE_ASKED, FAST_LANE_REVOKED
from workflow.moves.move import Move, advance, run_clock
from workflow.moves.rights import demand_open, demand_role, demand_writer
from workflow.moves.unit_of_work import act
from workflow.words import Words


@act
def ask_fast_lane(case: Case, *, by: User, grounds: str) -> Case:
    """Propose the fast lane, with the ground for it (credit grade, guarantee, special need)."""
    move = Move(case.pk, by, None)
    demand_writer(move.case, by)
    demand_open(move.case)
    if move.case.fast_lane in (Case.FastLane.ASKED, Case.FastLane.APPROVED):
        raise Refused(_("The fast lane was asked for already."))
    if not grounds.strip():
        raise Refused(_("The fast lane needs its ground."))
    move.case.fast_lane = Case.FastLane.ASKED
    move.unit.note(move.case, "fast_lane")
    move.log(FAST_LANE_ASKED, note=grounds)
    return move.case


@act
def approve_fast_lane(
    case: Case, *, by: User, kinds: Iterable[str], until: date, note: Words = ""
) -> Case:
    """Let formalities be finished after power on; each becomes a dated debt (DOMAIN section 8).

    Survey, acceptance, licensed installers and the meter can never be deferred.
    """
    move = Move(case.pk, by, None)
    demand_role(move.case, by, *STEERING)
    demand_open(move.case)
    kinds = list(kinds)
    if move.case.fast_lane != Case.FastLane.ASKED:
        raise Refused(_("Nobody has asked for the fast lane."))
    if not kinds or any(not process.PROCESS[kind].deferrable for kind in kinds):
        raise Refused(_("Only fees and the final contract can be deferred."))
    if wrong := against_deferral(move.case, kinds, until, move.today):
        raise wrong
    move.case.fast_lane = Case.FastLane.APPROVED
    move.unit.note(move.case, "fast_lane")
    for kind in kinds:
        step = move.case.step(kind)
        if step and not step.is_finished:
            step.deferred_until = until
            move.unit.note(step, "deferred_until")
            if step.state == Step.State.IN_HAND:
                run_clock(move, step)
    advance(move)
    move.log(FAST_LANE_APPROVED, note=note, kinds=kinds, until=until)
    return move.case


def against_deferral(case: Case, kinds: Iterable[str], until: date, today: date) -> Refused | None:
    """Why these links cannot be deferred until this day: it lies ahead, and not too far.

    How far is a house rule (settings.DEFERRAL_DAYS); a room that has promised less for a link says
    so with `deferrable_until(case)` in its services.
    """
    rooms = [import_module(f"{process.PROCESS[kind].room}.services") for kind in kinds]
    promised = [room.deferrable_until(case) for room in rooms if hasattr(room, "deferrable_until")]
    last = min([today + timedelta(days=settings.DEFERRAL_DAYS), *filter(None, promised)])
    if until <= today:
        text = _("The day until which it is deferred must lie ahead.")
    elif until > last:
        text = _("It can be deferred until %(day)s at most.") % {"day": f"{last:%Y-%m-%d}"}
    else:
        return None
    return Refused(text, fields=("until",))


@act
def revoke_fast_lane(case: Case, *, by: User, reason: str) -> Case:
    """What was deferred must be finished before power on again."""
    move = Move(case.pk, by, None)
    demand_role(move.case, by, *STEERING)
    demand_open(move.case)
    if move.case.fast_lane != Case.FastLane.APPROVED:
        raise Refused(_("The case is not in the fast lane."))
    if not reason.strip():
        raise Refused(_("Write down why the fast lane is revoked."))
    move.case.fast_lane = Case.FastLane.REVOKED
    move.unit.note(move.case, "fast_lane")
    for step in move.case.all_steps:
        if step.deferred_until and not step.is_finished:
            step.deferred_until = None
            move.unit.note(step, "deferred_until")
            if step.state == Step.State.IN_HAND:
                run_clock(move, step)
    move.log(FAST_LANE_REVOKED, note=reason)
    return move.case
