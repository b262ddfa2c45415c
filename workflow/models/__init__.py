"""The floor everybody stands on: cases, steps, clocks, events."""

from workflow.models.alert import Alert, Notice, Reminder, Subject, Sweep
from workflow.models.case import Case
from workflow.models.countersigned import (
    Countersigned,
    CountersignedQuerySet,
    countersign_constraints,
)
from workflow.models.event import Event
from workflow.models.late import LateCause, Lateness
from workflow.models.rule import DeadlineRule, Edition, Rescheduling, StopReason, WorkDay
from workflow.models.standard import (
    DatedQuerySet,
    DatedStandard,
    Listed,
    Standard,
    StandardQuerySet,
)
from workflow.models.step import Pause, Step

__all__ = [
    "Alert",
    "Case",
    "Countersigned",
    "CountersignedQuerySet",
    "DatedQuerySet",
    "DatedStandard",
    "DeadlineRule",
    "Edition",
    "Event",
    "LateCause",
    "Lateness",
    "Listed",
    "Notice",
    "Pause",
    "Reminder",
    "Rescheduling",
    "Standard",
    "StandardQuerySet",
    "Step",
    "StopReason",
    "Subject",
    "Sweep",
    "WorkDay",
    "countersign_constraints",
]
