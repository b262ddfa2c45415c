"""Whether meter, mode, CT and PT fit the accepted plan and each other (DOMAIN section 6)."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.models import Application
from contracts.models import Contract
from metering.models import Installation, Meter
from metering.models.meter import Accuracy, Phase
from plans import services as plans
from plans.models import Plan
from plans.ratios import is_ct, is_pt, normalized, validate_ct, validate_pt
from surveys.models import Survey
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import HV

Mode = Installation.Mode
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
    plan = Plan.read(case)
    if plan and plan.metering:
        return plan.metering
    return Mode.HV_LV if case.customer_class in HV else Mode.LV_LV


def ratios_of(case: Case) -> tuple[str, str]:
    """CT and PT ratio to begin with: the plan's, where they are written as on a nameplate; a PT
    only where the plan meters at high voltage.
    """
    plan = Plan.read(case)
    if plan is None:
        return "", ""
    ct, pt = normalized(plan.ct_ratio), normalized(plan.pt_ratio)
    return ct if is_ct(ct) else "", pt if is_pt(pt) and mode_of(case) == Mode.HV_HV else ""


def phase_of(case: Case) -> Phase | None:
    """The phase of the supply: three at high voltage, else as planned, surveyed or applied for."""
    if case.customer_class in HV:
        return Phase.THREE
    if plan := Plan.read(case):
        return phase_at(plan.voltage)
    survey = Survey.of(case)
    if survey and survey.phase:
        return Phase(survey.phase)
    sheet = Application.of(case)
    return phase_at(sheet.voltage) if sheet else None


def phase_at(voltage: str) -> Phase | None:
    """220 V is one phase, anything above it three; None where no voltage is named."""
    if not voltage:
        return None
    return Phase.SINGLE if voltage == Application.Voltage.V220 else Phase.THREE


class Wanted(NamedTuple):
    """What a meter must be that fits a case; None where it may be either."""

    phases: list[Phase]
    # The least accurate class first.
    classes: list[Accuracy]
    through_ct: bool | None
    through_pt: bool | None


def wanted(case: Case) -> Wanted:
    """The meter that the plan asks for; without a plan, what the class of the customer asks for."""
    plan, phase = Plan.read(case), phase_of(case)
    least = accuracy_in(plan.meter_accuracy) if plan else None
    if case.customer_class in HV:
        least = max(least or HV_ACCURACY, HV_ACCURACY, key=lambda accuracy: accuracy.rank)
    at_high = mode_of(case) == Mode.HV_HV
    return Wanted(
        phases=[phase] if phase else list(Phase),
        classes=list(Accuracy)[least.rank if least else 0 :],
        through_ct=bool(plan.ct_ratio) or at_high if plan else None,
        through_pt=at_high if plan or case.customer_class not in HV else None,
    )


def planned(case: Case) -> dict[str, str]:
    """What the accepted plan says of each field of the work order, to stand beside it; of a case
    without one, what the contract says of the metering.
    """
    plan = Plan.read(case)
    if plan is None:
        held = Contract.read(case)
        says = held.metering if held and held.binds else ""
        return {"mode": _("Contract: %(what)s") % {"what": says}} if says else {}
    found, none = wanted(case), _("none")
    meter = [
        " / ".join(str(phase.label) for phase in found.phases),
        plan.meter_type,
        _("accuracy %(class)s or better") % {"class": found.classes[0].label},
    ]
    said = {
        "meter": " · ".join(filter(None, meter)),
        "mode": plan.get_metering_display(),
        "ct_ratio": normalized(plan.ct_ratio) or none,
        "pt_ratio": normalized(plan.pt_ratio) or none,
    }
    return {name: _("Plan: %(what)s") % {"what": what} for name, what in said.items() if what}


def misfits(meter: Meter, case: Case) -> list[str]:
    """Why the meter does not fit the case; empty when it does."""
    needs = wanted(case)
    return [
        *_against_make(meter, needs),
        *_against_current(meter, needs.through_ct),
        *_against_voltage(meter, needs.through_pt),
    ]


def _against_make(meter: Meter, needs: Wanted) -> list[str]:
    """Phase and accuracy."""
    found = []
    if meter.phase not in needs.phases:
        three = needs.phases == [Phase.THREE]
        found.append(
            _("This supply needs a three-phase meter.")
            if three
            else _("This supply needs a single-phase meter.")
        )
    least = needs.classes[0]
    if Accuracy(meter.accuracy).rank < least.rank:
        found.append(
            _("This supply needs accuracy %(least)s or better; this meter has %(has)s.")
            % {"least": least.label, "has": meter.get_accuracy_display()}
        )
    return found


def _against_current(meter: Meter, through_ct: bool | None) -> list[str]:
    """A meter of a few amperes hangs behind a CT, any other takes the load itself."""
    if through_ct is None or meter.through_ct == through_ct:
        return []
    if through_ct:
        text = _("Metered through a CT: it needs a meter such as 1.5(6) A, not %(rating)s A.")
    else:
        text = _("A meter of %(rating)s A needs a CT, and there is none here.")
    return [text % {"rating": meter.rating_a}]


def _against_voltage(meter: Meter, through_pt: bool | None) -> list[str]:
    """Behind a PT the meter sees 100 V, without one the voltage of the supply."""
    if through_pt is None or meter.through_pt == through_pt:
        return []
    if through_pt:
        text = _("Metered through a PT: it needs a meter for 100 V, not %(voltage)s V.")
    else:
        text = _("A meter for %(voltage)s V needs a PT, and there is none here.")
    return [text % {"voltage": meter.voltage_v}]


def unfit(order: Installation) -> list[Refused]:
    """Everything in which meter, mode and transformers of the work order contradict the plan, or
    each other.
    """
    case, meter = order.step.case, order.meter
    found = [*_wrong_mode(order, case), *_wrong_ratios(order, case)]
    if order.mode:
        found += plans.against_transformers(order.mode, order.ct_ratio, order.pt_ratio)
    if meter is None:
        return found
    through_ct = bool(order.ct_ratio) or order.mode == Mode.HV_HV
    texts = [
        (("meter",), _against_make(meter, wanted(case))),
        (("meter", "ct_ratio"), _against_current(meter, through_ct)),
        (("meter", "mode"), _against_voltage(meter, order.mode == Mode.HV_HV)),
    ]
    return found + [Refused(text, fields=fields) for fields, said in texts for text in said]


def _wrong_mode(order: Installation, case: Case) -> list[Refused]:
    """The mode is the plan's; without a plan, one that the class of the customer can have."""
    plan = Plan.read(case)
    if not order.mode:
        return []
    if plan and plan.metering:
        fits = order.mode == plan.metering
    else:
        fits = (order.mode == Mode.LV_LV) != (case.customer_class in HV)
    if fits:
        return []
    text = _("This supply is metered otherwise: %(mode)s.")
    return [Refused(text % {"mode": Mode(mode_of(case)).label}, fields=("mode",))]


def _wrong_ratios(order: Installation, case: Case) -> list[Refused]:
    """Ratios that cannot be read, or differ from the plan's; also a CT where it has none."""
    ct, pt = ratios_of(case)
    no_ct = wanted(case).through_ct is False
    named = (("CT", ct, order.ct_ratio, validate_ct), ("PT", pt, order.pt_ratio, validate_pt))
    found = []
    for what, plan, typed, validate in named:
        fields, said = (f"{what.lower()}_ratio",), normalized(typed)
        if (plan or (what == "CT" and no_ct)) and plan != said:
            text = _("The plan has %(what)s ratio %(plan)s; the work order says %(order)s.")
            named_in = {"what": what, "plan": plan or "–", "order": said or "–"}
            found.append(Refused(text % named_in, fields=fields))
        elif said:
            try:
                validate(said)
            except ValidationError as error:
                found.append(Refused(error.messages[0], fields=fields))
    return found
