"""Whether a meter fits the case: phase and accuracy (DOMAIN section 6)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from applications.models import Application
from metering.models import Installation, Meter
from metering.models.meter import Accuracy, Phase
from workflow.models import Case
from workflow.process import HV

# The least accurate class that high voltage may have.
HV_ACCURACY = Accuracy.C


def mode_of(case: Case) -> str:
    """The metering mode to begin with."""
    modes = Installation.Mode
    return modes.HV_LV if case.customer_class in HV else modes.LV_LV


def ratios_of(case: Case) -> tuple[str, str]:
    """CT and PT ratio to begin with."""
    return "", ""


def needs_three_phases(case: Case) -> bool:
    """High voltage, or 380 V asked for."""
    if case.customer_class in HV:
        return True
    application = Application.of(case)
    return application is not None and application.voltage == Application.Voltage.V380


def misfits(meter: Meter, case: Case) -> list[str]:
    """Why the meter does not fit the case; empty when it does."""
    found = []
    if needs_three_phases(case) and meter.phase != Phase.THREE:
        found.append(_("This supply needs a three-phase meter."))
    if case.customer_class in HV and Accuracy(meter.accuracy).rank < HV_ACCURACY.rank:
        found.append(
            _("High voltage needs accuracy %(least)s or better; this meter has %(has)s.")
            % {"least": HV_ACCURACY.label, "has": meter.get_accuracy_display()}
        )
    return found
