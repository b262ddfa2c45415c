"""Cases far along the chain are made once in a process; other tests get a copy of their rows.

A factory under `@made_once` walks its case through the product's own doors the first time. Called
again with the same plain arguments in another test, it writes the rows of that first time, the same
to the byte, in some hundredths of the time.

Only where nothing can tell the difference: in a test of one transaction on PostgreSQL, at the real
time of the same day, under the same settings, while the test has written nothing but offices and
people, and does not wait for what happens on commit. Everywhere else the factory simply runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, wraps
from io import StringIO
from pathlib import Path
from typing import Any

import time_machine
from django.apps import apps
from django.conf import UserSettingsHolder, settings
from django.db import connection, models, transaction
from django.utils import timezone

PLAIN = (str, int, bool, Decimal, date, type(None))
# Whatever a test sets these to, the rows of a case are the same.
INDIFFERENT = {"ALLOWED_HOSTS", "LANGUAGE_CODE", "MEDIA_ROOT", "QUIET_HOURS"}
# Rows of these may be there already: the same office and person has the same key in every test.
STAFF = ("accounts_unit", "accounts_user", "accounts_user_groups")


@dataclass
class Made:
    """What a factory wrote, by table, and what it returned."""

    staff: dict[str, tuple[list[str], list[tuple]]]
    rows: dict[str, str]
    result: bytes
    # Where the files lie that the rows name, if they name any.
    media: Path | None


# Set before each test: whether copies will do for it.
copies_will_do = False
_made: dict[Any, Made] = {}
_wanted: dict[Any, Callable[[], object]] = {}


def made_once(make: Callable) -> Callable:
    """Let a factory that returns rows of the database make them once."""

    @wraps(make)
    def made(*args: Any, **columns: Any) -> Any:
        plain = all(isinstance(value, PLAIN) for value in (*args, *columns.values()))
        if not (plain and _is_undisturbed()):
            return make(*args, **columns)
        key = (
            f"{make.__module__}.{make.__name__}",
            *args,
            *sorted(columns.items()),
            timezone.localdate(),
        )
        if key in _made and _made[key].media in (None, settings.MEDIA_ROOT):
            return _write(_made[key])
        if connection.connection and _transaction() is None:
            return _keep(key, lambda: make(*args, **columns))
        _wanted[key] = lambda: make(*args, **columns)
        return make(*args, **columns)

    return made


def begin(*, copies: bool) -> None:
    """Before a test, that has written nothing: make what an earlier one could not leave behind."""
    global copies_will_do
    copies_will_do = copies
    if not _wanted or not _is_undisturbed() or _transaction() is not None:
        return
    for key, make in list(_wanted.items()):
        del _wanted[key]
        with transaction.atomic():
            _keep(key, make)
            transaction.set_rollback(True)


def _is_undisturbed() -> bool:
    """Whether the rows of any other test would be right here."""
    return (
        copies_will_do
        and connection.vendor == "postgresql"
        and connection.in_atomic_block
        and not time_machine.escape_hatch.is_travelling()
        and _overridden() <= INDIFFERENT
        and (_transaction() is None or not _has_written())
    )


def _overridden() -> set[str]:
    """The settings that this test has changed."""
    found, holder = set(), settings._wrapped
    while isinstance(holder, UserSettingsHolder):
        found |= {name for name in vars(holder) if name.isupper()}
        holder = holder.default_settings
    return found


def _transaction() -> int | None:
    """The number of the transaction; none while it has written nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT txid_current_if_assigned()")
        return cursor.fetchone()[0]


@cache
def _tables() -> dict[str, type[models.Model]]:
    """Every table, those that others point at first."""
    managed = [m for m in apps.get_models(include_auto_created=True) if m._meta.managed]
    return {model._meta.db_table: model for model in managed}


@cache
def _written_by_this() -> str:
    found = " UNION ALL ".join(
        f"(SELECT 1 FROM {table} WHERE xmin::text::bigint >= txid_current() LIMIT 1)"
        for table in _tables()
        if table not in (*STAFF, "django_session")
    )
    return f"SELECT EXISTS ({found})"


def _has_written() -> bool:
    """Whether the transaction has written rows of anything but the staff."""
    with connection.cursor() as cursor:
        cursor.execute(_written_by_this())
        return cursor.fetchone()[0]


def _keep(key: Any, make: Callable[[], object]) -> Any:
    """Make it, and remember every row that it wrote."""
    result = make()
    staff: dict[str, tuple[list[str], list[tuple]]] = {}
    rows: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in _tables():
            chosen = f"SELECT * FROM {table} WHERE xmin::text::bigint >= txid_current()"
            if table in STAFF:
                cursor.execute(chosen)
                names = [column.name for column in cursor.description]
                staff[table] = (names, cursor.fetchall())
                continue
            text = StringIO()
            cursor.cursor.copy_expert(f"COPY ({chosen}) TO STDOUT", text)
            if text.tell():
                rows[table] = text.getvalue()
    files = any(
        isinstance(field, models.FileField)
        for table in rows
        for field in _tables()[table]._meta.fields
    )
    media = settings.MEDIA_ROOT if files else None
    _made[key] = Made(staff, rows, pickle.dumps(result), media)
    return result


def _write(made: Made) -> Any:
    """Write the rows as they were, past the triggers that judged them then."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, (names, found) in made.staff.items():
            if found:
                row = f"({', '.join(['%s'] * len(names))})"
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(names)}) "
                    f"VALUES {', '.join([row] * len(found))} ON CONFLICT DO NOTHING",
                    [value for values in found for value in values],
                )
        for table, text in made.rows.items():
            cursor.cursor.copy_expert(f"COPY {table} FROM STDIN", StringIO(text))
        cursor.execute("SET LOCAL session_replication_role = origin")
    return pickle.loads(made.result)  # noqa: S301 - our own bytes
