"""What this room does, each act by its name in the history, and what every act demands."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.verbs import verb

if TYPE_CHECKING:
    pass

ASSIGNED = verb("meter_assigned", gettext_lazy("Meter assigned, work order issued"))
RELEASED = verb("meter_released", gettext_lazy("Meter back in stock"))
INSTALLED = verb("meter_installed", gettext_lazy("Meter hung and sealed"))
REMOVED = verb("meter_removed", gettext_lazy("Old meter off or sealed"))
ENERGIZED = verb("energized", gettext_lazy("Power on"))
NOT_ENERGIZED = verb("not_energized", gettext_lazy("Power could not be switched on"))
DISCONNECTED = verb("disconnected", gettext_lazy("Supply ended at the meter"))
CALLED = verb("called_back", gettext_lazy("Called back"))
FOLLOW_UP = verb("follow_up", gettext_lazy("Follow-up after the call-back"))
OVERCHARGED = verb(
    "charged_beyond_bill", gettext_lazy("Charged beyond the bill, says the customer")
)


def demand_open(step: Step, by: User) -> None:
    """Raise Refused unless the step is in the person's hand."""
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})


def demand_past(at: datetime | None) -> None:
    """Raise Refused for a time that lies ahead."""
    if at and at > timezone.now():
        raise Refused(_("This time lies ahead."))
