"""The only writer of this room: meters assigned, hung and taken off, power on, the call afterwards.

A meter is locked before it changes hands: of two fitters who reach for the same one at once the
first has it and the second is told.
"""

from metering.steps.acts import (
    ASSIGNED,
    CALLED,
    DISCONNECTED,
    ENERGIZED,
    FOLLOW_UP,
    INSTALLED,
    NOT_ENERGIZED,
    OVERCHARGED,
    RELEASED,
    REMOVED,
    demand_open,
    demand_past,
)
from metering.steps.callback import call_back, keep_call, not_reached
from metering.steps.drafts import call_of, order_of, power_of, removal_of
from metering.steps.ground import undone
from metering.steps.order import demand_free, install, plan_order, two_fitters, unfinished
from metering.steps.power import WHAT_HAPPENS, energize, keep_power
from metering.steps.removal import keep_removal, remove
from metering.steps.sheet import hand_in

__all__ = [
    "ASSIGNED",
    "CALLED",
    "DISCONNECTED",
    "ENERGIZED",
    "FOLLOW_UP",
    "INSTALLED",
    "NOT_ENERGIZED",
    "OVERCHARGED",
    "RELEASED",
    "REMOVED",
    "WHAT_HAPPENS",
    "call_back",
    "call_of",
    "demand_free",
    "demand_open",
    "demand_past",
    "energize",
    "hand_in",
    "install",
    "keep_call",
    "keep_power",
    "keep_removal",
    "not_reached",
    "order_of",
    "plan_order",
    "power_of",
    "removal_of",
    "remove",
    "two_fitters",
    "undone",
    "unfinished",
]
