"""What runs out: one table of everything that holds only until a day, and what hangs on it.

Each room lists what is its own as `TERMS` in its `force.py`. The guard of every gate behind, the
line in "Why can't I?" and the ladder of reminders are made from the row: they say the same. A gate
asks on its own day, whatever was in order before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow import clocks, ladder
from workflow.guards import Guard, Names
from workflow.models import Alert, Case, Step, Subject
from workflow.process import Kind


@dataclass(frozen=True)
class Ending:
    """One thing that ends soon, or has ended, while something still hangs on it.

    `until` is its last day, None where it ended before its time and nobody wrote down when. The
    owner of `step` is told first, else that of the case.
    """

    ref: int
    case: Case
    until: date | None
    step: Step | None = None


@dataclass(frozen=True)
class Term:
    """A row of the table: what runs out, for which gates, until when, and who hears of it.

    `ended` is the last day of what the step rests on, where that day is past, else None. `ending`
    finds what will have ended by a day; None where the room stands its own ladder. `days` before
    the end (working days) the ladder is due, and climbs until the matter is settled.
    """

    subject: Subject
    gates: tuple[str, ...]
    ended: Callable[[Step], date | None]
    reason: Any
    met: Any
    owes: Callable[[Step], Any]
    remedy: Callable[[Step], tuple[Any, str]]
    ending: Callable[[date], Iterable[Ending]] | None = None
    days: int = 5
    # Where it speaks although nothing has ended.
    applies: Callable[[Step], bool] = lambda step: False
    fields: Names = ()

    @cached_property
    def guard(self) -> Guard:
        """What refuses at each of the gates."""
        return Guard(
            lambda step: self.ended(step) is None,
            reason=self.reason,
            met=self.met,
            owes=self.owes,
            since=self.ended,
            remedy=self.remedy,
            applies=lambda step: self.applies(step) or self.ended(step) is not None,
            fields=self.fields,
        )


@cache
def table() -> tuple[Term, ...]:
    """Every row, in the order of the rooms."""
    rooms = [
        room.name
        for room in apps.get_app_configs()
        if room.module and module_has_submodule(room.module, "force")
    ]
    return tuple(term for room in rooms for term in import_module(f"{room}.force").TERMS)


def of_gate(kind: str) -> tuple[Guard, ...]:
    """The guards by which everything a gate rests on is asked for on its day."""
    return tuple(term.guard for term in table() if kind in term.gates)


def past(day: date | None) -> date | None:
    """The day, where it lies behind us."""
    return day if day and day < timezone.localdate() else None


def watch(today: date | None = None) -> int:
    """Stand a ladder for everything that ends soon or has ended, and take down what is settled.

    Returns how many stand; safe to run twice. A ladder that stands for the same day climbs on.
    """
    today, standing = today or timezone.localdate(), 0
    for term in table():
        if term.ending is None:
            continue
        horizon = clocks.calendar().add(today, term.days + 1)
        found = {ending.ref: ending for ending in term.ending(horizon)}
        alerts = Alert.objects.filter(subject=term.subject)
        alerts.exclude(ref__in=found).delete()
        due = dict(alerts.values_list("ref", "due_on"))
        for ref, ending in found.items():
            day = due_on(ending, term.days) or due.get(ref, today)
            if due.get(ref) != day:
                ladder.stand(
                    term.subject,
                    ref,
                    case=ending.case,
                    step=ending.step,
                    due_on=day,
                    at=timezone.now(),
                )
        standing += len(found)
    return standing


def due_on(ending: Ending, days: int) -> date | None:
    """By when somebody must act: so many working days before the end."""
    return ending.until and clocks.calendar().add(ending.until, -days)


# What the fast lane deferred ----------------------------------------------------------------------

DEFERRABLE = (Kind.FEES, Kind.CONTRACT)


def _overdue(step: Step) -> list[Step]:
    """The formalities of the case whose deferral ran out before they were done."""
    found = (step.case.step(kind) for kind in DEFERRABLE)
    return [one for one in found if one and not one.is_finished and past(one.deferred_until)]


def _deferral_ended(step: Step) -> date | None:
    return min(
        (late.deferred_until for late in _overdue(step) if late.deferred_until), default=None
    )


def _why_overdue(step: Step) -> str:
    late = _overdue(step)
    return _(
        "%(steps)s: deferred by the fast lane until %(day)s, and not done. It must be done before "
        "power comes on."
    ) % {
        "steps": _(", ").join(str(one.get_kind_display()) for one in late),
        "day": f"{_deferral_ended(step):%Y-%m-%d}",
    }


def _deferrals(by: date) -> Iterable[Ending]:
    steps = Step.objects.filter(
        state__in=Step.UNFINISHED, deferred_until__lte=by, case__state__in=Case.OPEN_STATES
    )
    for step in steps.select_related("case").order_by("pk"):
        yield Ending(step.pk, step.case, step.deferred_until, step)


def _open_overdue(step: Step) -> tuple[Any, str]:
    late = next(iter(_overdue(step)), step)
    return gettext_lazy("Open the sheet"), late.get_absolute_url()


def _owner_overdue(step: Step) -> Any:
    late = next(iter(_overdue(step)), step)
    return late.owner or late.role_label


DEFERRED = Term(
    Subject.DEFERRED,
    gates=(Kind.METER,),
    ended=_deferral_ended,
    reason=_why_overdue,
    met=gettext_lazy("What the fast lane deferred is still in time."),
    owes=_owner_overdue,
    remedy=_open_overdue,
    ending=_deferrals,
)
TERMS = (DEFERRED,)
