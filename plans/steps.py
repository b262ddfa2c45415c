"""The only writer of plans: draw, approve, answer, and what the customer decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import TransitionNotAllowed

import documents.steps
from accounts.models import User
from accounts.roles import Role
from applications.models import Application
from documents.models import PaperKind
from plans.models import Approval, ApprovalRule, Plan, PlanSource, ValidityRule
from surveys import steps as surveying
from surveys.models import Candidate, SourcePoint, Survey, Voltage
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.process import CustomerClass, Importance
from workflow.verbs import verb

DRAWN = verb("plan_drawn", gettext_lazy("Plan submitted for approval"))
APPROVED = verb(
    "plan_approved",
    gettext_lazy("Plan approved"),
    not_by_whom=("plan_drawn", "survey_signed"),
)
GIVEN_BACK = verb("plan_given_back", gettext_lazy("Plan given back by the approver"))
ANSWERED = verb("plan_answered", gettext_lazy("Plan answered to the customer"))
ACCEPTED = verb("plan_accepted", gettext_lazy("Plan accepted by the customer"))
OBJECTED = verb("plan_objected", gettext_lazy("The customer objects to the plan"))
EXTENDED = verb("plan_extended", gettext_lazy("Validity of the plan extended"))
EXPIRED = verb("plan_expired", gettext_lazy("The plan was no longer valid"))

NEEDED = (
    "voltage",
    "total_kva",
    "property_boundary",
    "metering",
    "meter_type",
    "tariff",
    "protection",
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
    sources = list(before.sources.all()) if survey and before.survey_id == survey.pk else []
    fresh = Plan(step=step, survey=survey, version=step.round)
    for name in CONTENT:
        setattr(fresh, name, getattr(before, name))
    return fresh, sources


LABELS = {field.name: field.verbose_name for field in Plan._meta.fields}
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


def _from_application(step: Step, survey: Survey | None) -> Plan:
    """A first version with what the customer asked for; voltage and metering follow the class."""
    sheet = Application.of(step.case)
    low = step.case.customer_class in (CustomerClass.LV_RESIDENTIAL, CustomerClass.LV_OTHER)
    asked = (sheet.voltage if sheet else "") or ("220v" if low else "10kv")
    return Plan(
        step=step,
        survey=survey,
        version=step.round,
        voltage=asked,
        total_kva=step.case.capacity_kva or Decimal(0),
        metering=Plan.Metering.LV_LV if low else Plan.Metering.HV_HV,
        tariff=sheet.category if sheet and sheet.category in Plan.Tariff.values else "",
    )


def usable(survey: Survey, today: date) -> list[Candidate]:
    """The candidates a plan may stand on: workable, with every consent given and still holding."""
    candidates = survey.candidates.select_related("source_point").prefetch_related("consents")
    return [candidate for candidate in candidates if candidate.can_be_used(today)]


@transaction.atomic
def save_draft(step: Step, plan: Plan, sources: Iterable[PlanSource], *, by: User) -> Plan:
    """Keep what was typed so far. Raises Refused once the plan is submitted."""
    step = _locked(step)
    moves.demand_worker(step, by)
    kept = Plan.objects.select_for_update(of=("self",)).filter(step=step).first()
    if step.state != Step.State.IN_HAND or (kept or plan).state != Plan.State.DRAFT:
        raise Refused(_("The plan is submitted; to change it, the approver gives it back."))
    if kept and kept.pk != plan.pk:
        raise Refused(_("Somebody else began this plan meanwhile: open it again."))
    survey = Survey.of(step.case)
    if survey is None or not survey.can_supply or survey.signed_at is None:
        raise Refused(_("No plan without a signed survey that can supply."))
    plan.step, plan.survey = step, survey
    plan.save()
    plan.sources.all().delete()
    for source in sources:
        if source.candidate.survey_id != survey.pk:
            raise Refused(_("The source point does not belong to the survey of this case."))
        source.pk, source.plan = None, plan
        source.save(force_insert=True)
    return plan


@transaction.atomic
def submit(step: Step, *, by: User) -> Plan:
    """The planner hands the plan to approval; its capacity is held on every source point.

    Raises Refused with all that is missing, and where a point has not enough open capacity.
    """
    step = _locked(step)
    moves.demand_worker(step, by)
    plan = _of(step)
    demand_sound(plan, timezone.localdate())
    _change(plan, "submit", submitted_at=timezone.now())
    for source, point in _points(plan):
        surveying.reserve(point, source.capacity_kva)
    moves.record(step.case, DRAWN, by=by, step=step, note=f"V{plan.version}")
    return plan


def demand_sound(plan: Plan, today: date) -> None:
    """Raise Refused with everything that stands against this plan as drawn."""
    sources = list(plan.sources.select_related("candidate__source_point"))
    wrong = [
        _("Still to fill in: %(item)s.") % {"item": LABELS[name]}
        for name in NEEDED
        if getattr(plan, name) in (None, "", Decimal(0))
    ]
    allowed = {candidate.pk for candidate in usable(plan.survey, today)}
    wrong += [
        _(
            "%(point)s cannot be used: it is not workable, or a consent is missing, "
            "refused or expired."
        )
        % {"point": source.candidate}
        for source in sources
        if source.candidate_id not in allowed
    ]
    main = [source for source in sources if source.role == PlanSource.Role.MAIN]
    given = sum((source.capacity_kva for source in main), Decimal(0))
    if not sources:
        wrong.append(_("Choose at least one source point."))
    elif given < plan.total_kva:
        wrong.append(
            _("The sources give %(given)s kVA; the plan needs %(total)s kVA.")
            % {"given": given, "total": plan.total_kva}
        )
    wrong += _demands_of_class(plan, sources) + _beyond_measure(sources)
    if wrong:
        raise Refused(wrong)


def _demands_of_class(plan: Plan, sources: list[PlanSource]) -> list[str]:
    """Two sources for multi-source customers, own emergency source for important ones."""
    wrong = []
    if plan.case.customer_class == CustomerClass.HV_DUAL:
        lines = {(s.candidate.substation, s.candidate.line) for s in sources}
        if len(sources) < 2 or len(lines) < 2:
            wrong.append(_("A multi-source customer needs two sources on different lines."))
    if plan.case.importance != Importance.NONE and not plan.emergency_kva:
        wrong.append(_("An important customer needs an own emergency source."))
    return wrong


def _beyond_measure(sources: list[PlanSource]) -> list[str]:
    """Points outside the catalogue reserve nothing: they give what was measured open, no more."""
    return [
        _("%(point)s has %(open)s kVA open; %(kva)s kVA are asked for.")
        % {
            "point": source.candidate,
            "open": source.candidate.open_kva or 0,
            "kva": source.capacity_kva,
        }
        for source in sources
        if source.candidate.source_point is None
        and source.capacity_kva > (source.candidate.open_kva or 0)
    ]


def approvers_needed(plan: Plan) -> int:
    """How many different approvers must agree, by the strictest rule that fits."""
    return max(
        (rule.approvers for rule in ApprovalRule.objects.all() if rule.fits(plan)), default=1
    )


@transaction.atomic
def approve(step: Step, *, by: User, remark: str = "") -> Plan:
    """An approver agrees; the last one needed approves the plan.

    Who drew the plan or surveyed the site may not approve it (DOMAIN section 2).
    """
    step = _locked(step)
    moves.demand_role(step.case, by, Role.APPROVER)
    plan = _of(step)
    if plan.state != Plan.State.SUBMITTED:
        raise Refused(
            _("The plan does not wait for approval: %(state)s.")
            % {"state": plan.get_state_display()}
        )
    if by in plan.survey.surveyors:
        raise Refused(_("You surveyed this site: somebody else approves the plan."))
    if plan.approvals.filter(by=by, standing=True).exists():
        raise Refused(_("You have approved this plan already; it waits for a colleague."))
    demand_sound(plan, timezone.localdate())
    Approval.objects.create(plan=plan, by=by, at=timezone.now(), remark=remark)
    given, needed = plan.approvals.filter(standing=True).count(), approvers_needed(plan)
    if given >= needed:
        _change(plan, "approve", approved_at=timezone.now())
    moves.record(
        step.case,
        APPROVED,
        by=by,
        step=step,
        note=f"V{plan.version}, {given}/{needed}. {remark}".strip(),
    )
    return plan


@transaction.atomic
def give_back(step: Step, *, by: User, reason: str) -> Plan:
    """The approver wants it changed; approvals given so far count no more."""
    step = _locked(step)
    moves.demand_role(step.case, by, Role.APPROVER)
    plan = _of(step)
    if not reason.strip():
        raise Refused(_("Say why it is sent back."))
    _release(plan)
    _change(plan, "give_back", approved_at=None, submitted_at=None)
    plan.approvals.update(standing=False)
    moves.record(step.case, GIVEN_BACK, by=by, step=step, note=reason)
    return plan


@transaction.atomic
def answer(step: Step, *, by: User, how: str) -> Plan:
    """The customer gets the plan in writing; its validity runs and it is the customer's turn."""
    step = _locked(step)
    plan, now = _of(step), timezone.now()
    demand_sound(plan, timezone.localdate(now))
    rule = ValidityRule.objects.filter(customer_class=step.case.customer_class).first()
    _change(
        plan,
        "answer",
        answered_at=now,
        answered_by=by,
        answered_how=how,
        valid_until=months_later(timezone.localdate(now), rule.months if rule else 3),
    )
    step = moves.hand_over(step, by=by, role=_role(by))
    moves.record(
        step.case,
        ANSWERED,
        by=by,
        step=step,
        note=f"V{plan.version} · {plan.get_answered_how_display()}",
    )
    documents.steps.issue(step.case, PaperKind.PLAN, by=by, step=step)
    return plan


@transaction.atomic
def accept(step: Step, *, by: User, signed_name: str, how: str) -> Step:
    """The customer agrees, by name: the step is done, fees and contract may follow."""
    step = _locked(step)
    plan, now = _of(step), timezone.now()
    if plan.has_expired(timezone.localdate(now)):
        raise Refused(
            _("The plan was valid until %(day)s: it must be answered anew.")
            % {"day": plan.valid_until}
        )
    demand_sound(plan, timezone.localdate(now))
    _change(plan, "accept", accepted_at=now, accepted_how=how, signed_name=signed_name)
    _heard(step, plan, by)
    return moves.finish(
        step,
        by=by,
        role=_role(by),
        what=ACCEPTED,
        outcome="accepted",
        note=f"V{plan.version} · {signed_name}",
        facts=_facts(plan),
    )


@transaction.atomic
def object_to(step: Step, *, by: User, reason: str) -> Step:
    """The customer does not agree: what they say is kept, and the next version is drawn."""
    step = _locked(step)
    plan = _of(step)
    if not reason.strip():
        raise Refused(_("Write down what the customer objects to."))
    _release(plan)
    _change(plan, "object", objection=reason)
    _heard(step, plan, by)
    return moves.send_back(step, by=by, role=_role(by), reason=reason, what=OBJECTED)


@transaction.atomic
def extend(step: Step, *, by: User, reason: str) -> Plan:
    """Lengthen the validity once more by its term, asked for in time (DOMAIN section 6)."""
    step = _locked(step)
    moves.demand_role(step.case, by, Role.PLANNER, Role.SUPERVISOR)
    plan, today = _of(step), timezone.localdate()
    rule = ValidityRule.objects.filter(customer_class=step.case.customer_class).first()
    if plan.state != Plan.State.ANSWERED or plan.valid_until is None:
        raise Refused(_("Only an answered plan can be extended."))
    days_left = (plan.valid_until - today).days
    if rule is None or days_left < rule.ask_days_before:
        raise Refused(
            _("An extension must be asked for at least %(n)s days before the end.")
            % {"n": rule.ask_days_before if rule else 10}
        )
    plan.valid_until, plan.extended_at = months_later(plan.valid_until, rule.months), timezone.now()
    plan.save(update_fields=["valid_until", "extended_at"])
    moves.record(step.case, EXTENDED, by=by, step=step, note=f"→ {plan.valid_until}. {reason}")
    return plan


def expire(today: date | None = None) -> int:
    """Void every answered plan past its validity, free its capacity and begin the next version."""
    today = today or timezone.localdate()
    late = Plan.objects.filter(state=Plan.State.ANSWERED, valid_until__lt=today)
    return sum(_expire(plan, today) for plan in late.select_related("step__case"))


@transaction.atomic
def _expire(plan: Plan, today: date) -> bool:
    """Void one plan, unless the customer decided while we were on the way."""
    step = _locked(plan.step)
    plan = _of(step)
    if plan.state != Plan.State.ANSWERED or not plan.has_expired(today):
        return False
    reason = _("The plan was valid until %(day)s.") % {"day": plan.valid_until}
    moves.send_back(step, by=None, reason=reason, what=EXPIRED)
    return True


def undone(step: Step, *, by: User | None) -> None:
    """The plan no longer holds: its capacity is free again."""
    plan = Plan.objects.filter(step=step).first()
    if plan and plan.state not in (Plan.State.OBJECTED, Plan.State.VOID):
        _release(plan)
        _change(plan, "void")


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of the month where there is none."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _locked(step: Step) -> Step:
    """The step as it is now; its case is locked by the request or by the move that follows."""
    type(step.case).objects.select_for_update(of=("self",)).filter(pk=step.case_id).first()
    return Step.objects.select_related("case__unit", "case__owner", "owner").get(pk=step.pk)


def _of(step: Step) -> Plan:
    plan = Plan.objects.select_for_update(of=("self",)).filter(step=step).first()
    if plan is None:
        raise Refused(_("The plan is not drawn yet."))
    plan.step = step
    return plan


def _heard(step: Step, plan: Plan, by: User) -> None:
    """Whoever decides has spoken with us: the customer is not silent."""
    moves.contact(
        step.case, by=by, two_way=True, note=f"V{plan.version}: {plan.get_state_display()}"
    )


def _facts(plan: Plan) -> dict:
    """What the accepted plan tells the case; the steps not begun follow from it."""
    facts = {"chargeable": plan.chargeable, "capacity_kva": plan.total_kva}
    low = (CustomerClass.LV_RESIDENTIAL, CustomerClass.LV_OTHER)
    if plan.voltage not in (Voltage.V220, Voltage.V380) and plan.case.customer_class in low:
        facts["customer_class"] = CustomerClass.HV_SINGLE
    return facts


def _role(by: User) -> str | None:
    """Planners act as owners of the step; clerks hand the answer over and note the decision."""
    return None if by.has_role(Role.PLANNER) else Role.CLERK


def _change(plan: Plan, name: str, **fields: object) -> None:
    try:
        getattr(plan, name)()
    except TransitionNotAllowed as error:
        raise Refused(
            _("This cannot be done with the plan now: %(state)s.")
            % {"state": plan.get_state_display()}
        ) from error
    for field, value in fields.items():
        setattr(plan, field, value)
    plan.save(update_fields=["state", *fields])


def _points(plan: Plan) -> Iterable[tuple[PlanSource, SourcePoint]]:
    """The sources that stand on a point of the catalogue, in a fixed order against deadlocks."""
    for source in plan.sources.select_related("candidate__source_point").order_by(
        "candidate__source_point_id"
    ):
        if source.candidate.source_point:
            yield source, source.candidate.source_point


def _release(plan: Plan) -> None:
    if plan.holds_capacity:
        for source, point in _points(plan):
            surveying.release(point, source.capacity_kva)
