"""The sheets of the step, as begun or as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import User
from metering import fit, guards
from metering.models import (
    CallBack,
    Energization,
    Installation,
    Removal,
)
from workflow.models import Step

if TYPE_CHECKING:
    pass
from metering.steps.power import WHAT_HAPPENS


def order_of(step: Step, by: User | None = None) -> Installation:
    """The work order of this round, or a new one not yet saved, with what the round before left."""
    order = guards.installation_of(step)
    if order:
        return order
    before = Installation.of(step.case)
    order = Installation(step=step, installer=step.owner or by)
    if before:
        for name in ("metering_point", "mode", "ct_ratio", "pt_ratio", "box"):
            setattr(order, name, getattr(before, name))
    else:
        order.metering_point, order.mode = step.case.address[:120], fit.mode_of(step.case)
        order.ct_ratio, order.pt_ratio = fit.ratios_of(step.case)
    return order


def removal_of(step: Step, by: User | None = None) -> Removal:
    """The removal of this round, or a new one not yet saved, of the meter the round before took."""
    before = Removal.objects.filter(step__case=step.case_id, signed_at__isnull=False).last()
    return guards.removal_of(step) or Removal(
        step=step,
        installer=step.owner or by,
        asset_number=before.asset_number if before else step.case.meter_number,
        what=WHAT_HAPPENS.get(step.case.business_type, Removal.What.TAKEN),
    )


def power_of(step: Step, by: User | None = None) -> Energization:
    """The energization of this round, or a new one not yet saved."""
    return guards.energization_of(step) or Energization(step=step, operator=step.owner or by)


def call_of(step: Step) -> CallBack:
    """The call-back of this round, or a new one not yet saved."""
    return guards.callback_of(step) or CallBack(step=step)
