"""Whether meter and CT, PT fit the accepted plan: phase, accuracy, ratios (DOMAIN section 6)."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.models import Application
from metering.models import Installation, Meter
from metering.models.meter import Accuracy, Phase
from metering.models.order import RATIO
from plans.models import Plan
from workflow.models import Case
from workflow.process import HV

# The least accurate class that high voltage may have, whatever the plan forgot to say.
HV_ACCURACY = Accuracy.C
LETTERS = dict(zip("ABCD", Accuracy, strict=True))
FIGURE = re.compile(r"0\.2S|0\.5S|\b1(\.0)?\b|\b2(\.0)?\b", re.IGNORECASE)
LETTER = re.compile(r"(?<![A-Z])[A-D](?![A-Z])")


def accuracy_in(text: str) -> Accuracy | None:
    """The accuracy class a plan names, as a figure or a letter; None when it names none."""
    text = text.upper()
    if figure := FIGURE.search(text):
        found = figure[0]
        return Accuracy(found if "." in found else f"{found}.0")
    letter = LETTER.search(text)
    return LETTERS[letter[0]] if letter else None


def mode_of(case: Case) -> str:
    """The metering mode to begin with: the plan's."""
    plan, modes = Plan.read(case), Installation.Mode
    if plan and plan.metering:
        return plan.metering
    return modes.HV_LV if case.customer_class in HV else modes.LV_LV


def ratios_of(case: Case) -> tuple[str, str]:
    """CT and PT ratio to begin with: the plan's, where they are written as on a nameplate."""
    plan = Plan.read(case)
    ratios = (plan.ct_ratio, plan.pt_ratio) if plan else ("", "")
    return tuple(ratio if is_ratio(ratio) else "" for ratio in ratios)


def is_ratio(text: str) -> bool:
    """Whether the text is a ratio as on a nameplate, such as 100/5."""
    try:
        RATIO(text)
    except ValidationError:
        return False
    return True


def needs_three_phases(case: Case, plan: Plan | None) -> bool:
    """High voltage, or anything but 220 V in the plan, else in the application."""
    if case.customer_class in HV:
        return True
    source = plan or Application.of(case)
    return bool(source and source.voltage and source.voltage != Application.Voltage.V220)


def wanted(case: Case) -> tuple[list[Phase], list[Accuracy]]:
    """The phases and the accuracy classes, the least first, of a meter that fits the case."""
    plan = Plan.read(case)
    phases = [Phase.THREE] if needs_three_phases(case, plan) else list(Phase)
    least = accuracy_in(plan.meter_accuracy) if plan else None
    if case.customer_class in HV:
        least = max(least or HV_ACCURACY, HV_ACCURACY, key=lambda accuracy: accuracy.rank)
    return phases, list(Accuracy)[least.rank if least else 0 :]


def misfits(meter: Meter, case: Case) -> list[str]:
    """Why the meter does not fit the case; empty when it does."""
    (phases, classes), found = wanted(case), []
    if meter.phase not in phases:
        found.append(_("This supply needs a three-phase meter."))
    least = Accuracy(classes[0])
    if Accuracy(meter.accuracy).rank < least.rank:
        found.append(
            _("This supply needs accuracy %(least)s or better; this meter has %(has)s.")
            % {"least": least.label, "has": meter.get_accuracy_display()}
        )
    return found


def wrong_ratios(order: Installation) -> list[str]:
    """Ratios on the work order that differ from the plan's."""
    wanted = ratios_of(order.step.case)
    named = (("CT", wanted[0], order.ct_ratio), ("PT", wanted[1], order.pt_ratio))
    return [
        _("The plan has %(what)s ratio %(plan)s; the work order says %(order)s.")
        % {"what": what, "plan": plan, "order": said or "–"}
        for what, plan, said in named
        if plan and plan != said
    ]
