"""The sheets of the step, as begun or as they are kept."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from metering import fit, guards
from metering.models import CallBack, Energization, Installation, Removal
from metering.services.power import WHAT_HAPPENS
from workflow.models import Step

# What a new round begins with of the one before; what was read, found and signed is asked anew.
ORDERED = ("metering_point", "mode", "ct_ratio", "pt_ratio", "box", "second_installer", "remarks")
SWITCHED = ("planned_at", "staff", "remarks")
ANSWERED = (
    "spoke_with",
    "satisfaction",
    "power_quality_ok",
    "on_time",
    "charged_beyond_bill",
    "charged_what",
    "words",
    "follow_up_needed",
    "follow_up_owner",
    "follow_up_on",
    "follow_up",
)


def _carry(before: Any, sheet: Any, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(sheet, name, getattr(before, name))


def _before(model: Any, step: Step) -> Any:
    """The latest sheet of an earlier round; none is asked for in the first."""
    if step.round == 1:
        return None
    return model.objects.filter(step__case=step.case_id).order_by("step__round").last()


def order_of(step: Step, by: User | None = None) -> Installation:
    """The work order of this round, or a new one not yet saved, with what the round before left."""
    order = guards.installation_of(step)
    if order:
        return order
    before = Installation.of(step.case)
    order = Installation(step=step, installer=step.owner or by)
    if before:
        _carry(before, order, ORDERED)
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
    """The energization of this round, or a new one not yet saved, as the round before left it."""
    power = guards.energization_of(step)
    if power is None:
        power = Energization(step=step, operator=step.owner or by)
        if before := _before(Energization, step):
            _carry(before, power, SWITCHED)
    return power


def call_of(step: Step) -> CallBack:
    """The call-back of this round, or a new one not yet saved, as the round before left it."""
    call = guards.callback_of(step)
    if call is None:
        call = CallBack(step=step)
        if before := _before(CallBack, step):
            _carry(before, call, ANSWERED)
    return call
