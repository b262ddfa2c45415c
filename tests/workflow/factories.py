"""Sheets that their first has signed and that wait for their second."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from metering import services as metering
from surveys import services as surveying
from tests.made_once import made_once
from tests.metering import factories as meters
from tests.surveys import factories as surveys
from workflow.models import Case
from workflow.process import BusinessType, Kind


@made_once
def presented(*, swapped: bool = False, **columns: Any) -> Case:
    """A high-voltage survey; `swapped`, it is the surveyor of the station who is to confirm."""
    first, second = surveys.surveyor(), surveys.second()
    if swapped:
        first, second = second, first
    high = {"customer_class": "hv_single", "voltage": "10kv", "new_kva": 400}
    case = surveys.at_survey(**high, **columns)
    surveys.candidate(case, by=first)
    step = surveys.fresh(case)
    sheet = surveys.filled(step, surveyor=first, second_surveyor=second, phase="three")
    surveying.sign(sheet, surveys.loads(), by=first)
    return Case.objects.get(pk=case.pk)


@made_once
def hung(*, swapped: bool = False, number: str = "3200000001", **columns: Any) -> Case:
    """A work order; `swapped`, it is the technician of the station who is to confirm."""
    first, second = meters.fitters()
    case = meters.case_at(**columns)
    order = meters.order(case, meters.meter(number))
    order.seals.create(place="meter", number=f"S{number}")
    if swapped:
        order.installer, order.second_installer = second, first
    metering.install(order, by=order.installer)
    return Case.objects.get(pk=case.pk)


@made_once
def taken_off() -> Case:
    """A removal; with it the step will be done."""
    case = meters.case_at(business_type=BusinessType.CLOSING, meter_number="3100000001")
    removal = metering.removal_of(case.step(Kind.METER))
    removal.installer, removal.second_installer = meters.fitters()
    removal.removed_at, removal.reading_total = timezone.now(), 8421
    metering.remove(removal, by=removal.installer)
    return Case.objects.get(pk=case.pk)
