"""Who may do which act on a plan, and when: the same words refuse it and stand on its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from applications.models import Contact
from applications.models.contact import Proof
from plans.models import Plan
from plans.services.ground import not_now
from plans.services.terms import first_day_to_ask
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step

State = Plan.State


@dataclass(frozen=True)
class Act:
    """One thing that can be done with a plan: its page, its words, when, and by whom.

    Acts with `roles` are done by anybody who holds one; the others by who has the step, or by
    a clerk who meets the customer.
    """

    code: str
    label: Any
    icon: str
    when: tuple[str, ...]
    roles: tuple[str, ...] = ()
    main: bool = False


ACTS = {
    act.code: act
    for act in (
        Act(
            "approve",
            gettext_lazy("Approve…"),
            "check",
            (State.SUBMITTED,),
            (Role.APPROVER,),
            main=True,
        ),
        Act(
            "give_back",
            gettext_lazy("Give back…"),
            "back",
            (State.SUBMITTED, State.APPROVED),
            (Role.APPROVER,),
        ),
        Act("answer", gettext_lazy("Answer the customer…"), "mail", (State.APPROVED,), main=True),
        Act("decide", gettext_lazy("Record the decision…"), "user", (State.ANSWERED,), main=True),
        Act(
            "close",
            gettext_lazy("Close after proven attempts…"),
            "phone",
            (State.ANSWERED,),
            (Role.SUPERVISOR,),
        ),
        Act(
            "extend",
            gettext_lazy("Extend the validity…"),
            "calendar",
            (State.ANSWERED, State.ACCEPTED),
            (Role.PLANNER, Role.SUPERVISOR),
        ),
    )
}


def hindrances(code: str, step: Step, by: User | None) -> list[str]:
    """Why this person may not do it on this case; empty when nothing stands against it.

    Nobody of the house is the customer, who decides on the own plan and does nothing else with it.
    """
    if by is None:
        return [] if code == "decide" else [_("This is not for the customer to do.")]
    roles = ACTS[code].roles
    if not roles:
        return moves.hindrances(step, by, role=role_of(step, by))
    try:
        moves.demand_role(step.case, by, *roles)
    except Refused as refusal:
        return refusal.messages
    return []


def not_yet(code: str, step: Step, plan: Plan | None) -> list[str]:
    """Why it cannot be done now, whoever does it."""
    if plan is None:
        return [_("The plan is not drawn yet.")]
    accepted = plan.state == State.ACCEPTED and step.case.state == Case.State.OPEN
    if not step.is_live and not (accepted and State.ACCEPTED in ACTS[code].when):
        return [_("%(step)s is not open.") % {"step": step.get_kind_display()}]
    if plan.state not in ACTS[code].when:
        return [not_now(plan)]
    return NOT_TODAY[code](plan, timezone.localdate()) if code in NOT_TODAY else []


def ran_out(plan: Plan) -> str:
    text = _("The plan was valid until %(day)s: it must be answered anew.")
    return text % {"day": f"{plan.valid_until:%Y-%m-%d}"}


def _ran_out(plan: Plan, today: date) -> list[str]:
    """Nobody accepts what does not hold any more, nor is it closed as if they had."""
    return [ran_out(plan)] if plan.has_expired(today) else []


def _too_early(plan: Plan, today: date) -> list[str]:
    """More time is given when the end is near: so never twice on the same day, either."""
    first = first_day_to_ask(plan)
    if first is None or today >= first:
        return []
    text = _("The plan is valid until %(until)s: more time can be asked for from %(first)s on.")
    return [text % {"until": f"{plan.valid_until:%Y-%m-%d}", "first": f"{first:%Y-%m-%d}"}]


# What stands against an act on the day, though the state of the plan allows it.
NOT_TODAY = {"decide": _ran_out, "close": _ran_out, "extend": _too_early}


def attempts(plan: Plan) -> Proof:
    """Who tried in vain to reach the customer since they have the plan in writing."""
    since = plan.answered_at or timezone.now()
    return Contact.objects.proof_of_attempts(plan.case, since)


def unproven(plan: Plan) -> list[str]:
    """Why nobody may say yet that the customer does not answer; empty when it is proven."""
    if plan.answered_at is None:
        return [not_now(plan)]
    proof = attempts(plan)
    if proof.holds:
        return []
    return [
        _("Silence is not proven since the plan was answered on %(day)s. %(proof)s.")
        % {
            "day": f"{timezone.localdate(plan.answered_at):%Y-%m-%d}",
            "proof": proof.summary,
        }
    ]


def demand(code: str, step: Step, plan: Plan, by: User | None) -> None:
    """Raise Refused with what stands against this act by this person."""
    if found := hindrances(code, step, by) or not_yet(code, step, plan):
        raise Refused(found)


def role_of(step: Step, by: User | None) -> str | None:
    """Planners act as owners of the step; clerks hand the answer over and note the decision."""
    if by is None:
        return None
    mine = by.has_role(Role.PLANNER) and step.owner_id in (None, by.pk)
    return None if mine or not by.has_role(Role.CLERK) else Role.CLERK
