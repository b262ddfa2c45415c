"""People whom a sheet names for work still to come: a booked check, a meter to hang, a follow-up.

Each room lists them as `NAMED` in its `appointments`; who leaves is named no longer (`leaving`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any

from django.db.models import F, Model, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User, at_work
from workflow import ladder
from workflow.models import Case, Step
from workflow.moves.acts import PASSED_ON
from workflow.moves.move import Move
from workflow.moves.rights import able, absence

ROOMS = ("surveys", "works", "metering")


@dataclass(frozen=True)
class Named:
    """Columns of a sheet that name people; `open` tells the rows whose work is still to be done.

    With its step the work goes to who takes the step; `booked` is the column of the moment agreed.
    Where `moved` is given, the work outlives the step and somebody must have it: it goes to who
    answers for the case, and `moved` is called with the row.
    """

    model: type[Model]
    columns: tuple[str, ...]
    open: Q
    booked: str = ""
    moved: Callable[[Any], None] | None = None
    # More columns of people none of whom may be named beside themselves.
    apart: tuple[str, ...] = ()

    def rows(self) -> Any:
        """The rows whose work is still to be done."""
        states = {} if self.moved else {"step__state__in": Step.LIVE}
        rows = self.model._default_manager.filter(self.open, **states)
        return rows.filter(step__case__state__in=Case.OPEN_STATES)


def _all() -> Iterator[Named]:
    for room in ROOMS:
        yield from import_module(f"{room}.appointments").NAMED


def left(on: date, person: User | None) -> set[int]:
    """The cases in which such work lies with somebody who is gone, away or of another office."""
    found: set[int] = set()
    for named in _all():
        for column in named.columns:
            sees = Q(step__unit__path__startswith=F(f"{column}__unit__path"))
            rows = named.rows().filter(**{f"{column}__isnull": False})
            rows = rows.filter(~(at_work(on, f"{column}__") & sees))
            if person:
                rows = rows.filter(**{column: person})
            found |= set(rows.order_by().values_list("step__case_id", flat=True))
    return found


def pass_on(move: Move) -> None:
    """Give the work of a case that lies with people who cannot do it to somebody who can."""
    for named in _all():
        for row in named.rows().filter(step__case=move.case).select_related(*named.columns):
            for column in named.columns:
                _pass_on(move, named, row, column)


def _pass_on(move: Move, named: Named, row: Any, column: str) -> None:
    before, step = getattr(row, column), move.step(row.step_id)
    role = "" if named.moved else step.process.role
    if before is None or not (why := absence(before, move.case, role)):
        return
    if named.moved:
        after = able(before, move.case) or able(move.case.owner, move.case)
        after = after or ladder.nearest_to_answer(move.case)
        if after is None:
            return
    else:
        after = able(step.owner, move.case, role)
        others = (*named.columns, *named.apart)
        if after and after.pk in [getattr(row, f"{other}_id") for other in others]:
            after = None
    setattr(row, column, after)
    row.save(update_fields=[column])
    if named.moved:
        row.step = step
        named.moved(row)
    what, booked = _words(named, row, column)
    move.log(
        PASSED_ON,
        step=step,
        note=partial(_told, what, booked, before, after, why),
        before=before.pk,
        after=after and after.pk,
        named=column,
    )


def _words(named: Named, row: Any, column: str) -> tuple[Any, str]:
    """What the person was named for, and the moment agreed, if any."""
    moment = getattr(row, named.booked) if named.booked else None
    booked = f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""
    sheet: Any = named.model._meta
    return sheet.get_field(column).verbose_name, booked


def _told(what: Any, booked: str, before: User, after: User | None, why: str) -> str:
    sentence = (
        _("%(what)s, booked for %(booked)s: %(before)s → %(after)s. %(why)s")
        if booked
        else _("%(what)s: %(before)s → %(after)s. %(why)s")
    )
    return sentence % {
        "what": what,
        "booked": booked,
        "before": before,
        "after": after or _("nobody"),
        "why": why,
    }
