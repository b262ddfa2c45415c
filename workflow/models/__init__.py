"""The floor everybody stands on: cases, steps, clocks, events."""

from workflow.models.alert import Alert, Notice, Reminder, Subject, Sweep
from workflow.models.case import Case
from workflow.models.event import Event
from workflow.models.rule import DeadlineRule, Edition, StopReason, WorkDay
from workflow.models.step import Pause, Step

__all__ = [
    "Alert",
    "Case",
    "DeadlineRule",
    "Edition",
    "Event",
    "Notice",
    "Pause",
    "Reminder",
    "Step",
    "StopReason",
    "Subject",
    "Sweep",
    "WorkDay",
]
