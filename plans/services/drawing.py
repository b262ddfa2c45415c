"""Drawing the plan: from the application or the version before, kept as a draft, submitted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from applications.models import Application
from plans.models import Plan, PlanSource
from plans.services.ground import change, hold, locked, plan_of
from plans.services.metering import is_high
from plans.services.soundness import demand_sound
from surveys.models import Survey
from surveys.models.survey import Phase
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves.unit_of_work import act
from workflow.process import HV
from workflow.verbs import verb

DRAFTED = verb("plan_drafted", gettext_lazy("Plan begun"))
DRAWN = verb("plan_drawn", gettext_lazy("Plan submitted for approval"))
CONTENT = (
    "voltage",
    "receiving_points",
    "total_kva",
    "primary_wiring",
    "property_boundary",
    "metering",
    "ct_ratio",
    "pt_ratio",
    "meter_type",
    "meter_accuracy",
    "tariff",
    "power_factor",
    "protection",
    "emergency_kva",
    "reserve_kva",
    "remarks",
)


def draft_for(step: Step) -> tuple[Plan, list[PlanSource]]:
    """The plan of a step with its sources; a new one begins from the last version."""
    found = Plan.objects.filter(step=step).select_related("survey").first()
    if found:
        found.step = step
        return found, list(found.sources.select_related("candidate__source_point"))
    survey, before = Survey.of(step.case), Plan.latest(step.case)
    if before is None:
        return _from_application(step, survey), []
    fresh = Plan(step=step, survey=survey, version=step.round)
    for name in CONTENT:
        setattr(fresh, name, getattr(before, name))
    return fresh, _sources_again(before, survey)


def _sources_again(before: Plan, survey: Survey | None) -> list[PlanSource]:
    """The sources of the version before, on the points of the survey that counts now."""
    sources = list(before.sources.select_related("candidate__source_point"))
    if survey is None or before.survey_id == survey.pk:
        return sources
    points = {str(p): p for p in survey.candidates.select_related("source_point")}
    kept = [source for source in sources if str(source.candidate) in points]
    for source in kept:
        source.candidate = points[str(source.candidate)]
    return kept


def _from_application(step: Step, survey: Survey | None) -> Plan:
    """A first version with what the customer asked for; voltage and metering follow the class."""
    sheet = Application.of(step.case)
    high = step.case.customer_class in HV
    voltage = sheet.voltage if sheet else ""
    if not voltage or is_high(voltage) != high:
        voltage = Application.Voltage.KV10 if high else Application.Voltage.V220
    if voltage == Application.Voltage.V220 and survey and survey.phase == Phase.THREE:
        voltage = Application.Voltage.V380
    return Plan(
        step=step,
        survey=survey,
        version=step.round,
        voltage=voltage,
        total_kva=step.case.capacity_kva or Decimal(0),
        metering=Plan.Metering.HV_HV if high else Plan.Metering.LV_LV,
        tariff=sheet.category if sheet and sheet.category in Plan.Tariff.values else "",
    )


@act
def save_draft(step: Step, plan: Plan, sources: Sequence[PlanSource], *, by: User) -> Plan:
    """Keep what was typed so far; who begins an unclaimed plan has claimed it.

    Raises Refused once the plan is submitted, without a signed survey that can supply, or for a
    source point of another case.
    """
    step = locked(step)
    moves.demand_worker(step, by)
    stored = Plan.objects.select_for_update(of=("self",)).filter(step=step).first()
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    if stored and stored.state != Plan.State.DRAFT:
        raise Refused(_("The plan is submitted; to change it, the approver gives it back."))
    if stored and stored.pk != plan.pk:
        raise Refused(_("Somebody else began this plan meanwhile: open it again."))
    survey = Survey.of(step.case)
    if survey is None or not survey.can_supply or survey.signed_at is None:
        raise Refused(_("No plan without a signed survey that can supply."))
    if step.owner_id is None:
        step = moves.claim(step, by=by)
    plan.step, plan.survey = step, survey
    plan.save(force_insert=stored is None, force_update=stored is not None)
    _write_sources(plan, sources)
    if not step.events.filter(verb=DRAFTED, actor=by).exists():
        moves.record(step.case, DRAFTED, by=by, step=step, note=f"V{plan.version}")
    return plan


def _write_sources(plan: Plan, sources: Sequence[PlanSource]) -> None:
    points = [source.candidate for source in sources]
    if any(point.survey_id != plan.survey_id for point in points):
        raise Refused(_("The source point does not belong to the survey of this case."))
    if len({point.pk for point in points}) < len(points):
        raise Refused(_("A source point stands in the plan twice."))
    plan.sources.all().delete()
    for source in sources:
        source.pk, source.plan = None, plan
        source.save(force_insert=True)


@act
def submit(step: Step, *, by: User) -> Plan:
    """The planner hands the plan to approval; its capacity is held on every source point.

    Raises Refused with all that is missing, and where a point has not enough open capacity.
    """
    step = locked(step)
    moves.demand_worker(step, by)
    plan = plan_of(step)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    demand_sound(plan, timezone.localdate())
    change(plan, "submit", submitted_at=timezone.now())
    hold(plan)
    moves.record(step.case, DRAWN, by=by, step=step, note=f"V{plan.version}")
    return plan
