"""What a plan must hold before it goes further: complete, on points that may be used, by class."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from applications.models import Application
from plans.models import Plan, PlanSource
from plans.services.metering import is_high, unmeterable
from surveys.guards import why_not_usable
from surveys.models import Candidate, SourcePoint, Survey
from surveys.models.survey import Phase
from workflow.guards import Refused
from workflow.process import HV, CustomerClass, Importance

NEEDED = (
    "voltage",
    "total_kva",
    "property_boundary",
    "metering",
    "meter_type",
    "tariff",
)
LABELS = {field.name: field.verbose_name for field in Plan._meta.fields}
SOURCES = ("sources",)


def needed(voltage: str) -> tuple[str, ...]:
    """What must stand on the sheet: relay protection only where there is any, at high voltage."""
    return (*NEEDED, "protection") if is_high(voltage) else NEEDED


def points_of(survey: Survey) -> list[Candidate]:
    """The candidates of a survey with their consents; two queries."""
    return list(survey.candidates.select_related("source_point").prefetch_related("consents").all())


def usable(survey: Survey, today: date) -> list[Candidate]:
    """The candidates a plan may stand on: workable, with every consent given and still holding."""
    return [candidate for candidate in points_of(survey) if candidate.can_be_used(today)]


def open_at(point: Candidate) -> Decimal | None:
    """What the point can still give (kVA): the catalogue's word of today, else as measured."""
    return point.source_point.open_kva if point.source_point else point.open_kva


def demand_sound(plan: Plan, today: date) -> None:
    """Raise Refused with everything that stands against this plan as drawn."""
    sources = list(plan.sources.select_related("candidate__source_point"))
    if wrong := unsound(plan, sources, today):
        raise Refused(wrong)


def demand_buildable(plan: Plan, today: date) -> None:
    """Raise Refused with everything for which the plan cannot be built."""
    sources = list(plan.sources.select_related("candidate__source_point"))
    if wrong := unbuildable(plan, sources, today):
        raise Refused(wrong)


def unsound(plan: Plan, sources: list[PlanSource], today: date) -> list[Refused]:
    """Everything that stands against this plan on these sources, each with what it speaks of."""
    return [*unbuildable(plan, sources, today), *unmeterable(plan)]


def unbuildable(plan: Plan, sources: list[PlanSource], today: date) -> list[Refused]:
    """What is missing or given by no source; a plan in the customer's hand must hold this too."""
    if plan.survey_id is None:
        return [Refused(_("No plan without a signed survey that can supply."))]
    empty = [
        Refused(_("Still to fill in: %(item)s.") % {"item": LABELS[name]}, fields=(name,))
        for name in needed(plan.voltage)
        if getattr(plan, name) in (None, "", Decimal(0))
    ]
    return [
        *empty,
        *(Refused(text, fields=SOURCES) for text in _against_points(plan, sources, today)),
        *_against_capacity(plan, sources),
        *_demands_of_class(plan, sources),
    ]


def _against_points(plan: Plan, sources: list[PlanSource], today: date) -> list[str]:
    """The survey must stand, and every point be workable with all its consents."""
    wrong = []
    if not plan.survey.can_supply or plan.survey.signed_at is None:
        wrong.append(_("No plan without a signed survey that can supply."))
    if not sources:
        wrong.append(_("Choose at least one source point."))
    points = {point.pk: point for point in points_of(plan.survey)}
    for source in sources:
        point = points.get(source.candidate_id)
        if point is None:
            wrong.append(_("The source point does not belong to the survey of this case."))
        elif not point.can_be_used(today):
            wrong.append(
                _("%(point)s cannot be used: %(why)s.")
                % {"point": point, "why": why_not_usable(point, today)}
            )
    return wrong


def _against_capacity(plan: Plan, sources: list[PlanSource]) -> list[Refused]:
    """The main sources carry the whole capacity; a point outside the catalogue what was measured.

    What a point of the catalogue can still give is asked when it is held.
    """
    wrong = []
    mains = [source.capacity_kva for source in sources if source.role == PlanSource.Role.MAIN]
    given = sum(mains, Decimal(0))
    if sources and not mains:
        wrong.append(Refused(_("One source must be the main one."), fields=SOURCES))
    elif sources and given < (plan.total_kva or 0):
        text = _("The main sources give %(given)s kVA; the plan needs %(total)s kVA.") % {
            "given": given,
            "total": plan.total_kva,
        }
        wrong.append(Refused(text, fields=("total_kva", *SOURCES)))
    for source in sources:
        measured = source.candidate.open_kva or Decimal(0)
        if source.candidate.source_point_id is None and source.capacity_kva > measured:
            wrong.append(too_little(source.candidate, measured, source.capacity_kva))
    return wrong


def too_little(point: Candidate | SourcePoint, open_kva: Decimal, kva: Decimal) -> Refused:
    """The point cannot give what is asked for."""
    text = _("%(point)s has %(open)s kVA open; %(kva)s kVA are asked for.")
    return Refused(text % {"point": point, "open": open_kva, "kva": kva}, fields=SOURCES)


def overdrawn(sources: list[PlanSource]) -> list[Refused]:
    """The points of the catalogue that cannot give today what would be held on them."""
    return [
        too_little(point, point.open_kva, source.capacity_kva)
        for source in sources
        if (point := source.candidate.source_point) and point.open_kva < source.capacity_kva
    ]


def _demands_of_class(plan: Plan, sources: list[PlanSource]) -> list[Refused]:
    """High voltage for its customers, two lines for multi-source ones, an emergency source for
    important ones (DOMAIN section 6). A low-voltage customer may be planned at high voltage: the
    class of the case follows on acceptance.
    """
    wrong = []
    case = plan.case
    if is_high(plan.voltage) and case.customer_class not in HV and len(plan.survey.surveyors) < 2:
        text = _(
            "At %(voltage)s two surveyors look at the site, and one did: send the case back to the "
            "survey first."
        ) % {"voltage": plan.get_voltage_display()}
        wrong.append(Refused(text, fields=("voltage",)))
    if plan.voltage == Application.Voltage.V220 and plan.survey.phase == Phase.THREE:
        text = _(
            "%(voltage)s: the survey found that three phases are needed. Plan another voltage, or "
            "send the case back to the survey."
        ) % {"voltage": plan.get_voltage_display()}
        wrong.append(Refused(text, fields=("voltage",)))
    if plan.voltage and case.customer_class in HV and not is_high(plan.voltage):
        text = _(
            "%(voltage)s does not fit the customer class “%(class)s”: change the voltage, "
            "or let the supervisor correct the class of the case."
        ) % {
            "voltage": plan.get_voltage_display(),
            "class": case.get_customer_class_display(),
        }
        wrong.append(Refused(text, fields=("voltage",)))
    if case.customer_class == CustomerClass.HV_DUAL:
        lines = {(s.candidate.substation, s.candidate.line) for s in sources}
        if len(lines) < 2:
            text = _("A multi-source customer needs two sources on different lines.")
            wrong.append(Refused(text, fields=SOURCES))
    if case.importance != Importance.NONE and not plan.emergency_kva:
        text = _("An important customer needs an own emergency source.")
        wrong.append(Refused(text, fields=("emergency_kva",)))
    return wrong
