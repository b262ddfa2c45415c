"""Cases with money: surveyed, planned, billed, paid.

Survey and plan are written as signed rows, so that the walls can be tried one by one; the way
through their own steps is walked by the journey.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from fees import services, tariff
from fees.models import Bill, CatalogueItem, Payment
from plans.models import Plan, PlanSource
from surveys.models import Candidate, Survey
from tests import factories as floor
from tests.applications.factories import accepted, sheet
from tests.factories import person
from tests.made_once import made_once
from tests.surveys.factories import both_signatures
from workflow import moves
from workflow.models import Case, Step
from workflow.process import HV, CustomerClass, Kind


@made_once
def hv_case(**columns: Any) -> Case:
    """A company with two sources of 10 kV, accepted at the counter: the survey is in hand."""
    return fresh(floor_case(customer_class=CustomerClass.HV_DUAL, **columns))


def floor_case(**columns: Any) -> Case:
    """A case whose application is accepted."""
    case = floor.case(**columns)
    _done(case.step(Kind.APPLICATION))
    return moves.set_facts(case, by=None, line_works=True)


@made_once
def household() -> Case:
    """A household accepted at the counter."""
    return accepted(sheet())


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def _done(step: Step) -> Step:
    Step.objects.filter(pk=step.pk).update(state="done", finished_at=timezone.now())
    return step


def survey(case: Case, **columns: Any) -> Survey:
    """A survey of the case, signed as workable; of high voltage confirmed by a second."""
    signed = {"signed_at": timezone.now(), "signed_by": person(Role.SURVEYOR)}
    if case.customer_class in HV:
        signed = both_signatures()
    columns = {"can_supply": True} | signed | columns
    return Survey.objects.create(step=fresh(case).step(Kind.SURVEY), **columns)


def plan(
    case: Case,
    *,
    on: Survey | None = None,
    state: str = "accepted",
    sources: tuple[int, ...] = (630, 400),
    voltage: str = "10kv",
    reserve_kva: int = 0,
    laying: str = "overhead",
    quote: bool = True,
) -> Plan:
    """A plan on the survey, with one candidate a source (kVA); without a quote, as before quotes
    were kept.
    """
    on = on or survey(case)
    made = Plan.objects.create(
        step=fresh(case).step(Kind.PLAN),
        survey=on,
        approved_at=timezone.now(),
        answered_at=timezone.now(),
        valid_until=timezone.localdate() + timedelta(days=90),
        accepted_at=timezone.now() if state == "accepted" else None,
        signed_name="王小明",
        objection="太贵" if state == "objected" else "",
        voltage=voltage,
        property_boundary="分界点",
        total_kva=sum(sources),
        reserve_kva=reserve_kva,
    )
    for label, kva in zip("ABCDE", sources, strict=False):
        candidate = Candidate.objects.create(
            survey=on, label=label, name=f"{label} 线", voltage=voltage, workable=True
        )
        PlanSource.objects.create(
            plan=made, candidate=candidate, capacity_kva=Decimal(kva), laying=laying
        )
    Plan.objects.filter(pk=made.pk).update(state=state, quote=tariff.quote(made) if quote else None)
    made.refresh_from_db()
    return made


@made_once
def ready(case: Case | None = None, **options: Any) -> Step:
    """The fees step in hand: the plan is accepted."""
    case = case or hv_case()
    made = plan(case, **options)
    for kind in (Kind.SURVEY, Kind.PLAN):
        _done(fresh(case).step(kind))
    case = moves.set_facts(fresh(case), by=None, chargeable=True)
    assert made.state == "accepted"
    return fresh(case).step(Kind.FEES)


@made_once
def billed(step: Step | None = None, **options: Any) -> Bill:
    """A bill issued: the customer's turn to pay."""
    return services.issue(step or ready(**options), by=person(Role.BILLER))


def dearer(rate: int = 230) -> None:
    """The published rate turns out to be so many yuan since today where 220 were billed: what was
    quoted stays, what was never quoted is wrong by it.
    """
    items = CatalogueItem.objects.filter(code="reliability-10kv")
    item = items.get(version=1)
    item.pk, item.version, item.rate = None, items.count() + 1, rate
    item.valid_from = timezone.localdate()
    item.save(force_insert=True)


@made_once
def paid(bill: Bill | None = None, **options: Any) -> Payment:
    """A bill paid at the counter in cash."""
    bill = bill or billed(**options)
    return services.receive(bill, by=person(Role.CASHIER), method="cash", payer="裕丰冷链")
