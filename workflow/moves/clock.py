"""When our clock stands still, runs again, or is set by new limits."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import STEERING
from workflow import clocks, ladder, stops
from workflow.guards import Refused
from workflow.models import Case, Pause, Step, StopReason, Subject
from workflow.moves.acts import DUE_CHANGED, RESUMED, STOPPED
from workflow.moves.move import Move, end_pause, run_clock, stand, taking
from workflow.moves.rights import demand_worker
from workflow.moves.unit_of_work import act
from workflow.words import Words, keep


@act
def stop(
    step: Step, *, by: User, reason: StopReason, party: str, evidence: str, review_on: date
) -> Step:
    """Stop the utility's clock for a listed reason, with evidence, a party waited for and a review
    date.

    Who works on the step, or the supervisor, stops it. The cap comes with the reason, which must
    fit the step (`workflow.stops`); the review is on a working day up to the cap (DOMAIN section
    4). A step that is late already keeps its due date, and stays on the list of what is late.
    """
    move = Move(step.case_id, by, None)
    step = move.step(step.pk)
    steers = by.has_role(*STEERING)
    if not steers:
        demand_worker(step, by)
    stops.demand_fit(reason, step, by)
    cap_on = clocks.calendar().add(move.today, reason.cap)
    if not move.today < review_on <= cap_on:
        raise Refused(
            _(
                "The review date must lie after today and not after %(cap)s, "
                "after which the clock runs again."
            )
            % {"cap": f"{cap_on:%Y-%m-%d}"},
            fields=("review_on",),
        )
    if not clocks.calendar().is_working(review_on):
        raise Refused(
            _("The review date must be a working day: the next one is %(day)s.")
            % {"day": f"{clocks.calendar().add(review_on, 0):%Y-%m-%d}"},
            fields=("review_on",),
        )
    if not party.strip() or not evidence.strip():
        raise Refused(
            _(
                "A stop needs its evidence, the party waited for, a review date "
                "and the day the clock runs again."
            )
        )
    late_since = clocks.missed(step, move.today)
    takes = {} if steers else taking(step, by)
    move.transit(step, "stop", due_on=late_since, **takes)
    pause = Pause.objects.create(
        step=step,
        reason=reason,
        party=party,
        evidence=evidence,
        review_on=review_on,
        cap_on=cap_on,
        started_at=move.at,
        started_by=by,
    )
    stand(step, move.at)
    ladder.stand(Subject.STOP, pause.pk, case=move.case, step=step, due_on=review_on, at=move.at)
    move.log(
        STOPPED,
        step=step,
        note=lambda: f"{reason}: {party}. {evidence}",
        reason=reason.code,
        review_on=review_on,
        cap_on=cap_on,
    )
    return step


@act
def resume(step: Step, *, by: User | None, note: Words = "", at: datetime | None = None) -> Step:
    """The clock runs again; the working days wholly within the stop are added to the due date.

    By None: at its cap, the stop ends by itself; raises Refused for one whose cap is not reached.
    """
    move = Move(step.case_id, by, at)
    step = move.step(step.pk)
    if by is None and step.pauses.filter(ended_at=None, cap_on__gte=move.today).exists():
        raise Refused(_("The stop has not reached its cap."))
    if by and not by.has_role(*STEERING):
        demand_worker(step, by)
    move.transit(step, "resume")
    end_pause(move, step)
    run_clock(move, step)
    move.log(RESUMED, step=step, note=note, due_on=step.due_on)
    return step


@act
def reschedule(case: Case, *, by: User | None, why: Words) -> list[Step]:
    """Compute the due dates of the open steps anew (limits or calendar changed) and log old
    → new.
    """
    move = Move(case.pk, by, None)
    changed = []
    for step in move.case.live_steps:
        if step.state != Step.State.IN_HAND:
            continue
        before = step.due_on
        run_clock(move, step)
        if step.due_on != before:
            changed.append(step)
            move.log(
                DUE_CHANGED,
                step=step,
                note=_moved(before, step, why),
                old=before,
                new=step.due_on,
            )
    return changed


def _moved(before: date | None, step: Step, why: Words) -> Words:
    """A due date that moved: from, to, and why."""
    return lambda: f"{before} → {step.due_on}: {keep(why)}"
