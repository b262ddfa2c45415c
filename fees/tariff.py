"""What a plan costs by the published catalogue (DOMAIN section 7), and what its answer quoted.

The only source of amounts: every line is a catalogue item's rate, times its factor, times a figure
of the plan. Nobody types an amount, and what the catalogue does not list is not charged. What the
customer was told with the answer is kept on the plan (`quote`): bill, payment and proof use that.

Reliability fee (发改价格〔2003〕2279号): who has several sources pays for every
source but the largest, per kVA, by the voltage of that source; the lower rate where the customer
builds the works; cable by its factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from documents.templatetags.papers import yuan
from fees.models import Basis, BillLine, CatalogueItem, SourceVoltage
from plans.models import Plan, PlanSource
from surveys.models import Candidate, Voltage
from workflow.guards import Refused
from workflow.process import HV

CENT = Decimal("0.01")
# What an assessment reads of a plan: to be fetched with it, of one plan or of many bills.
_WITH_POINTS = PlanSource.objects.select_related("candidate__source_point")
SOURCES = Prefetch("sources", queryset=_WITH_POINTS)
SOURCES_OF_BILLS = Prefetch("plan__sources", queryset=_WITH_POINTS)
BANDS = {
    "": SourceVoltage.LV,
    Voltage.V220: SourceVoltage.LV,
    Voltage.V380: SourceVoltage.LV,
    Voltage.KV10: SourceVoltage.KV10,
    Voltage.KV20: SourceVoltage.KV20,
    Voltage.KV35: SourceVoltage.KV35,
    Voltage.KV110: SourceVoltage.KV110,
}


@dataclass(frozen=True)
class Line:
    """One amount that is due; `quantity` in `unit`, `rate` and `amount` in yuan."""

    item: CatalogueItem
    subject: str
    quantity: Decimal
    unit: str
    rate: Decimal
    factor: Decimal = Decimal(1)
    self_built: bool = False

    @property
    def amount(self) -> Decimal:
        return amount(self.rate, self.factor, self.quantity)

    @property
    def formula(self) -> str:
        return formula(self.rate, self.factor, self.quantity, self.unit)


@dataclass(frozen=True)
class Assessment:
    """What a plan costs on a day: lines; why nothing else is due; what the catalogue lacks."""

    plan: Plan
    on: date
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def nothing_due(self) -> bool:
        return not self.lines and not self.missing

    def charges_as(self, other: Assessment) -> bool:
        """The same figures at the same rates, whatever version of the catalogue they stand in."""
        return not self.missing and self.charges(other.lines)

    def charges(self, lines: Iterable[Line | BillLine]) -> bool:
        """These lines charge the same figures at the same rates."""
        return _charged(self.lines) == _charged(lines)


@dataclass
class _Draft:
    on: date
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def amount(rate: Decimal, factor: Decimal, quantity: Decimal) -> Decimal:
    """rate × factor × quantity, in yuan, rounded half up to the cent."""
    return (rate * factor * quantity).quantize(CENT, ROUND_HALF_UP)


def formula(rate: Decimal, factor: Decimal, quantity: Decimal, unit: str) -> str:
    """The arithmetic as it is printed on the bill."""
    scaled = f" × {factor.normalize():f}" if factor != 1 else ""
    due = amount(rate, factor, quantity)
    return f"{quantity.normalize():f} {unit} × {rate:.2f}{scaled} = {yuan(due)}"


def assess(plan: Plan, *, catalogue: list[CatalogueItem] | None = None) -> Assessment:
    """What the plan costs: as quoted with its answer; by the catalogue of the day of acceptance
    for plans answered before quotes were kept.

    `catalogue` are all items, for who assesses many plans at once.
    """
    if plan.quote is None:
        return by_catalogue(plan, timezone.localdate(plan.accepted_at), catalogue=catalogue)
    kept = plan.quote["lines"]
    if catalogue is None:
        items = CatalogueItem.objects.in_bulk([line["item"] for line in kept]) if kept else {}
    else:
        items = {item.pk: item for item in catalogue}
    return Assessment(
        plan,
        date.fromisoformat(plan.quote["on"]),
        tuple(
            Line(
                items[line["item"]],
                line["subject"],
                Decimal(line["quantity"]),
                line["unit"],
                Decimal(line["rate"]),
                Decimal(line["factor"]),
                line["self_built"],
            )
            for line in kept
        ),
        tuple(plan.quote["notes"].get(get_language(), ())),
    )


def quote(plan: Plan) -> dict[str, Any]:
    """What the plan costs by the catalogue of today, to be kept on it (`Plan.quote`).

    Amounts are decimals in text (yuan), notes stand in every language. Raises Refused with what
    the catalogue lacks: a customer is not answered without a price.
    """
    today = timezone.localdate()
    found = by_catalogue(plan, today)
    if found.missing:
        raise Refused(list(found.missing))
    notes = {}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            notes[code] = list(by_catalogue(plan, today).notes)
    return {
        "on": today.isoformat(),
        "total": str(found.total),
        "lines": [
            {
                "item": line.item.pk,
                "subject": line.subject,
                "quantity": str(line.quantity),
                "unit": line.unit,
                "rate": str(line.rate),
                "factor": str(line.factor),
                "self_built": line.self_built,
            }
            for line in found.lines
        ],
        "notes": notes,
    }


def by_catalogue(
    plan: Plan, on: date, *, catalogue: list[CatalogueItem] | None = None
) -> Assessment:
    """What the plan costs by the catalogue in force on a day."""
    if catalogue is None:
        catalogue = list(CatalogueItem.objects.chargeable(on))
    else:
        catalogue = [item for item in catalogue if item.is_chargeable(on)]
    draft = _Draft(on)
    if free := _free_up_to(plan, catalogue):
        draft.notes.append(
            _("Low voltage up to %(kw)s kW: nothing is paid for the connection (%(doc)s).")
            % {"kw": f"{free.limit_kw.normalize():f}", "doc": free.citation}
        )
    else:
        _reliability(plan, catalogue, draft)
        _reserve(plan, catalogue, draft)
    if not draft.lines and not draft.missing and not draft.notes:
        draft.notes.append(_("The plan has one source and no own generation: no fee applies."))
    return Assessment(plan, on, tuple(draft.lines), tuple(draft.notes), tuple(draft.missing))


def _charged(lines: Iterable[Line | BillLine]) -> list[tuple]:
    """What is charged on what, at which rate: comparable, in any order."""
    return sorted((line.subject, line.quantity, line.rate, line.factor) for line in lines)


def _free_up_to(plan: Plan, catalogue: list[CatalogueItem]) -> CatalogueItem | None:
    """The rule by which a small low-voltage customer pays nothing, if the plan falls under it.

    The limit is one of power; the plan's capacity in kVA is never less.
    """
    if plan.step.case.customer_class in HV:
        return None
    rules = [item for item in catalogue if item.basis == Basis.LV_FREE]
    return next((item for item in _newest(rules) if plan.total_kva <= item.limit_kw), None)


def _reliability(plan: Plan, catalogue: list[CatalogueItem], draft: _Draft) -> None:
    """Every source but the largest, per kVA, by its voltage."""
    sources = sorted(
        plan.sources.all(),
        key=lambda source: (
            -source.capacity_kva,
            source.role == PlanSource.Role.STANDBY,
            source.pk,
        ),
    )
    for source in sources[1:]:
        voltage = _band(source.candidate)
        item = _item(catalogue, Basis.RELIABILITY, voltage)
        if item is None:
            draft.missing.append(
                _("The catalogue has no rate for: %(fee)s, %(voltage)s, on %(day)s.")
                % {
                    "fee": Basis.RELIABILITY.label,
                    "voltage": SourceVoltage(voltage).label,
                    "day": f"{draft.on:%Y-%m-%d}",
                }
            )
            continue
        _charge(
            plan,
            item,
            draft,
            subject=_subject(source),
            quantity=source.capacity_kva,
            unit="kVA",
            cable=_is_cable(source),
        )


def _reserve(plan: Plan, catalogue: list[CatalogueItem], draft: _Draft) -> None:
    """Own generation leans on the network: per kVA of the reserve agreed in the plan."""
    if not plan.reserve_kva:
        return
    item = _item(catalogue, Basis.RESERVE, SourceVoltage.ANY)
    if item is None:
        draft.missing.append(
            _("The catalogue has no rate for: %(fee)s.") % {"fee": Basis.RESERVE.label}
        )
        return
    _charge(plan, item, draft, subject="", quantity=plan.reserve_kva, unit="kVA")


def _charge(
    plan: Plan,
    item: CatalogueItem,
    draft: _Draft,
    *,
    subject: str,
    quantity: Decimal,
    unit: str,
    cable: bool = False,
) -> None:
    """Add the line; a rate of 0 is a note, an unknown rate is missing."""
    self_built = plan.step.case.customer_works
    rate = item.self_built_rate if self_built else item.rate
    if rate is None:
        draft.missing.append(
            _("%(fee)s: the catalogue has no rate for works built by the customer.") % {"fee": item}
        )
    elif rate * quantity == 0:
        draft.notes.append(_("%(fee)s: 0 yuan (%(doc)s).") % {"fee": item, "doc": item.citation})
    else:
        factor = item.cable_factor if cable else Decimal(1)
        draft.lines.append(Line(item, subject, quantity, unit, rate, factor, self_built))


def _item(catalogue: list[CatalogueItem], basis: str, voltage: str) -> CatalogueItem | None:
    """The newest version in force for the basis at the voltage, else for any voltage."""
    for wanted in (voltage, SourceVoltage.ANY):
        found = [item for item in catalogue if item.basis == basis and item.voltage == wanted]
        if found:
            return _newest(found)[0]
    return None


def _newest(items: list[CatalogueItem]) -> list[CatalogueItem]:
    return sorted(items, key=lambda item: (item.valid_from, item.version), reverse=True)


def _subject(source: PlanSource) -> str:
    """The source that is charged, as the survey found it: its label and its name."""
    candidate = source.candidate
    name = candidate.source_point.name if candidate.source_point else candidate.name
    return f"{candidate.label} {name}"


def _band(candidate: Candidate) -> str:
    point = candidate.source_point
    voltage = candidate.voltage or (point.voltage if point else "")
    return BANDS.get(voltage, SourceVoltage.KV110)


def _is_cable(source: PlanSource) -> bool:
    """Laid as cable, or for the greater part of its length."""
    if source.laying == PlanSource.Laying.MIXED:
        return (source.candidate.cable_m or 0) > (source.candidate.overhead_m or 0)
    return source.laying == PlanSource.Laying.CABLE
