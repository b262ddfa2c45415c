"""What every act on a plan stands on: the locked step, its plan, and the capacity it holds."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from accounts.models import User
from plans.models import Plan, PlanSource
from surveys import services as surveying
from surveys.models import SourcePoint
from workflow import ladder
from workflow.guards import Refused
from workflow.models import Case, Step, Subject


def locked(step: Step) -> Step:
    """The step as it is now, with its case locked until the transaction ends."""
    Case.objects.select_for_update(of=("self",)).filter(pk=step.case_id).first()
    return Step.objects.select_related("case__unit", "case__owner", "owner").get(pk=step.pk)


def plan_of(step: Step) -> Plan:
    """The plan of a step. Raises Refused while none is drawn."""
    plan = (
        Plan.objects.select_for_update(of=("self",))
        .select_related("survey__surveyor", "survey__second_surveyor")
        .filter(step=step)
        .first()
    )
    if plan is None:
        raise Refused(_("The plan is not drawn yet."))
    plan.step = step
    return plan


def change(plan: Plan, name: str, **fields: object) -> None:
    """Make one transition of a plan and store it with the named fields."""
    try:
        getattr(plan, name)()
    except TransitionNotAllowed as error:
        raise Refused(not_now(plan)) from error
    for field, value in fields.items():
        setattr(plan, field, value)
    plan.save(update_fields=["state", *fields])


def not_now(plan: Plan) -> str:
    return _("This cannot be done with the plan now: %(state)s.") % {
        "state": plan.get_state_display()
    }


def hold(plan: Plan) -> None:
    """Reserve what the plan takes from each point. Raises Refused where too little is open."""
    for source, point in _points(plan):
        surveying.reserve(point, source.capacity_kva)


def release(plan: Plan) -> None:
    """Give back what the plan held, if it held anything."""
    if plan.holds_capacity:
        for source, point in _points(plan):
            surveying.release(point, source.capacity_kva)


def power_on(case: Case) -> None:
    """What the accepted plan held is in use; called once, when the meter step is finished."""
    if plan := Plan.of(case):
        for source, point in _points(plan):
            surveying.commit(point, source.capacity_kva)
    surveying.forget_unplanned(case, used=())


def power_off(case: Case) -> None:
    """The meter step no longer holds: the accepted plan holds its capacity as before."""
    if plan := Plan.of(case):
        for source, point in _points(plan):
            surveying.uncommit(point, source.capacity_kva)


def undone(step: Step, *, by: User | None) -> None:
    """The plan no longer holds: its capacity is free again."""
    plan = Plan.objects.filter(step=step).first()
    if plan and plan.state not in (Plan.State.OBJECTED, Plan.State.VOID):
        release(plan)
        change(plan, "void")
    ladder.stand(Subject.PLAN, step.case_id, case=step.case, due_on=None, at=timezone.now())


def _points(plan: Plan) -> Iterable[tuple[PlanSource, SourcePoint]]:
    """The sources that stand on a point of the catalogue, in a fixed order against deadlocks."""
    for source in plan.sources.select_related("candidate__source_point").order_by(
        "candidate__source_point_id"
    ):
        if source.candidate.source_point:
            yield source, source.candidate.source_point
