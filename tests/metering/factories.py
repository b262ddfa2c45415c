"""Meters in stock and cases that wait for theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from documents import services as documents
from metering import services
from metering.models import Installation, Meter, MeterPhoto, Seal
from tests import factories
from tests.made_once import made_once
from tests.plans import factories as plans
from tests.plans.factories import signer
from tests.works.factories import case_of, fresh, picture, walk
from workflow.models import Case, Step
from workflow.process import FULL_FLOW, BusinessType, Kind

__all__ = [
    "case_at",
    "case_of",
    "dissatisfied",
    "fresh",
    "meter",
    "order",
    "power_on",
    "ready",
    "signature",
    "signer",
]


def meter(number: str = "3200000001", **columns: Any) -> Meter:
    """A meter in the store of the station."""
    columns.setdefault("unit", factories.unit())
    return Meter.objects.create(
        **{
            "asset_number": number,
            "phase": "single",
            "rating_a": "5(60)",
            "voltage_v": "220",
            "accuracy": "2.0",
            "maker": "华立",
            **columns,
        }
    )


def fitters():
    """Two meter technicians of the station."""
    one = factories.person(Role.FITTER)
    return one, factories.person(Role.FITTER, username="fitter-2")


@made_once
def case_at(kind: str = Kind.METER, **columns: Any) -> Case:
    """A case whose meter step is in hand: a household with its accepted plan, or a short flow."""
    business_type = columns.get("business_type", BusinessType.NEW)
    if business_type not in FULL_FLOW:
        return walk(factories.case(**columns), kind)
    columns.setdefault("not_duplicate", "另一户")
    if columns.get("customer_class"):
        plan = plans.accepted_plan(plans.factory(**columns))
    else:
        plan = plans.accepted_plan(plans.household(**columns))
    return walk(case_of(plan.step.case), kind)


def order(case: Case, chosen: Meter | None) -> Installation:
    """A work order ready to be signed, without seals."""
    step = case.step(Kind.METER)
    first, second = fitters()
    made = services.order_of(step)
    made.meter = chosen
    made.installer, made.second_installer = first, second
    made.installed_at = made.customer_signed_at = timezone.now()
    made.reading_total, made.customer_signed_name = 0, signer(case)
    made = services.plan_order(made, by=first)
    signature(step, first)
    return made


def signature(step: Step, by: Any) -> MeterPhoto:
    """The customer signs on the glass of the tablet."""
    kept = documents.attach(step.case, picture("signature"), title="S", by=by, step=step)
    return MeterPhoto.objects.create(step=step, attachment=kept, shows=MeterPhoto.Shows.SIGNATURE)


def ready(case: Case, chosen: Meter | None = None) -> Installation:
    """The meter hangs, sealed and signed for."""
    made = order(case, chosen or meter())
    Seal.objects.create(installation=made, place="meter", number=f"S{made.pk}")
    services.install(made, by=fitters()[0])
    services.confirm(made, by=fitters()[1])
    return made


def power_on(step: Step) -> Step:
    """Power is switched on now."""
    power = services.power_of(step)
    power.operator, power.energized_at = fitters()[0], timezone.now()
    power.phase_order_ok = power.meter_runs = True
    power.result = "on"
    return services.energize(power, by=fitters()[0])


@made_once
def dissatisfied(**columns: Any) -> Case:
    """Called back, and not satisfied: the clerk follows it up within two days."""
    case = case_at(Kind.CALLBACK, **columns)
    clerk = factories.person(Role.CLERK)
    sheet = services.call_of(case.step(Kind.CALLBACK))
    sheet.reached, sheet.called_at, sheet.satisfaction = True, timezone.now(), 1
    sheet.power_quality_ok, sheet.charged_beyond_bill = True, False
    sheet.follow_up_owner, sheet.follow_up = clerk, "上门解释"
    sheet.follow_up_on = timezone.localdate() + timedelta(days=2)
    services.call_back(sheet, by=clerk)
    return case_of(case)
