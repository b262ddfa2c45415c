"""The process as one table (DOMAIN sections 3 and 8).

Everything else is derived from it: queues, the rail, limits, permissions, guards, diagrams, docs.
A row says who does the step, what it waits for, whether the customer moves first, when it applies
and
which room of the house keeps its sheet. Rooms to the right are named, never imported: their guards
and
panels are found by that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role

if TYPE_CHECKING:
    from accounts.models import User
    from workflow.models import Case, Countersigned, Step


class CustomerClass(models.TextChoices):
    LV_RESIDENTIAL = "lv_residential", _("LV residential")
    LV_OTHER = "lv_other", _("LV other")
    HV_SINGLE = "hv_single", _("HV single source")
    HV_DUAL = "hv_dual", _("HV multi-source")


class BusinessType(models.TextChoices):
    NEW = "new", _("New supply")
    INCREASE = "increase", _("Capacity increase")
    SEPARATION = "separation", _("Separate account")
    TEMPORARY = "temporary", _("Temporary supply")
    EV_CHARGER = "ev_charger", _("EV charger")
    RELOCATION = "relocation", _("Relocation")
    METER_MOVE = "meter_move", _("Meter move")
    DECREASE = "decrease", _("Capacity decrease")
    SUSPENSION = "suspension", _("Suspension")
    NAME_CHANGE = "name_change", _("Name change")
    MERGING = "merging", _("Merging of accounts")
    CLOSING = "closing", _("Closing")


class ExistingSupply(models.TextChoices):
    NONE = "none", _("None")
    OWN = "own", _("Own meter")
    SHARED = "shared", _("Shared meter")
    RESOLD = "resold", _("Resold supply")


class Importance(models.TextChoices):
    NONE = "none", _("Not an important customer")
    SPECIAL = "special", _("Important, special grade")
    FIRST = "first", _("Important, first grade")
    SECOND = "second", _("Important, second grade")
    TEMPORARY = "temporary", _("Important, temporary")


class Kind(models.TextChoices):
    APPLICATION = "application", _("Application")
    SURVEY = "survey", _("Site survey")
    PLAN = "plan", _("Supply plan")
    DESIGNER = "designer", _("Designer qualification")
    DRAWINGS = "drawings", _("Drawing review")
    CONTRACTOR = "contractor", _("Contractor qualification")
    MID_CHECK = "mid_check", _("Mid-check")
    ACCEPTANCE = "acceptance", _("Completion acceptance")
    FEES = "fees", _("Fees")
    CONTRACT = "contract", _("Supply contract")
    METER = "meter", _("Meter and power on")
    CALLBACK = "callback", _("Call-back")


HV = {CustomerClass.HV_SINGLE, CustomerClass.HV_DUAL}
FULL_FLOW = {
    BusinessType.NEW,
    BusinessType.INCREASE,
    BusinessType.SEPARATION,
    BusinessType.TEMPORARY,
    BusinessType.EV_CHARGER,
    BusinessType.RELOCATION,
}
# The short flows run over the same steps.
SHORT_FLOW: dict[str, frozenset[Kind]] = {
    BusinessType.METER_MOVE: frozenset({Kind.APPLICATION, Kind.SURVEY, Kind.METER, Kind.CALLBACK}),
    BusinessType.DECREASE: frozenset(
        {Kind.APPLICATION, Kind.SURVEY, Kind.CONTRACT, Kind.METER, Kind.CALLBACK}
    ),
    BusinessType.SUSPENSION: frozenset({Kind.APPLICATION, Kind.METER, Kind.CALLBACK}),
    BusinessType.NAME_CHANGE: frozenset({Kind.APPLICATION, Kind.CONTRACT, Kind.CALLBACK}),
    BusinessType.MERGING: frozenset(
        {Kind.APPLICATION, Kind.SURVEY, Kind.CONTRACT, Kind.METER, Kind.CALLBACK}
    ),
    BusinessType.CLOSING: frozenset({Kind.APPLICATION, Kind.METER, Kind.CALLBACK}),
}


@dataclass(frozen=True)
class Rule:
    """One row of the process: one link of the chain."""

    kind: Kind
    role: Role
    room: str
    after: tuple[Kind, ...] = ()
    customer_first: bool = False
    applies: Callable[[Case], bool] = lambda case: True
    why_not: Any = ""
    deferrable: bool = False

    @property
    def url_name(self) -> str:
        return f"{self.room}:{self.kind.value}"


PROCESS: dict[str, Rule] = {
    rule.kind: rule
    for rule in (
        Rule(Kind.APPLICATION, Role.CLERK, "applications"),
        Rule(Kind.SURVEY, Role.SURVEYOR, "surveys", after=(Kind.APPLICATION,)),
        Rule(Kind.PLAN, Role.PLANNER, "plans", after=(Kind.SURVEY,)),
        Rule(
            Kind.DESIGNER,
            Role.REVIEWER,
            "works",
            after=(Kind.PLAN,),
            customer_first=True,
            applies=lambda case: case.customer_class in HV and case.customer_works,
            why_not=_("only for high-voltage works that the customer builds"),
        ),
        Rule(
            Kind.DRAWINGS,
            Role.REVIEWER,
            "works",
            after=(Kind.DESIGNER,),
            customer_first=True,
            applies=lambda case: (
                case.customer_class in HV
                and (case.importance != Importance.NONE or case.special_load)
            ),
            why_not=_("only for important customers and special loads"),
        ),
        Rule(
            Kind.CONTRACTOR,
            Role.REVIEWER,
            "works",
            after=(Kind.PLAN,),
            customer_first=True,
            applies=lambda case: (
                case.customer_class != CustomerClass.LV_RESIDENTIAL and case.customer_works
            ),
            why_not=_("only for works that the customer builds"),
        ),
        Rule(
            Kind.MID_CHECK,
            Role.INSPECTOR,
            "works",
            after=(Kind.DRAWINGS, Kind.CONTRACTOR),
            customer_first=True,
            applies=lambda case: case.customer_class in HV and case.concealed_works,
            why_not=_("only for high-voltage concealed works"),
        ),
        Rule(
            Kind.ACCEPTANCE,
            Role.INSPECTOR,
            "works",
            after=(Kind.MID_CHECK, Kind.CONTRACTOR),
            customer_first=True,
            applies=lambda case: (
                case.customer_class in HV
                or (case.customer_class == CustomerClass.LV_OTHER and case.customer_works)
            ),
            why_not=_("only for high voltage, or works that the customer builds"),
        ),
        Rule(
            Kind.FEES,
            Role.BILLER,
            "fees",
            after=(Kind.PLAN,),
            applies=lambda case: case.chargeable is not False,
            why_not=_("the accepted plan causes no fee"),
            deferrable=True,
        ),
        Rule(
            Kind.CONTRACT, Role.CONTRACT_OFFICER, "contracts", after=(Kind.PLAN,), deferrable=True
        ),
        Rule(
            Kind.METER, Role.FITTER, "metering", after=(Kind.ACCEPTANCE, Kind.FEES, Kind.CONTRACT)
        ),
        Rule(Kind.CALLBACK, Role.CLERK, "metering", after=(Kind.METER,)),
    )
}
NOT_IN_FLOW = _("not part of this business type")


def flow(business_type: str) -> frozenset[str]:
    """The kinds that a business type may pass."""
    return SHORT_FLOW.get(business_type, frozenset(PROCESS))


def applies(kind: str, case: Case) -> bool:
    """Whether the case passes this link, by its business type and the facts known so far."""
    return kind in flow(case.business_type) and PROCESS[kind].applies(case)


def why_not(kind: str, case: Case) -> str:
    """Why a link does not apply, for the person."""
    return PROCESS[kind].why_not if kind in flow(case.business_type) else NOT_IN_FLOW


def kinds_of(case: Case) -> list[str]:
    """The links this case passes, in the order of the process."""
    return [kind for kind in PROCESS if applies(kind, case)]


def predecessors(kind: str, applicable: Iterable[str]) -> frozenset[str]:
    """What the link waits for in this case: a link that does not apply hands its own waits down."""
    here = set(applicable)
    found: set[str] = set()
    for before in PROCESS[kind].after:
        found |= {before} if before in here else predecessors(before, here)
    return frozenset(found)


@cache
def descendants(kind: str) -> frozenset[str]:
    """Every link that waits for this one, directly or through others."""
    direct = {other.kind for other in PROCESS.values() if kind in other.after}
    return frozenset(direct.union(*(descendants(other) for other in direct)))


@cache
def guards(kind: str) -> tuple:
    """The conditions under which the link may be finished, as its room names them, and what it
    rests on that runs out (`force`).
    """
    named = tuple(import_module(f"{PROCESS[kind].room}.guards").GUARDS.get(kind, ()))
    behind = import_module("workflow.force").of_gate(kind)
    return (*named, *(guard for guard in behind if guard not in named))


def next_acts(steps: list[Step]) -> dict[int, str]:
    """What is to be done next inside each step, by its id, where its room knows; a query a room."""
    found: dict[int, str] = {}
    for room in {step.process.room for step in steps}:
        told = getattr(import_module(f"{room}.panel"), "next_acts", None)
        if told:
            found |= told([step for step in steps if step.process.room == room])
    return found


def turn(step: Step, user: User) -> tuple[str, str] | None:
    """What a person whose work the step is not does next with it, and where, as its room says."""
    told = getattr(import_module(f"{step.process.room}.panel"), "turn", None)
    return told(step, user) if told else None


def countersigned(step: Step) -> list[Countersigned]:
    """The sheets of the step that a second person confirms, as its room has read them."""
    sheets = getattr(import_module(f"{step.process.room}.panel"), "countersigned", None)
    return sheets(step) if sheets else []


def to_confirm(user: User) -> list[Countersigned]:
    """What others have signed and this person is to confirm, the most urgent first; a query a
    sheet of their role.
    """
    found: list[Any] = []
    for rule in PROCESS.values():
        if rule.role in user.roles:
            sheets = getattr(import_module(f"{rule.room}.panel"), "COUNTERSIGNED", {})
            for model in sheets.get(rule.kind, ()):
                found += model.objects.to_confirm(user)
    return sorted(found, key=lambda sheet: (sheet.step.due_on or date.max, sheet.pk))


def panel(kind: str) -> Callable[..., dict]:
    """What the link's room shows on the case page: a function of the step and the reader."""
    return import_module(f"{PROCESS[kind].room}.panel").panel
