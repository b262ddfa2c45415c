"""What becomes of meters when the step no longer holds."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from metering.models import (
    Installation,
    Meter,
)
from metering.services.order import turn
from plans import services as plans
from workflow.models import Step
from workflow.moves.unit_of_work import act
from workflow.process import Kind


@act
def undone(step: Step, *, by: User | None) -> None:
    """Closed or sent back: a meter assigned returns to stock, one hung counts as taken off, and
    capacity in use is held by the plan again.
    """
    if step.kind != Kind.METER:
        return
    if step.outcome == "energized":
        plans.power_off(step.case)
    orders = Installation.objects.filter(step=step, ended_at=None).exclude(meter=None)
    for order in orders:
        meter = Meter.objects.select_for_update().get(pk=order.meter_id or 0)
        free = meter.state == Meter.State.ASSIGNED
        turn(meter, Meter.State.IN_STOCK if free else Meter.State.REMOVED)
        order.ended_at = timezone.now()
        order.save(update_fields=["ended_at"])
