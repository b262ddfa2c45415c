"""How long an answered plan holds: extended once, or void with its capacity free again."""

from __future__ import annotations

import logging
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from plans.force import STANDS_ON_IT, is_used
from plans.models import Plan
from plans.services import rights
from plans.services.ground import locked, plan_of
from plans.services.terms import last_day_to_ask, longer
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Step, Subject
from workflow.moves.unit_of_work import act, part
from workflow.process import Kind, descendants
from workflow.verbs import verb

logger = logging.getLogger(__name__)

EXTENDED = verb("plan_extended", gettext_lazy("Validity of the plan extended"))
EXPIRED = verb("plan_expired", gettext_lazy("The plan was no longer valid"), told=True)


def watch(case: Case) -> None:
    """The ladder of the validity stands while the decision, the fees or the contract are open.

    Its day is the last one on which an extension can be asked for.
    """
    plan = Plan.latest(case)
    waiting = (
        plan is not None
        and plan.state in (Plan.State.ANSWERED, Plan.State.ACCEPTED)
        and Case.objects.filter(pk=case.pk, state=Case.State.OPEN).exists()
        and Step.objects.filter(
            case=case, kind__in=STANDS_ON_IT, state__in=Step.UNFINISHED
        ).exists()
    )
    ladder.stand(
        Subject.PLAN,
        case.pk,
        case=case,
        step=plan.step if plan else None,
        due_on=last_day_to_ask(plan) if plan and waiting else None,
        at=timezone.now(),
    )


@act
def extend(step: Step, *, by: User, reason: str) -> Plan:
    """Lengthen the validity by its own term (DOMAIN section 6): once, asked for in time,
    and not before its end is near; a supervisor may also do it again, or late, where the case would
    come to nothing otherwise.
    """
    step = locked(step)
    plan, today = plan_of(step), timezone.localdate()
    rights.demand("extend", step, plan, by)
    if not reason.strip():
        raise Refused(_("Say why the customer needs more time."))
    if not by.has_role(Role.SUPERVISOR):
        _demand_in_time(plan, today)
    plan.valid_until = longer(plan)
    plan.extended_at = timezone.now()
    plan.save(update_fields=["valid_until", "extended_at"])
    watch(step.case)
    moves.record(step.case, EXTENDED, by=by, step=step, note=f"→ {plan.valid_until}. {reason}")
    return plan


def _demand_in_time(plan: Plan, today: date) -> None:
    """Raise Refused for a second extension, and for one asked for too late."""
    if plan.extended_at is not None:
        raise Refused(
            _("The validity was extended once already; a supervisor may extend it again.")
        )
    last = last_day_to_ask(plan)
    if last is None or today > last:
        raise Refused(
            _(
                "An extension had to be asked for by %(day)s; a supervisor may still extend the "
                "validity."
            )
            % {"day": last}
        )


def expire(today: date | None = None) -> int:
    """Void every plan past its validity on which neither money nor contract stand yet, free its
    capacity and begin the next version.

    Returns how many; safe to run twice, and beside people who decide or extend at that moment.
    What cannot be done for one case holds up no other.
    """
    today, done = today or timezone.localdate(), 0
    promised = (Plan.State.ANSWERED, Plan.State.ACCEPTED)
    late = Plan.objects.filter(
        state__in=promised, valid_until__lt=today, step__case__state=Case.State.OPEN
    )
    for step in Step.objects.filter(plan__in=late).order_by("pk"):
        try:
            done += lapse(step, today)
        except Exception:
            logger.exception("the plan of step %s has not lapsed; tried again tomorrow", step.pk)
    return done


@act
def lapse(step: Step, today: date) -> bool:
    """Void the plan of a step if it is past its validity and not in use, read under the lock.

    Where money was taken on an accepted one it is refunded first, by two people: until then the
    guards behind it hold the case, and the ladder of the plan climbs.
    """
    step = locked(step)
    plan = plan_of(step)
    begun = _open_behind(step) if plan.state == Plan.State.ACCEPTED else step
    if not plan.has_expired(today) or begun is None or not begun.is_live:
        return False
    if plan.state not in (Plan.State.ANSWERED, Plan.State.ACCEPTED):
        return False
    try:
        with part():
            moves.send_back(
                begun,
                by=None,
                to=Kind.PLAN,
                reason=lambda: _("The plan was valid until %(day)s.") % {"day": plan.valid_until},
                what=EXPIRED,
            )
    except Refused:
        if plan.state == Plan.State.ANSWERED:
            raise
        return False
    return True


def _open_behind(step: Step) -> Step | None:
    """The open step from which an accepted plan goes back; None where it is in use."""
    case = step.case
    if case.step(Kind.PLAN) != step or is_used(case):
        return None
    return next((s for s in case.live_steps if s.kind in descendants(Kind.PLAN)), None)
