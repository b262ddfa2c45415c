"""The only writer of this room: meters assigned, hung and taken off, power on, the call afterwards.

A meter is locked before it changes hands: of two fitters who reach for the same one at once the
first has it and the second is told.
"""

from metering.services.acts import (
    ASSIGNED,
    CALLED,
    DISCONNECTED,
    ENERGIZED,
    FOLLOW_UP,
    FOLLOWED_UP,
    INSTALLED,
    NOT_ENERGIZED,
    OVERCHARGED,
    RELEASED,
    REMOVED,
    demand_open,
    demand_past,
)
from metering.services.callback import (
    call_back,
    close_follow_up,
    follow_up_hindrances,
    keep_call,
    not_reached,
)
from metering.services.confirming import confirm
from metering.services.drafts import call_of, order_of, power_of, removal_of
from metering.services.ground import undone
from metering.services.order import (
    against_meter,
    against_signature,
    demand_free,
    install,
    plan_order,
    two_fitters,
    unfinished,
)
from metering.services.power import WHAT_HAPPENS, before_the_meter, energize, keep_power
from metering.services.removal import keep_removal, remove, unfinished_removal
from metering.services.sheet import hand_in

__all__ = [
    "ASSIGNED",
    "CALLED",
    "DISCONNECTED",
    "ENERGIZED",
    "FOLLOWED_UP",
    "FOLLOW_UP",
    "INSTALLED",
    "NOT_ENERGIZED",
    "OVERCHARGED",
    "RELEASED",
    "REMOVED",
    "WHAT_HAPPENS",
    "against_meter",
    "against_signature",
    "before_the_meter",
    "call_back",
    "call_of",
    "close_follow_up",
    "confirm",
    "demand_free",
    "demand_open",
    "demand_past",
    "energize",
    "follow_up_hindrances",
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
    "unfinished_removal",
]
