"""What must hold before an application is accepted (the first wrong turn of DOMAIN section 1)."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications import rules, services
from applications.models import Application
from workflow.guards import Guard
from workflow.models import Step
from workflow.process import Kind


def sheet_of(step: Step) -> Application | None:
    """The sheet of the step; read once a step, for all conditions."""
    try:
        return step.application
    except Application.DoesNotExist:
        return None


def supply_is_stated(step: Step) -> bool:
    sheet = sheet_of(step)
    return bool(sheet and sheet.existing_supply)


def is_complete(step: Step) -> bool:
    """Every needed item is there and none contradicts another, on the day the request was taken."""
    sheet = sheet_of(step)
    return bool(sheet) and not rules.faults(sheet, timezone.localdate(step.in_hand_since))


def is_no_duplicate(step: Step) -> bool:
    """No similar open case in the sight of who took it, or a reason why it is another.

    What nobody has taken yet is compared within its own office.
    """
    sheet = sheet_of(step)
    if sheet is None or sheet.not_duplicate:
        return True
    return not services.duplicates(sheet, step.owner.unit if step.owner else step.case.unit)


GUARDS = {
    Kind.APPLICATION: (
        Guard(
            supply_is_stated,
            reason=_(
                "It is not stated how the place is supplied today: none, own meter, shared meter "
                "or resold. Ask the customer; without it nothing is accepted."
            ),
            met=_("The present supply is stated"),
        ),
        Guard(
            is_complete,
            reason=_("The application sheet is not complete."),
            met=_("The application sheet is complete"),
        ),
        Guard(
            is_no_duplicate,
            reason=_("There is a similar open case: look at it, then say why this is another."),
            met=_("No similar case is open"),
        ),
    )
}
