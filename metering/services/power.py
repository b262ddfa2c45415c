"""Power on."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from metering import guards
from metering.models import (
    Energization,
    Removal,
)
from metering.services.acts import ENERGIZED, NOT_ENERGIZED, demand_open, demand_past
from plans import services as plans
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves.unit_of_work import act
from workflow.process import BusinessType

WHAT_HAPPENS: dict[str, str] = {
    BusinessType.METER_MOVE: Removal.What.MOVED,
    BusinessType.SUSPENSION: Removal.What.SEALED,
}


@act
def keep_power(power: Energization, *, by: User) -> Energization:
    """Plan the energization; a failed attempt is recorded with its reason, and tried again."""
    step = power.step
    demand_open(step, by)
    demand_past(power.energized_at)
    before = Energization.objects.filter(pk=power.pk).values_list("result", flat=True).first()
    power.save()
    if power.result == Energization.Result.FAILED and before != power.result:
        moves.record(step.case, NOT_ENERGIZED, by=by, step=step, note=power.remarks)
    return power


def before_the_meter(power: Energization) -> list[Refused]:
    """Power on at a time when no meter hung yet."""
    order = guards.installation_of(power.step)
    if not power.energized_at or not order or not order.installed_at:
        return []
    if power.energized_at >= order.installed_at:
        return []
    return [Refused(_("Power cannot be on before the meter hangs."), fields=("energized_at",))]


@act
def energize(power: Energization, *, by: User) -> Step:
    """Power is on: the step is finished, the customer supplied.

    Raises Refused with every condition that does not hold, checked at this moment.
    """
    power = keep_power(power, by=by)
    step = power.step
    order = guards.installation_of(step)
    if too_soon := before_the_meter(power):
        raise Refused(too_soon)
    if power.result == Energization.Result.ON and power.energized_at and power.operator_id:
        power.signed_at, power.signed_by = timezone.now(), by
        power.save(update_fields=["signed_at", "signed_by"])
    step = moves.finish(
        step,
        by=by,
        what=ENERGIZED,
        outcome="energized",
        at=power.energized_at,
        meter=order.meter.asset_number if order and order.meter else "",
    )
    plans.power_on(step.case)
    return step
