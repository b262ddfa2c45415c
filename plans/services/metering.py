"""What a plan says of metering and tariff must fit itself (DOMAIN section 6)."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from plans.models import Plan
from plans.ratios import normalized
from surveys.models import Voltage
from workflow.guards import Refused

# From this capacity (kVA) on, trade and agriculture have a power-factor standard too; large
# industry always has (power-factor adjustment measures 功率因数调整电费办法, 1983).
STANDARD_FROM_KVA = Decimal(100)
WITH_STANDARD = (Plan.Tariff.COMMERCIAL, Plan.Tariff.AGRICULTURE)
LOW = ("", Voltage.V220, Voltage.V380)


def is_high(voltage: str) -> bool:
    """Above 1 kV."""
    return voltage not in LOW


def unmeterable(plan: Plan) -> list[Refused]:
    """Everything in which mode, voltage, transformers and tariff of the plan contradict."""
    wrong = []
    if plan.metering and plan.voltage and is_high(plan.voltage) == (plan.metering == "lv_lv"):
        text = _("“%(mode)s” does not fit a supply at %(voltage)s.") % {
            "mode": plan.get_metering_display(),
            "voltage": plan.get_voltage_display(),
        }
        wrong.append(Refused(text, fields=("metering", "voltage")))
    if plan.metering:
        wrong += against_transformers(plan.metering, plan.ct_ratio, plan.pt_ratio)
    if plan.metering == Plan.Metering.HV_HV and plan.pt_ratio and is_high(plan.voltage):
        wrong += _against_primary(plan)
    if plan.power_factor is None and has_standard(plan):
        text = _("This tariff has a power-factor standard: fill it in.")
        wrong.append(Refused(text, fields=("power_factor", "tariff")))
    return wrong


def has_standard(plan: Plan) -> bool:
    """Whether the tariff charges or rewards by a power-factor standard."""
    if plan.tariff == Plan.Tariff.LARGE_INDUSTRY:
        return True
    return plan.tariff in WITH_STANDARD and (plan.total_kva or 0) >= STANDARD_FROM_KVA


def against_transformers(mode: str, ct_ratio: str, pt_ratio: str) -> list[Refused]:
    """Metering at high voltage goes through CT and PT; at low voltage there is no PT."""
    if mode != Plan.Metering.HV_HV:
        if not pt_ratio:
            return []
        text = _("Metered at low voltage there is no PT: leave its ratio empty.")
        return [Refused(text, fields=("pt_ratio",))]
    missing = [
        (ct_ratio, "ct_ratio", _("Metered at high voltage: the CT ratio is missing, e.g. 50/5.")),
        (pt_ratio, "pt_ratio", _("Metered at high voltage: the PT ratio is missing, e.g. 10/0.1.")),
    ]
    return [Refused(text, fields=(name,)) for said, name, text in missing if not said]


def _against_primary(plan: Plan) -> list[Refused]:
    """The PT takes the voltage of the supply."""
    primary = normalized(plan.pt_ratio).partition("/")[0]
    if f"{primary}kv" == plan.voltage:
        return []
    text = _("A PT %(ratio)s does not fit a supply at %(voltage)s.") % {
        "ratio": plan.pt_ratio,
        "voltage": Voltage(plan.voltage).label,
    }
    return [Refused(text, fields=("pt_ratio", "voltage"))]
