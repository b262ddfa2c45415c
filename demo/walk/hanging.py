"""The meter hung, power on, the call afterwards."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from applications.signers import signers_of
from demo.walk.counter import bring_papers
from demo.walk.stage import Stage, fresh, picture
from documents import services as documents
from metering import services as metering
from metering.guards import energizes
from metering.models import Meter, MeterPhoto, Seal
from workflow.models import Case, Step
from workflow.process import (
    HV,
    CustomerClass,
    Kind,
)


def meter_from_stock(stage: Stage, case: Case) -> Meter:
    """A meter that fits, fresh from its maker."""
    high = case.customer_class in HV
    three = high or case.customer_class == CustomerClass.LV_OTHER
    return Meter.objects.create(
        asset_number=f"3201{case.pk:08d}",
        unit=case.unit,
        phase="three" if three else "single",
        rating_a="1.5(6)" if high else "5(60)",
        voltage_v="3×57.7/100" if high else ("3×220/380" if three else "220"),
        accuracy="0.5S" if high else "2.0",
        maker="华立",
    )


def hang_meter(stage: Stage, case: Case) -> Step:
    """Two technicians hang, seal and read the meter; the customer signs."""
    bring_papers(stage, case, Kind.METER)
    step = fresh(case).step(Kind.METER)
    by = stage.worker(step)
    order = metering.order_of(step)
    order.meter = meter_from_stock(stage, case)
    order.installer, order.second_installer = by, second_fitter(stage)
    order.installed_at = order.customer_signed_at = timezone.now()
    signer = signers_of(case, timezone.localdate()).usual
    order.reading_total, order.customer_signed_name = 0, signer[:60]
    metering.plan_order(order, by=by)
    drawn = picture(stage.random, signer)
    title = MeterPhoto.Shows.SIGNATURE.label
    kept = documents.attach(case, drawn, title=lambda: str(title), by=by, step=step)
    MeterPhoto.objects.create(step=step, attachment=kept, shows=MeterPhoto.Shows.SIGNATURE)
    Seal.objects.create(installation=order, place="meter", number=f"F{case.pk:06d}")
    metering.install(order, by=by)
    metering.confirm(order, by=second_fitter(stage))
    return fresh(case).step(Kind.METER)


def second_fitter(stage: Stage) -> User:
    return stage.people["fangyong"]


def meter(stage: Stage, case: Case) -> None:
    """The meter hangs and the power is on; or it comes off where the supply ends."""
    if not energizes(case):
        return take_off(stage, case)
    step = hang_meter(stage, case)
    stage.clock.later(hours=1)
    power = metering.power_of(step)
    power.operator, power.energized_at = stage.worker(step), timezone.now()
    power.phase_order_ok = power.meter_runs = True
    power.result = "on"
    metering.energize(power, by=stage.worker(step))
    return None


def take_off(stage: Stage, case: Case) -> None:
    """The old meter comes off with its final readings."""
    step = fresh(case).step(Kind.METER)
    by = stage.worker(step)
    removal = metering.removal_of(step)
    removal.asset_number = removal.asset_number or f"3200{case.pk:08d}"
    removal.installer, removal.second_installer = by, second_fitter(stage)
    removal.removed_at, removal.reading_total = timezone.now(), 8421
    removal.new_seal = f"F{case.pk:06d}"
    metering.remove(removal, by=by)
    metering.confirm(removal, by=second_fitter(stage))


def callback(stage: Stage, case: Case) -> None:
    """The customer is called back and content."""
    step = fresh(case).step(Kind.CALLBACK)
    call = metering.call_of(step)
    call.called_at, call.spoke_with, call.reached = timezone.now(), case.customer_name[:60], True
    call.satisfaction, call.power_quality_ok = 5, True
    call.on_time, call.charged_beyond_bill = True, False
    call.words = "很满意"
    metering.call_back(call, by=stage.worker(step))
