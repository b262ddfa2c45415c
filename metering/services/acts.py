"""What this room does, each act by its name in the history, and what every act demands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from workflow import moves
from workflow.guards import Names, Refused
from workflow.models import Step
from workflow.verbs import verb

ASSIGNED = verb("meter_assigned", gettext_lazy("Meter assigned, work order issued"))
RELEASED = verb("meter_released", gettext_lazy("Meter back in stock"))
INSTALLED = verb("meter_installed", gettext_lazy("Meter hung and sealed"))
REMOVED = verb("meter_removed", gettext_lazy("Old meter off or sealed"))
ENERGIZED = verb("energized", gettext_lazy("Power on"), told=True)
NOT_ENERGIZED = verb("not_energized", gettext_lazy("Power could not be switched on"), told=True)
DISCONNECTED = verb("disconnected", gettext_lazy("Supply ended at the meter"))
CALLED = verb("called_back", gettext_lazy("Called back"))
FOLLOW_UP = verb("follow_up", gettext_lazy("Follow-up after the call-back"))
FOLLOWED_UP = verb("followed_up", gettext_lazy("Follow-up done"))
OVERCHARGED = verb(
    "charged_beyond_bill", gettext_lazy("Charged beyond the bill, says the customer")
)


AHEAD = gettext_lazy("This time lies ahead.")
# The total first: there it is told when they do not add up.
READINGS = ("reading_total", "reading_peak", "reading_flat", "reading_valley")


def demand_open(step: Step, by: User) -> None:
    """Raise Refused unless the step is in the person's hand."""
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})


def is_past(at: datetime | None) -> bool:
    """The time, where one is named, does not lie ahead."""
    return at is None or at <= timezone.now()


def demand_past(at: datetime | None) -> None:
    """Raise Refused for a time that lies ahead."""
    if not is_past(at):
        raise Refused(str(AHEAD))


def unheld(checks: Iterable[tuple[Any, Any, Names]]) -> list[Refused]:
    """The words, with their fields, of all that does not hold on a sheet."""
    return [Refused(str(said), fields=fields) for holds, said, fields in checks if not holds]
