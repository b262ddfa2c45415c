"""Very many cases, fast: the walked demo cases are copied set by set inside the database.

Every copied row keeps its content; its own key and its keys to other copied rows move by the same
stride, so
one INSERT … SELECT a table makes all copies at once. Cases get names of their own and one event
that tells the
states they came in, so that the chain of every copy verifies and replays.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from demo import names
from metering.models import Meter
from workflow.models import Case, Event, Step
from workflow.process import CustomerClass
from workflow.verbs import verb

IMPORTED = verb("imported", gettext_lazy("Taken over from the old system"))
CHUNK = 2000
BEGUN = "t.state IN ('in_hand', 'with_customer', 'stopped', 'done')"


@transaction.atomic
def multiply(cases: int) -> int:
    """Copy the present cases until at least so many more exist; returns how many were made."""
    templates = list(Case.objects.order_by("pk"))
    copied = _copied_models()
    stride = (
        max(
            model._base_manager.aggregate(m=models.Max("pk"))["m"] or 0 for model in (Case, *copied)
        )
        + 1
    )
    rounds = -(-cases // len(templates))
    _copy_cases(templates, rounds, stride)
    for model in copied:
        _copy_rows(model, rounds, stride, {Case, *copied})
    _begin_fees(stride)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Case, Event, *copied]):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
    return rounds * len(templates)


def _copied_models() -> list[type[models.Model]]:
    """Every table that hangs on a case, each behind those it points to; events are told anew."""
    hanging: list[type[models.Model]] = [Meter]
    known = {Case, Meter}
    # A bill begins as a draft and moves on under the walls of the fee gate: money is never copied.
    candidates = [
        m
        for m in apps.get_models()
        if m not in (Case, Event, Meter) and m._meta.managed and m._meta.app_label != "fees"
    ]
    while True:
        found = [
            m
            for m in candidates
            if m not in known
            and any(p in known for p in _parents(m))
            and all(p in known or not _hangs(p, known, candidates) for p in _parents(m))
        ]
        if not found:
            return hanging
        hanging += found
        known.update(found)


def _parents(model: type[models.Model]) -> set[type[models.Model]]:
    return {
        field.related_model
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is not model
    }


def _hangs(model, known, candidates, seen=frozenset()) -> bool:
    """Whether a table hangs on a case through any of its keys."""
    if model in known:
        return True
    if model not in candidates or model in seen:
        return False
    return any(_hangs(parent, known, candidates, seen | {model}) for parent in _parents(model))


def _copy_cases(templates: list[Case], rounds: int, stride: int) -> None:
    """Write the copies of the cases, each with its one event."""
    changes = {case.pk: [[s.kind, s.round, s.state] for s in case.all_steps] for case in templates}
    now = timezone.now()
    pending: list[tuple[Case, Event]] = []
    for case in _copies(templates, rounds, stride):
        event = Event(
            case_id=case.pk,
            seq=1,
            verb=IMPORTED,
            happened_at=case.opened_at,
            entered_at=now,
            data={"changes": changes[case.pk % stride], "case": case.state},
        )
        event.hash = event.digest()
        case.event_count, case.event_hash = 1, event.hash
        pending.append((case, event))
        if len(pending) == CHUNK:
            _write(pending)
            pending.clear()
    _write(pending)


def _write(pending: list[tuple[Case, Event]]) -> None:
    Case.objects.bulk_create([case for case, _ in pending])
    Event.objects.bulk_create([event for _, event in pending])


def _copies(templates: list[Case], rounds: int, stride: int) -> Iterator[Case]:
    """The copies as rows not yet written, with names, phones and addresses of their own."""
    random = Random(20260101)
    columns = [f.attname for f in Case._meta.concrete_fields]
    ordinal = 100_000
    for round_ in range(1, rounds + 1):
        for template in templates:
            ordinal += 1
            values = {name: getattr(template, name) for name in columns}
            private = template.customer_class == CustomerClass.LV_RESIDENTIAL
            values |= {
                "id": template.pk + round_ * stride,
                "number": f"{template.number[:4]}-{ordinal:06d}",
                "customer_name": names.person(random) if private else names.firm(random),
                "phone": names.phone(random),
                "address": f"临湖区{names.street(random)} {names.room(random)}",
            }
            yield Case(**values)


def _copy_rows(model: type[models.Model], rounds: int, stride: int, copied: set) -> None:
    """One INSERT … SELECT: every row of the table, once a round, moved by the stride."""
    quote = connection.ops.quote_name
    table = model._meta.db_table
    columns, values = [], []
    for column in model._meta.concrete_fields:
        name = f"t.{quote(column.column)}"
        moves = (
            column.primary_key
            or column.name == "ref"
            or (column.is_relation and column.related_model in copied)
        )
        if moves:
            name = f"{name} + s.n * {stride}"
        elif model is Step and column.name == "state":
            name = f"CASE WHEN t.kind = 'fees' AND {BEGUN} THEN 'waiting' ELSE {name} END"
        elif _is_unique_text(model, column):
            name = f"{name} || '.' || s.n"
        columns.append(quote(column.column))
        values.append(name)
    series = (
        f"generate_series(1, {rounds}) AS s(n)"
        if connection.vendor == "postgresql"
        else (
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
            f"WHERE n < {rounds}) SELECT n FROM c) AS s"
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(table)} ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM {quote(table)} t CROSS JOIN {series} "
            f"WHERE t.{quote(model._meta.pk.column)} < {stride}"
        )


def _begin_fees(stride: int) -> None:
    """The fees steps wait until the plans they stand on are copied, as the fee gate demands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflow_step SET state = (SELECT t.state FROM workflow_step t "
            f"WHERE t.id = workflow_step.id % {stride}) "
            f"WHERE kind = 'fees' AND state = 'waiting' AND id > {stride} AND EXISTS ("
            f"SELECT 1 FROM workflow_step t WHERE t.id = workflow_step.id % {stride} AND {BEGUN})"
        )


def _is_unique_text(model: type[models.Model], column: models.Field) -> bool:
    """Whether a text column must differ from row to row by itself."""
    if not isinstance(column, models.CharField) or column.is_relation or column.choices:
        return False
    alone = column.unique
    together = any(
        isinstance(constraint, models.UniqueConstraint)
        and column.name in constraint.fields
        and not any(model._meta.get_field(name).is_relation for name in constraint.fields)
        for constraint in model._meta.constraints
    )
    return alone or together
