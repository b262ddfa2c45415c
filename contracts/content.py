"""What a contract says: copied from the accepted plan and the application, never typed.

Where the flow has no plan (change of name, capacity decrease, merging), the supply is that of the
account's present contract, as far as one is on file; what it does not say is asked for when the
contract is drawn (`asked`), and nothing is drawn with a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from applications.models import Application
from contracts.models import Contract, ContractKind, Terms
from plans import services as plans
from plans.models import Plan
from workflow import process
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import HV, BusinessType, CustomerClass, ExistingSupply, Kind

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
    "capacity_before",
    "capacity_taken",
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
# What every contract says of the supply.
SUPPLY = ("capacity_kva", "voltage", "metering", "price", "boundary")
# Of a decrease the capacity follows from these two.
DECREASE = ("capacity_before", "capacity_taken")
ASKABLE = (*DECREASE, *SUPPLY)
# What stays as it was where the supply stays as it is.
TAKEN_OVER = (*SUPPLY, "mode", "sources", "power_factor", "emergency_source")
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
    """The newest standard terms of the kind that hold today."""
    held = Terms.objects.filter(kind=kind, valid_from__lte=timezone.localdate())
    return held.order_by("-version").first()


def from_case(
    case: Case, plan: Plan | None, typed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The columns of Contract that follow from the case: parties, supply, metering, boundary.

    Of what was `typed` only what had to be asked for counts. In Chinese, whoever draws it: a
    contract has one wording.
    """
    with translation.override("zh-hans"):
        return _gathered(case, plan, typed or {})


def needs_plan(case: Case) -> bool:
    """The flow of this business type has a plan, so the contract is drawn from it."""
    return Kind.PLAN in process.flow(case.business_type)


def present(case: Case) -> Contract | None:
    """The contract in force of the account that the application names, as far as one is on file.

    The latest that both signed, of a case that was carried out; read once for one case object.
    """
    if "present_contract" not in case.__dict__:
        case.__dict__["present_contract"] = _present(case)
    return case.__dict__["present_contract"]


def _sheet(case: Case) -> Application | None:
    """The application as it holds now; read once for one case object."""
    if "contract_sheet" not in case.__dict__:
        case.__dict__["contract_sheet"] = Application.of(case)
    return case.__dict__["contract_sheet"]


def _present(case: Case) -> Contract | None:
    application = _sheet(case)
    if application is None or not application.account_key:
        return None
    return (
        Contract.objects.filter(
            state=Contract.State.SIGNED,
            step__case__state__in=(Case.State.ENERGIZED, Case.State.ARCHIVED),
            step__case__in=Application.objects.filter(account_key=application.account_key).values(
                "step__case"
            ),
        )
        .exclude(step__case=case)
        .exclude(term_to__lt=timezone.localdate())
        .order_by("-officer_signed_at")
        .first()
    )


def source(case: Case) -> str:
    """Where the data of the supply comes from, for who draws the contract."""
    if needs_plan(case):
        return _("Everything else is copied from the accepted plan.")
    given_up = ""
    if case.business_type == BusinessType.DECREASE and (taken := _known(case)["capacity_taken"]):
        given_up = _("By the application %(kva)s kVA are given up.") % {
            "kva": f"{taken.normalize():f}"
        }
    if (held := present(case)) is None:
        said = _(
            "No contract of this account is on file: write down the supply as the account's "
            "present contract on paper says it."
        )
        return f"{said} {given_up}".strip()
    said = _("The supply is copied from contract %(number)s of the account, signed %(day)s.") % {
        "number": held.number,
        "day": f"{timezone.localdate(held.officer_signed_at):%Y-%m-%d}",
    }
    return f"{said} {given_up}".strip()


def asked(case: Case) -> dict[str, Any]:
    """What has to be asked for when the contract is drawn: its columns, each with what the
    application suggests.
    """
    if needs_plan(case):
        return {}
    known, suggested = _known(case), _suggested(case)
    return {name: suggested.get(name) for name in _wanted(case) if not known.get(name)}


def unmeterable(said: Mapping[str, Any]) -> list[Refused]:
    """A supply up to 1 kV is metered at low voltage, one above it is not supplied at it (DOMAIN
    section 6). Both are said in Chinese, as a contract is.
    """
    with translation.override("zh-hans"):
        kept = {str(word.label): word for word in (*Application.Voltage, *Plan.Metering)}
    voltage, mode = kept.get(said["voltage"]), kept.get(said["metering"])
    if not voltage or not mode or plans.is_high(voltage) != (mode == Plan.Metering.LV_LV):
        return []
    text = _("“%(mode)s” does not fit a supply at %(voltage)s.") % {
        "mode": mode.label,
        "voltage": voltage.label,
    }
    return [Refused(text, fields=("metering", "voltage"))]


def _wanted(case: Case) -> tuple[str, ...]:
    is_decrease = case.business_type == BusinessType.DECREASE
    return (*DECREASE, *SUPPLY[1:]) if is_decrease else SUPPLY


def _known(case: Case) -> dict[str, Any]:
    """What is on file of the supply as it is; of a decrease also what the customer gives up."""
    held = present(case)
    found = {name: getattr(held, name) for name in TAKEN_OVER} if held else {}
    if case.business_type == BusinessType.DECREASE:
        found["capacity_before"] = before = found.pop("capacity_kva", None)
        suggested = _suggested(case)
        taken, limit = suggested.get("capacity_taken"), before or suggested.get("capacity_before")
        # More than there is cannot be what the customer meant: it is asked for.
        found["capacity_taken"] = taken if taken and (not limit or taken < limit) else None
    return found


def _suggested(case: Case) -> dict[str, Any]:
    """What the customer said at the counter of the present supply; kW count at a factor of one."""
    application = _sheet(case)
    if application is None:
        return {}
    with translation.override("zh-hans"):
        voltage = application.get_voltage_display()
    return {
        "voltage": voltage,
        "capacity_kva": application.capacity_kva or None,
        "capacity_before": application.existing_kva or application.existing_kw or None,
        "capacity_taken": application.new_kva or application.new_kw or None,
    }


def blanks(case: Case, said: Mapping[str, Any]) -> list[Refused]:
    """What a contract without a plan does not say of the supply, each at its field."""
    found = []
    for name in _wanted(case):
        if not said.get(name):
            item = Contract._meta.get_field(name).verbose_name
            text = _("Fill in “%(item)s”: a contract says it.") % {"item": item}
            found.append(Refused(text, fields=(name,)))
    before, taken = (said.get(name) for name in DECREASE)
    if before and taken and taken >= before:
        text = _(
            "%(taken)s kVA cannot be given up of %(before)s kVA: something must remain. To give up "
            "everything is a closing."
        ) % {"taken": f"{taken.normalize():f}", "before": f"{before.normalize():f}"}
        found.append(Refused(text, fields=DECREASE[::-1]))
    return found


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


def _gathered(case: Case, plan: Plan | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    application = _sheet(case)
    found: dict[str, Any] = {
        **party(case, application),
        "supplier": _company(case),
        "capacity_before": None,
        "capacity_taken": None,
        "quality": QUALITY,
        "supply_time": ROUND_THE_CLOCK,
        "maintenance": MAINTENANCE,
        "mode": "交流 50 Hz",
    }
    if application:
        found |= _from_application(application)
    found |= _from_plan(plan) if plan else _supply(case, typed)
    return {name: _fit(name, value) for name, value in found.items()}


def _supply(case: Case, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The supply as it is, where nothing new is planned: what is on file, else what was typed."""
    found = _known(case)
    found |= {name: typed.get(name) for name in asked(case)}
    if case.business_type == BusinessType.DECREASE:
        before, taken = found["capacity_before"], found["capacity_taken"]
        found["capacity_kva"] = before - taken if before and taken else None
    return found


def _company(case: Case) -> str:
    """The company that supplies: the office itself, or the nearest above it that is no station."""
    unit = case.unit
    return (unit.parent if unit.level == unit.Level.STATION and unit.parent else unit).name


def _from_application(application: Application) -> dict[str, Any]:
    nature = [application.get_category_display(), application.trade]
    found = {"nature": " · ".join(str(part) for part in nature if part)}
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


def _account(case: Case) -> dict[str, str]:
    """Where the supply stays as it is: whose it was, and which account and meter it is."""
    application = _sheet(case)
    if needs_plan(case) or application is None:
        return {}
    return {
        "previous_holder": application.previous_holder,
        "account_number": application.account_number,
        "meter_number": case.meter_number,
    }


def canonical(contract: Contract) -> dict[str, Any]:
    """Everything both parties sign: every column and every clause of the standard terms."""
    return {
        **{name: getattr(contract, name) for name in SIGNED_COLUMNS},
        **_account(contract.step.case),
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
