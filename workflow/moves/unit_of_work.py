"""One unit of work: whatever an act writes is written whole or not at all, by one look at its case.

`@act` stands on everything the office does. The outermost act opens the unit; acts within it are
parts of it: the case is locked and read once, limits and calendar are those of one edition, and
what changes on a case and its steps is written once, before the next event or other room looks.

Where a part may be refused and the whole go on, that part stands in `with part():`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from copy import copy
from functools import wraps
from itertools import chain
from typing import ParamSpec, TypeVar

from django.db import connection, models, transaction
from django.db.models import Subquery

from workflow import clocks
from workflow.models import Case, Edition, Step

P = ParamSpec("P")
T = TypeVar("T")
# The columns of a case that every event moves on.
CHAIN = ("event_count", "event_hash", "last_action_at")
_open: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)
_brought: ContextVar[Case | None] = ContextVar("case_brought", default=None)


def bring(case: Case) -> None:
    """The request has locked this case and read its steps: its act goes on from there.

    Until an act has changed something, or the request is over (`leave`), or its transaction is.
    """
    _brought.set(_copied(case))


def leave() -> None:
    """Forget the case that a request has brought along."""
    _brought.set(None)


class UnitOfWork:
    """The cases an act has locked, as it has changed them so far, and what is to be written."""

    def __init__(self) -> None:
        self.cases: dict[int, Case] = {}
        self.changed: dict[int, tuple[Case | Step, dict[str, None]]] = {}
        self.told: dict[int, Case] = {}
        self.held = ExitStack()

    def locked(self, pk: int) -> Case:
        """The case with its steps, under its lock; what rooms have hung on them is read anew."""
        self.write()
        case = self.cases.get(pk)
        if case is None:
            case = self.cases[pk] = _as_brought(pk) or _read(pk)
            if len(self.cases) == 1:
                self.held.enter_context(clocks.one_edition(case.edition))
        else:
            _forget_all_readings(case)
        return case

    def note(self, row: Case | Step, *columns: str) -> None:
        """These columns of the row have changed, and are to be written."""
        if columns:
            self.changed.setdefault(id(row), (row, {}))[1].update(dict.fromkeys(columns))

    def tell(self, case: Case) -> None:
        """An event was appended: the head of its chain is written with the case, or at the end."""
        self.told[case.pk] = case

    def close(self) -> None:
        """Write all that is left."""
        for case in self.told.values():
            self.note(case, *CHAIN)
        self.write()

    def write(self, *, steps_only: bool = False) -> None:
        """Write what has changed, each row once: before others look at the case."""
        for key, (row, columns) in list(self.changed.items()):
            if isinstance(row, Case):
                if steps_only:
                    continue
                if self.told.pop(row.pk, None):
                    columns |= dict.fromkeys(CHAIN)
            del self.changed[key]
            row.save(update_fields=list(columns))

    def remembered(self) -> Callable[[], None]:
        """The cases as they are now; called, they are so again."""
        self.write()
        cases = dict(self.cases)
        steps = {pk: list(case.all_steps) for pk, case in cases.items()}
        rows: list[Case | Step] = [*cases.values(), *chain.from_iterable(steps.values())]
        values = [row.__getstate__() for row in rows]

        def restore() -> None:
            self.changed.clear()
            self.cases = cases
            for row, before in zip(rows, values, strict=True):
                vars(row).clear()
                vars(row).update(before)
            for pk, case in cases.items():
                case.all_steps = steps[pk]

        return restore


def _read(pk: int) -> Case:
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("unit", "owner")
        .annotate(current_edition=Subquery(Edition.objects.values("token")[:1]))
        .get(pk=pk)
    )
    case.edition = case.current_edition  # type: ignore[attr-defined]
    return case


def _as_brought(pk: int) -> Case | None:
    """The case that the request has brought; a copy, as the act may be refused and tried again."""
    brought = _brought.get()
    return _copied(brought) if brought and brought.pk == pk else None


def _copied(row: Case) -> Case:
    case, edition = copy(row), row.edition
    case.all_steps = [copy(step) for step in row.all_steps]
    _forget_all_readings(case)
    case.edition = edition
    return case


def _forget_all_readings(case: Case) -> None:
    steps = case.all_steps
    for row in (case, *steps):
        _forget_readings(row)
    case.all_steps = case.in_order(steps)


def _forget_readings(row: models.Model) -> None:
    columns = {field.attname for field in row._meta.concrete_fields}
    for name in set(vars(row)) - columns - {"_state"}:
        del row.__dict__[name]
    related = {field.name for field in row._meta.concrete_fields if field.is_relation}
    for name in set(row._state.fields_cache) - related:  # the sheet of a step
        del row._state.fields_cache[name]


def current() -> UnitOfWork:
    """The unit that is open; whoever changes a state stands in an act."""
    unit = _open.get()
    if unit is None:
        raise RuntimeError("no act is under way: decorate the function with @act")
    return unit


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Whole or not at all; within another one a part of it."""
    if (outer := _open.get()) and connection.in_atomic_block:
        yield
        outer.write()
        return
    if not connection.in_atomic_block:
        leave()
    # Closed before the transaction is: what runs on commit opens its own.
    with transaction.atomic():
        unit = UnitOfWork()
        opened = _open.set(unit)
        try:
            with unit.held:
                yield
                unit.close()
                leave()
        finally:
            _open.reset(opened)


@contextmanager
def part() -> Iterator[None]:
    """A part of an act that may be refused while the whole goes on; nothing of it then stays."""
    unit = current()
    restore = unit.remembered()
    try:
        with transaction.atomic():
            yield
            unit.write()
    except BaseException:
        restore()
        raise


def act(function: Callable[P, T]) -> Callable[P, T]:
    """Something the office does: one unit of work, or a part of the one under way."""

    @wraps(function)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        with unit_of_work():
            return function(*args, **kwargs)

    return done
