"""For which reasons the clock of a step may stand still (DOMAIN section 4).

One table, by the code of the listed reason; form and door ask it alike. A reason that the
administrator has added is not in it, and fits every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import STEERING
from workflow.guards import Refused
from workflow.models import Pause, Step, StopReason
from workflow.process import HV, Kind


@dataclass(frozen=True)
class Fit:
    """Where a reason may be given: at these steps, for these classes, at these voltages; empty
    stands for all of them. `needs` are events of the step one of which must be on file.
    """

    kinds: frozenset[Kind] = frozenset()
    classes: frozenset[str] = frozenset()
    voltages: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    def __call__(self, step: Step) -> bool:
        return (
            (not self.kinds or step.kind in self.kinds)
            and (not self.classes or step.case.customer_class in self.classes)
            and (
                not self.voltages
                or import_module("plans.panel").voltage_of(step.case) in self.voltages
            )
        )


CHECKS = {Kind.MID_CHECK, Kind.ACCEPTANCE}
SHEETS = {Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR}
ON_SITE = {Kind.SURVEY, Kind.PLAN, *CHECKS, Kind.METER}
FITS: dict[str, Fit] = {
    "papers": Fit(
        frozenset({Kind.APPLICATION, Kind.SURVEY, Kind.PLAN, *SHEETS, *CHECKS, Kind.CONTRACT})
    ),
    "plan_answer": Fit(frozenset({Kind.PLAN})),
    "customer_works": Fit(frozenset({*CHECKS, Kind.METER})),
    "payment": Fit(frozenset({Kind.FEES})),
    "signature": Fit(frozenset({Kind.PLAN, Kind.CONTRACT})),
    "third_party": Fit(frozenset({*ON_SITE, *SHEETS, Kind.CONTRACT})),
    "permit": Fit(frozenset(ON_SITE)),
    "design_110kv": Fit(frozenset({Kind.PLAN, Kind.DRAWINGS}), frozenset(HV), frozenset({"110kv"})),
    "no_access": Fit(
        frozenset({Kind.SURVEY, Kind.METER}), needs=frozenset({"visit_failed", "not_energized"})
    ),
    "force_majeure": Fit(),
}
ANYWHERE = Fit()


def fit_of(reason: StopReason) -> Fit:
    return FITS.get(reason.code, ANYWHERE)


def offered(step: Step) -> list[StopReason]:
    """The reasons in use that fit the step."""
    return [one for one in StopReason.objects.filter(active=True) if fit_of(one)(step)]


def given_before(step: Step) -> set[int]:
    """The reasons, by key, for which the clock of this step has been stopped before."""
    return set(
        Pause.objects.filter(step=step, reason__isnull=False).values_list("reason", flat=True)
    )


def unfit() -> str:
    return _("This reason does not fit this step: choose one of the list.")


def demand_fit(reason: StopReason, step: Step, by: User) -> None:
    """Raise Refused for a reason that does not fit the step, whose attempt is not on file, or that
    is given a second time by somebody else than the supervisor.
    """
    fit = fit_of(reason)
    if not reason.active or not fit(step):
        raise Refused(unfit(), fields=("reason",))
    if fit.needs and not step.events.filter(verb__in=fit.needs).exists():
        raise Refused(
            _("“%(reason)s” needs an attempt on file: record the visit that failed first.")
            % {"reason": reason},
            fields=("reason",),
        )
    if not by.has_role(*STEERING) and reason.pk in given_before(step):
        raise Refused(
            _(
                "The clock of this step was stopped for “%(reason)s” before: a second time needs "
                "the supervisor."
            )
            % {"reason": reason},
            fields=("reason",),
        )
