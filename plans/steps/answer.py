"""The customer gets the plan in writing, and accepts it or objects."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import documents.steps
from accounts.models import User
from documents.models import PaperKind
from plans.models import Plan
from plans.steps import rights
from plans.steps.ground import change, locked, plan_of, release
from plans.steps.soundness import demand_sound, is_high
from plans.steps.validity import MONTHS, months_later, rule_for, watch
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.process import HV, CustomerClass
from workflow.verbs import verb

ANSWERED = verb("plan_answered", gettext_lazy("Plan answered to the customer"))
ACCEPTED = verb("plan_accepted", gettext_lazy("Plan accepted by the customer"))
OBJECTED = verb("plan_objected", gettext_lazy("The customer objects to the plan"))


@transaction.atomic
def answer(step: Step, *, by: User, how: str) -> Plan:
    """The customer gets the plan in writing; its validity runs and it is the customer's turn."""
    step = locked(step)
    plan, now = plan_of(step), timezone.now()
    rights.demand("answer", step, plan, by)
    demand_sound(plan, timezone.localdate(now))
    rule = rule_for(step.case)
    change(
        plan,
        "answer",
        answered_at=now,
        answered_by=by,
        answered_how=how,
        valid_until=months_later(timezone.localdate(now), rule.months if rule else MONTHS),
    )
    step = moves.hand_over(step, by=by, role=rights.role_of(step, by))
    moves.record(
        step.case,
        ANSWERED,
        by=by,
        step=step,
        note=lambda: f"V{plan.version} · {plan.get_answered_how_display()}",
    )
    documents.steps.issue(step.case, PaperKind.PLAN, by=by, step=step)
    watch(step.case)
    return plan


@transaction.atomic
def accept(step: Step, *, by: User, signed_name: str, how: str) -> Step:
    """The customer agrees, by name: the step is done, fees and contract may follow.

    Raises Refused after the validity, and when a point may not be used any more: money must
    not follow a plan that cannot be built (DOMAIN section 1).
    """
    step = locked(step)
    plan, now = plan_of(step), timezone.now()
    rights.demand("decide", step, plan, by)
    if not signed_name.strip() or how not in Plan.Acceptance.values:
        raise Refused(_("A plan is accepted by a named customer, in a way that can be shown."))
    if plan.has_expired(timezone.localdate(now)):
        raise Refused(
            _("The plan was valid until %(day)s: it must be answered anew.")
            % {"day": plan.valid_until}
        )
    demand_sound(plan, timezone.localdate(now))
    change(plan, "accept", accepted_at=now, accepted_how=how, signed_name=signed_name)
    _heard(plan, by)
    step = moves.finish(
        step,
        by=by,
        role=rights.role_of(step, by),
        what=ACCEPTED,
        outcome="accepted",
        note=f"V{plan.version} · {signed_name}",
        facts=_facts(plan),
    )
    watch(step.case)
    return step


def _facts(plan: Plan) -> dict[str, Any]:
    """What the accepted plan tells the case; the steps not begun follow from it."""
    facts = {"chargeable": plan.chargeable, "capacity_kva": plan.total_kva}
    if is_high(plan.voltage) and plan.case.customer_class not in HV:
        facts["customer_class"] = CustomerClass.HV_SINGLE
    return facts


def _heard(plan: Plan, by: User) -> None:
    """Whoever decides has spoken with us: the customer is not silent."""
    moves.contact(
        plan.case,
        by=by,
        two_way=True,
        note=lambda: f"V{plan.version}: {plan.get_state_display()}",
    )


@transaction.atomic
def object_to(step: Step, *, by: User, reason: str) -> Step:
    """The customer does not agree: what they say is kept, and the next version is drawn."""
    step = locked(step)
    plan = plan_of(step)
    rights.demand("decide", step, plan, by)
    if not reason.strip():
        raise Refused(_("Write down what the customer objects to."))
    release(plan)
    change(plan, "object", objection=reason)
    _heard(plan, by)
    return moves.send_back(step, by=by, role=rights.role_of(step, by), reason=reason, what=OBJECTED)
