"""Meters and their work orders, power on, and the call afterwards."""

from metering.models.callback import CallAttempt, CallBack
from metering.models.energization import Energization
from metering.models.meter import Meter
from metering.models.order import Installation, MeterPhoto, Removal, Seal

__all__ = [
    "CallAttempt",
    "CallBack",
    "Energization",
    "Installation",
    "Meter",
    "MeterPhoto",
    "Removal",
    "Seal",
]
