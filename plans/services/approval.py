"""Approval: by as many as the size asks for, never by who surveyed or drew (DOMAIN section 2)."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from plans.models import Approval, ApprovalRule, Plan
from plans.services import rights
from plans.services.ground import change, locked, plan_of, release
from plans.services.soundness import demand_sound
from workflow import moves
from workflow.guards import Refused
from workflow.models import Event, Step
from workflow.moves.unit_of_work import act
from workflow.verbs import label, verb

BARRED = ("plan_drafted", "plan_drawn", "survey_signed")
APPROVED = verb("plan_approved", gettext_lazy("Plan approved"), not_by_whom=BARRED)
GIVEN_BACK = verb("plan_given_back", gettext_lazy("Plan given back by the approver"))


def approvers_needed(plan: Plan) -> int:
    """How many different approvers must agree, by the strictest rule that fits."""
    rules = ApprovalRule.objects.in_force(timezone.localdate())
    return max((rule.approvers for rule in rules if rule.fits(plan)), default=1)


def separated(plan: Plan, by: User) -> list[str]:
    """Why this approver, of all, may not approve this plan: an own hand in it."""
    if by in plan.survey.surveyors:
        return [_("You surveyed this site: somebody else approves the plan.")]
    mine = plan.case.events.filter(verb__in=BARRED, actor=by).first()
    if mine:
        return [
            _("You cannot do this yourself: you did “%(what)s” on this case. Ask a colleague.")
            % {"what": label(mine.verb)}
        ]
    if plan.approvals.filter(by=by, standing=True).exists():
        return [_("You have approved this plan already; it waits for a colleague.")]
    return []


@act
def approve(step: Step, *, by: User, remark: str = "") -> Plan:
    """An approver agrees; the last one needed approves the plan.

    Raises Refused for who drew the plan, surveyed the site or has agreed already, and when the
    plan is not sound any more (a consent has ended).
    """
    step = locked(step)
    plan = plan_of(step)
    rights.demand("approve", step, plan, by)
    if reasons := separated(plan, by):
        raise Refused(reasons)
    demand_sound(plan, timezone.localdate())
    Approval.objects.create(plan=plan, by=by, at=timezone.now(), remark=remark)
    given, needed = plan.approvals.filter(standing=True).count(), approvers_needed(plan)
    if given >= needed:
        change(plan, "approve", approved_at=timezone.now())
    note = f"V{plan.version}, {given}/{needed}. {remark}".strip()
    moves.record(step.case, APPROVED, by=by, step=step, note=note)
    return plan


def given_back(step: Step) -> Event | None:
    """Why an approver gave the plan back that is a draft again, if one did."""
    acts = step.events.filter(verb=GIVEN_BACK).select_related("actor", "step")
    return acts.order_by("seq").last()


@act
def give_back(step: Step, *, by: User, reason: str) -> Plan:
    """The approver wants it changed; approvals given so far count no more."""
    step = locked(step)
    plan = plan_of(step)
    rights.demand("give_back", step, plan, by)
    if not reason.strip():
        raise Refused(_("Say why it is sent back."))
    release(plan)
    change(plan, "give_back", approved_at=None, submitted_at=None)
    plan.approvals.update(standing=False)
    moves.record(step.case, GIVEN_BACK, by=by, step=step, note=reason)
    return plan
