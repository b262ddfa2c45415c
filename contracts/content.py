"""What a contract says: copied from the accepted plan and the application, never typed.

Where the flow has no plan (change of name, capacity decrease, merging), the application is the
source.
"""

from __future__ import annotations

from typing import Any

from django.utils import translation

from applications.models import Application
from contracts.models import Contract, ContractKind, Terms
from plans.models import Plan
from workflow.models import Case
from workflow.process import HV, BusinessType, CustomerClass, ExistingSupply

# The columns of Contract that both parties sign.
SIGNED_COLUMNS = (
    "number",
    "version",
    "kind",
    "supplier",
    "customer_name",
    "customer_id_number",
    "representative",
    "agent",
    "mode",
    "voltage",
    "sources",
    "capacity_kva",
    "address",
    "nature",
    "quality",
    "supply_time",
    "emergency_source",
    "metering",
    "price",
    "power_factor",
    "settlement",
    "boundary",
    "maintenance",
    "term_from",
    "term_to",
    "breach",
    "remarks",
)
# A contract is made in Chinese; the paper in English translates the headings.
QUALITY = "50 Hz；电压偏差符合 GB/T 12325，频率偏差符合 GB/T 15945"
MAINTENANCE = "产权分界点电源侧由供电人维护，负荷侧由用电人维护"
ROUND_THE_CLOCK = "全天 24 小时"


def kinds_for(case: Case) -> list[str]:
    """The kinds of contract that fit the case, the usual one first."""
    if case.business_type == BusinessType.TEMPORARY:
        return [ContractKind.TEMPORARY]
    if case.customer_class in HV:
        usual = ContractKind.HV
    elif case.customer_class == CustomerClass.LV_RESIDENTIAL:
        usual = ContractKind.RESIDENTIAL
    else:
        usual = ContractKind.LV
    kinds = [usual]
    if usual == ContractKind.RESIDENTIAL:
        kinds.append(ContractKind.LV)
    if case.existing_supply == ExistingSupply.RESOLD:
        kinds.append(ContractKind.RESALE)
    return kinds


def current_terms(kind: str) -> Terms | None:
    """The newest standard terms of the kind."""
    return Terms.objects.filter(kind=kind).order_by("-version").first()


def from_case(case: Case, plan: Plan | None) -> dict[str, Any]:
    """The columns of Contract that follow from the case: parties, supply, metering, boundary.

    In Chinese, whoever draws it: a contract has one wording.
    """
    with translation.override("zh-hans"):
        return _gathered(case, plan)


def party(case: Case, application: Application | None) -> dict[str, str]:
    """What the contract says of the customer, all of it can be corrected on an accepted sheet."""
    found = {"customer_name": case.customer_name, "address": case.address}
    if application:
        found |= {
            "customer_id_number": application.id_number,
            "representative": application.legal_representative,
            "agent": application.agent_name,
        }
    return {name: _fit(name, value) for name, value in found.items()}


def _gathered(case: Case, plan: Plan | None) -> dict[str, Any]:
    application = Application.of(case)
    found: dict[str, Any] = {
        **party(case, application),
        "supplier": _company(case),
        "capacity_kva": case.capacity_kva,
        "quality": QUALITY,
        "supply_time": ROUND_THE_CLOCK,
        "maintenance": MAINTENANCE,
        "mode": "交流 50 Hz",
    }
    if application:
        found |= _from_application(application)
    if plan:
        found |= _from_plan(plan)
    return {name: _fit(name, value) for name, value in found.items()}


def _company(case: Case) -> str:
    """The company that supplies: the office itself, or the nearest above it that is no station."""
    unit = case.unit
    return (unit.parent if unit.level == unit.Level.STATION and unit.parent else unit).name


def _from_application(application: Application) -> dict[str, Any]:
    nature = [application.get_category_display(), application.trade]
    found = {
        "voltage": application.get_voltage_display(),
        "nature": " · ".join(str(part) for part in nature if part),
    }
    if application.temporary_to:
        found["supply_time"] = f"{application.temporary_from} – {application.temporary_to}"
    return found


def _from_plan(plan: Plan) -> dict[str, Any]:
    sources = list(plan.sources.select_related("candidate__source_point"))
    ratios = [
        f"CT {plan.ct_ratio}" if plan.ct_ratio else "",
        f"PT {plan.pt_ratio}" if plan.pt_ratio else "",
    ]
    meter = [plan.get_metering_display(), *ratios, plan.meter_type, plan.meter_accuracy]
    return {
        "capacity_kva": plan.total_kva,
        "mode": f"交流 50 Hz，{'双（多）电源' if len(sources) > 1 else '单电源'}供电",
        "voltage": plan.get_voltage_display(),
        "sources": "\n".join(_source(source) for source in sources),
        "metering": " · ".join(str(part) for part in meter if part),
        "price": plan.get_tariff_display(),
        "power_factor": "" if plan.power_factor is None else f"{plan.power_factor}",
        "boundary": plan.property_boundary,
        "emergency_source": f"{plan.emergency_kva:f} kVA" if plan.emergency_kva else "",
    }


def _source(source: Any) -> str:
    place = source.candidate.source_point or source.candidate
    parts = [source.candidate.label, place.substation, place.line, place.name]
    named = " ".join(str(part) for part in parts if part)
    return f"{named}，{source.get_laying_display()}，{source.capacity_kva:f} kVA"


def _fit(name: str, value: Any) -> Any:
    """Text no longer than its column; the plan itself holds the whole."""
    limit = getattr(Contract._meta.get_field(name), "max_length", None)
    return str(value)[:limit] if limit and isinstance(value, str) else value


def canonical(contract: Contract) -> dict[str, Any]:
    """Everything both parties sign: every column and every clause of the standard terms."""
    return {
        **{name: getattr(contract, name) for name in SIGNED_COLUMNS},
        "plan": contract.plan and {"version": contract.plan.version, "id": contract.plan_id},
        "terms": str(contract.terms_id and contract.terms.version),
        "clauses": [
            {
                "no": clause.position,
                "zh": [clause.heading_zh, clause.text_zh],
                "en": [clause.heading_en, clause.text_en],
            }
            for clause in contract.terms.clauses.all()
        ],
    }
