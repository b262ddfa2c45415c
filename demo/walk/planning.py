"""The plan: drawn, approved, answered, accepted."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from django.utils import timezone

from accounts.roles import Role
from applications.signers import signers_of
from demo.walk.counter import bring_papers
from demo.walk.stage import Stage, fresh, picture
from plans import services as plans
from plans.models import Plan, PlanSource
from workflow.models import Case, Step
from workflow.process import (
    HV,
    CustomerClass,
    Kind,
)


def begin_plan(stage: Stage, case: Case) -> Step:
    """The planner draws; nothing is submitted yet."""
    bring_papers(stage, case, Kind.PLAN)
    step = fresh(case).step(Kind.PLAN)
    by, high = stage.worker(step), case.customer_class in HV
    plan, _ = plans.draft_for(step)
    plan.total_kva = plan.total_kva or Decimal(8)
    plan.primary_wiring = (
        "单母线分段" if case.customer_class == CustomerClass.HV_DUAL else "单电源放射式"
    )
    plan.property_boundary = "10 kV 分支箱出线桩头" if high else "表箱出线开关"
    plan.ct_ratio, plan.pt_ratio = ("50/5", "10/0.1") if high else ("", "")
    plan.meter_type, plan.meter_accuracy = ("三相智能表", "0.5S") if high else ("单相智能表", "2.0")
    plan.tariff = plan.tariff or ("commercial" if high else "residential")
    plan.power_factor = Decimal("0.90") if high else None
    plan.protection = "过流、速断" if high else "剩余电流保护"
    if case.importance != "none":
        plan.emergency_kva = Decimal(100)
    candidates = plans.usable(plan.survey, timezone.localdate())
    count = 2 if case.customer_class == CustomerClass.HV_DUAL else 1
    sources = [
        PlanSource(
            candidate=candidate,
            role="main" if n == 0 else "standby",
            laying="cable",
            capacity_kva=plan.total_kva,
        )
        for n, candidate in enumerate(candidates[:count])
    ]
    plans.save_draft(step, plan, sources, by=by)
    return fresh(case).step(Kind.PLAN)


def draw_plan(stage: Stage, case: Case) -> Step:
    """The planner draws and submits."""
    step = begin_plan(stage, case)
    plans.submit(step, by=stage.worker(step))
    return fresh(case).step(Kind.PLAN)


def approve_plan(stage: Stage, case: Case) -> None:
    """As many approvers as the plan needs agree."""
    step = fresh(case).step(Kind.PLAN)
    for username in ("wuguohua", "qianwei"):
        if Plan.latest(case).state == Plan.State.SUBMITTED:
            plans.approve(step, by=stage.people[username], remark="同意")
            stage.clock.later(minutes=20)


def answer_plan(stage: Stage, case: Case) -> None:
    """The customer has it in writing."""
    step = fresh(case).step(Kind.PLAN)
    plans.answer(step, by=stage.worker(step), how=Plan.Channel.COUNTER)


def plan(stage: Stage, case: Case) -> None:
    """Drawn, approved, answered, accepted."""
    draw_plan(stage, case)
    stage.clock.later(hours=2)
    approve_plan(stage, case)
    stage.clock.later(hours=1)
    answer_plan(stage, case)
    stage.clock.next_day()
    step = fresh(case).step(Kind.PLAN)
    signer = signers_of(case, timezone.localdate()).usual[:60]
    word = picture(Random(0), "签字页")  # the same file for all: stored once
    plans.accept(step, by=stage.who(Role.CLERK), signed_name=signer, how="signature", evidence=word)
