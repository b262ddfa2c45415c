"""Plans as a planner would draw them, through the steps the product itself uses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.roles import Role
from documents.models import Requirement
from plans import steps
from plans.models import Plan, PlanSource
from tests.applications.factories import ZHAO, sheet
from tests.applications.factories import accepted as taken
from tests.factories import person
from tests.surveys import factories as surveying
from workflow.models import Case, Step
from workflow.process import Kind

LV = {
    "voltage": "220v",
    "total_kva": Decimal(8),
    "property_boundary": "表后 1 m",
    "metering": "lv_lv",
    "meter_type": "单相智能表",
    "tariff": "residential",
    "protection": "剩余电流保护",
}
HV = {
    **LV,
    "voltage": "10kv",
    "total_kva": Decimal(800),
    "metering": "hv_hv",
    "meter_type": "三相三线",
    "tariff": "large_industry",
    "protection": "速断、过流",
}


def planner() -> User:
    return person(Role.PLANNER)


def clerk() -> User:
    return person(Role.CLERK)


def approver(number: int = 1) -> User:
    return person(Role.APPROVER, username=f"approver-{number}")


def hv_point(name: str = "开闭所 1#", line: str = "湖滨 I 线", **columns: Any):
    """A 10 kV point with 5,000 kVA open."""
    return surveying.source_point(
        name,
        voltage="10kv",
        substation=columns.pop("substation", "临湖变"),
        line=line,
        rated_kva=columns.pop("rated_kva", Decimal(8000)),
        committed_kva=Decimal(3000),
        **columns,
    )


def papers() -> set[str]:
    """Nothing is owed: every paper of the list was handed in."""
    return set(Requirement.objects.values_list("code", flat=True))


def surveyed(**columns: Any) -> Case:
    """A household whose survey is signed: the plan is in hand."""
    case = taken(sheet(**columns), papers=papers())
    surveying.signed_survey(case)
    return Case.objects.get(pk=case.pk)


def neighbour() -> Case:
    """Another household, at the same source point."""
    return surveyed(
        customer_name="赵敏",
        id_number=ZHAO,
        phone="13900008888",
        street="湖滨路 2 号",
        room="4-101",
    )


def surveyed_hv(*points: Any, **columns: Any) -> Case:
    """A 10 kV customer, surveyed with these points of the catalogue as candidates."""
    dual = columns.get("customer_class") == "hv_dual"
    columns = {
        "customer_class": "hv_single",
        "voltage": "10kv",
        "new_kw": 700,
        "new_kva": 800,
        "sources_wanted": 2 if dual else 1,
        **columns,
    }
    case = taken(sheet(**columns), papers=papers())
    for point in points or (hv_point(),):
        surveying.candidate(case, source_point=point)
    surveying.signed_survey(case)
    return Case.objects.get(pk=case.pk)


def fresh(case: Case) -> Step:
    """The plan step as the database has it."""
    return Case.objects.get(pk=case.pk).step(Kind.PLAN)


def plan_of(case: Case) -> Plan:
    """The newest version as the database has it."""
    found = Plan.latest(case)
    assert found is not None
    return found


def source(case: Case, number: int = 0, **columns: Any) -> PlanSource:
    """A source on one of the candidates of the signed survey, not saved."""
    point = list(Case.objects.get(pk=case.pk).step(Kind.SURVEY).survey.candidates.all())[number]
    return PlanSource(**{"candidate": point, "capacity_kva": Decimal(8), **columns})


def drawn(case: Case, sources: list[PlanSource] | None = None, **columns: Any) -> Plan:
    """The sheet filled in and kept as a draft."""
    step = fresh(case)
    plan, _rows = steps.draft_for(step)
    high = case.customer_class.startswith("hv")
    for name, value in {**(HV if high else LV), **columns}.items():
        setattr(plan, name, value)
    if sources is None:
        sources = [source(case, capacity_kva=plan.total_kva)]
    return steps.save_draft(step, plan, sources, by=planner())


def submitted(case: Case, *args: Any, **columns: Any) -> Plan:
    drawn(case, *args, **columns)
    steps.submit(fresh(case), by=planner())
    return plan_of(case)


def approved(case: Case, *args: Any, **columns: Any) -> Plan:
    """Submitted, and approved by as many approvers as it takes."""
    plan = submitted(case, *args, **columns)
    for number in range(steps.approvers_needed(plan)):
        steps.approve(fresh(case), by=approver(number + 1))
    return plan_of(case)


def answered(case: Case, *args: Any, **columns: Any) -> Plan:
    approved(case, *args, **columns)
    steps.answer(fresh(case), by=planner(), how="counter")
    return plan_of(case)


def accepted(case: Case, *args: Any, **columns: Any) -> Plan:
    """Signed by the customer: fees and contract may follow."""
    answered(case, *args, **columns)
    steps.accept(fresh(case), by=planner(), signed_name="王小明", how="signature")
    return plan_of(case)


def posted(case: Case, **values: Any) -> dict:
    """The sheet as the browser posts it, with one source."""
    fields = {
        **{name: str(value) for name, value in LV.items()},
        "receiving_points": "1",
        "emergency_kva": "0",
        "reserve_kva": "0",
        "sources-TOTAL_FORMS": "1",
        "sources-INITIAL_FORMS": "0",
        "sources-0-candidate": str(source(case).candidate_id),
        "sources-0-role": "main",
        "sources-0-laying": "cable",
        "sources-0-capacity_kva": "8",
        **values,
    }
    return {name: value for name, value in fields.items() if value is not None}
