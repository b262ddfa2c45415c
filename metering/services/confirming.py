"""The second meter technician confirms what the first has signed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from metering.models import Installation, Removal
from metering.services.order import hang
from metering.services.removal import take_off
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves import countersign
from workflow.moves.unit_of_work import act


@act
def confirm(sheet: Installation | Removal, *, by: User) -> None:
    """The second technician confirms in their own login: the meter hangs, or is off.

    Raises Refused to everybody else, and when the step is not open any more.
    """
    if sheet.step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": sheet.step.get_kind_display()})
    countersign.confirm(sheet, by=by)
    if isinstance(sheet, Removal):
        take_off(sheet, by)
    else:
        hang(sheet, by)
