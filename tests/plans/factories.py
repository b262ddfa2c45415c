"""Plans as the planner, the approvers and the customer would bring them on, by the services."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from applications.models import Application
from applications.signers import signers_of
from documents.files import Checked
from documents.models import Requirement
from plans import services
from plans.models import Plan, PlanSource
from plans.services.metering import is_high
from surveys.models import SourcePoint
from tests import factories as office
from tests.applications.factories import COMPANY, accepted, sheet
from tests.field.factories import picture
from tests.made_once import made_once
from tests.surveys import factories as surveys
from workflow.models import Case, Step
from workflow.process import Kind

METERED_AT_HIGH = {
    "metering": "hv_hv",
    "ct_ratio": "50/5",
    "pt_ratio": "10/0.1",
    "power_factor": Decimal("0.90"),
}


def planner(**columns: Any) -> User:
    return office.person(Role.PLANNER, **{"at": "lh", **columns})


def approver(**columns: Any) -> User:
    return office.person(Role.APPROVER, **{"at": "lh", **columns})


def second_approver() -> User:
    return approver(username="second-approver", at="jc")


def clerk() -> User:
    return office.person(Role.CLERK)


def step_of(case: Case) -> Step:
    """The latest round of the plan step, as the database has it."""
    return Case.objects.select_related("unit", "owner").get(pk=case.pk).step(Kind.PLAN)


def plan_of(case: Case) -> Plan:
    """The plan of the latest round, as the database has it."""
    return Plan.objects.select_related("step__case", "survey").get(step=step_of(case))


def signer(case: Case) -> str:
    """The customer, or who signs for the company."""
    return signers_of(case, timezone.localdate()).usual


@made_once
def household(**columns: Any) -> Case:
    """A household of 8 kW on one source, surveyed: the plan is in hand."""
    return surveyed(taken(sheet(**columns)))


def taken(application: Application) -> Case:
    """Accepted at the counter with every paper of the published list, beside any like it."""
    application.not_duplicate = "同址另一户"
    return accepted(application, papers=set(Requirement.objects.values_list("code", flat=True)))


def company(kva: int = 630, **columns: Any) -> Application:
    """A company that wants 10 kV from one source; nothing kept yet."""
    return sheet(
        **{
            "customer_class": "hv_single",
            "customer_type": "enterprise",
            "customer_name": "江城裕丰冷链物流有限公司",
            "id_type": "licence",
            "id_number": COMPANY,
            "legal_representative": "周敏",
            "contact_name": "冯磊",
            "category": "commercial",
            "voltage": "10kv",
            "new_kw": kva,
            "new_kva": kva,
            **columns,
        }
    )


@made_once
def factory(kva: int = 630, **columns: Any) -> Case:
    """A company on one 10 kV source, surveyed: the plan is in hand."""
    return surveyed(taken(company(kva, **columns)), line("开发 2# 环网柜", kva))


@made_once
def dual(kva: int = 630, **columns: Any) -> Case:
    """A company on two 10 kV lines, surveyed: the plan is in hand."""
    case = taken(company(kva, **{"customer_class": "hv_dual", "sources_wanted": 2, **columns}))
    return surveyed(case, line("开发 2# 环网柜", kva), line("滨河 5# 开关站", kva))


def line(name: str, kva: int = 630) -> SourcePoint:
    """A point of a 10 kV line of its own, with room for two such customers."""
    return surveys.source_point(
        name,
        voltage="10kv",
        substation="临湖变",
        line=f"{name[:2]}线",
        transformer_area="",
        rated_kva=Decimal(kva * 2),
        committed_kva=Decimal(0),
    )


def surveyed(case: Case, *points: SourcePoint) -> Case:
    """The survey signed, with these points measured (one of the catalogue if none is named)."""
    for point in points:
        surveys.candidate(case, source_point=point)
    surveys.signed_survey(Case.objects.get(pk=case.pk))
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def filled(step: Step, **columns: Any) -> Plan:
    """The sheet with everything filled in, not saved."""
    plan, _sources = services.draft_for(step)
    values = {
        "property_boundary": "电能表出线端",
        "meter_type": "DDZY 5(60) A",
        "meter_accuracy": "2",
        "tariff": plan.tariff or Plan.Tariff.RESIDENTIAL,
        "protection": "40 A 空气断路器",
        **columns,
    }
    if is_high(columns.get("voltage", plan.voltage)):
        values = {**values, **METERED_AT_HIGH, "meter_accuracy": "0.5S", **columns}
    if not plan.total_kva:
        values.setdefault("total_kva", Decimal(8))
    for name, value in values.items():
        setattr(plan, name, value)
    return plan


def sources(plan: Plan, *, kva: Decimal | int | None = None) -> list[PlanSource]:
    """A source a usable point, as many as the class asks for; each gives the whole capacity."""
    points = list(plan.survey.candidates.select_related("source_point"))
    wanted = 2 if plan.step.case.customer_class == "hv_dual" else 1
    return [
        PlanSource(
            candidate=point,
            role=PlanSource.Role.STANDBY if index else PlanSource.Role.MAIN,
            capacity_kva=kva or plan.total_kva,
        )
        for index, point in enumerate(points[:wanted])
    ]


def ready(case: Case | None) -> Case:
    """The case with its plan in hand: surveyed first, if nobody was there."""
    case = case or household()
    return case if step_of(case).state == Step.State.IN_HAND else surveyed(case)


@made_once
def drawn(case: Case | None = None, *, by: User | None = None, **columns: Any) -> Plan:
    """A draft, complete. `columns` are fields of the plan; `sources` a list of PlanSource."""
    case = ready(case)
    chosen = columns.pop("sources", None)
    plan = filled(step_of(case), **columns)
    by = by or plan.step.owner or planner()
    return services.save_draft(plan.step, plan, chosen or sources(plan), by=by)


@made_once
def submitted(case: Case | None = None, *, by: User | None = None, **columns: Any) -> Plan:
    """A plan that waits for approval; its capacity is held."""
    plan = drawn(case, by=by, **columns)
    return services.submit(plan.step, by=by or plan.step.owner or planner())


@made_once
def approved(case: Case | None = None, **columns: Any) -> Plan:
    """A plan approved by as many approvers as it needs."""
    plan = submitted(case, **columns)
    for person in (approver(), second_approver())[: services.approvers_needed(plan)]:
        plan = services.approve(plan.step, by=person)
    return plan


@made_once
def answered(case: Case | None = None, **columns: Any) -> Plan:
    """A plan that the customer has in writing: the customer's turn."""
    plan = approved(case, **columns)
    return services.answer(plan.step, by=clerk(), how="counter")


def ending(case: Case | None = None, **columns: Any) -> Plan:
    """An answered plan whose last days run: more time can be asked for."""
    plan = answered(case, **columns)
    plan.valid_until = timezone.localdate() + timedelta(days=20)
    plan.save(update_fields=["valid_until"])
    return plan


def word() -> dict[str, Any]:
    """How the customer's word is shown, as the counter keeps it."""
    return {"how": "signature", "evidence": Checked(picture(), "image/jpeg", "签字.jpg")}


@made_once
def accepted_plan(case: Case | None = None, **columns: Any) -> Plan:
    """A plan that the customer accepted: fees and contract may follow."""
    plan = answered(case, **columns)
    services.accept(plan.step, by=clerk(), signed_name=signer(plan.step.case), **word())
    return plan_of(plan.step.case)


def posted(step: Step, **values: Any) -> dict[str, str]:
    """The sheet as the browser posts it, complete, with one source; None takes a field away."""
    plan = filled(step)
    [source, *_others] = sources(plan)
    fields = {
        **{name: getattr(plan, name) for name in services.CONTENT},
        "sources-TOTAL_FORMS": 1,
        "sources-INITIAL_FORMS": 1,
        "sources-0-candidate": source.candidate_id,
        "sources-0-role": "main",
        "sources-0-laying": "cable",
        "sources-0-capacity_kva": source.capacity_kva,
        **values,
    }
    return {name: str(value) for name, value in fields.items() if value is not None}
