"""Walls: what the database itself refuses, on PostgreSQL and on SQLite alike.

A wall is one trigger: a condition in SQL that both engines understand, and the sentence a person
reads when it is refused. Each room lists its walls as `WALLS` in its `gate.py`; they may stand on
tables of rooms before it. SQLite loses the triggers of a table, and refuses to rename it while
others name it, whenever a migration of *any* room rebuilds that table; so no single migration can
put them up for good. They are therefore raised after every `migrate`, and on SQLite lowered before
it. On PostgreSQL they are replaced in place and never absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import module_has_submodule


@dataclass(frozen=True)
class Wall:
    """One trigger: `broken` is true where the rule would be broken."""

    name: str
    table: str
    event: str  # INSERT, UPDATE or DELETE
    broken: str
    message: str
    # What must not change between the look and the commit, where writers run side by side.
    hold: str = ""


def of_rooms() -> Iterator[tuple[Wall, ...]]:
    """The walls of each room that has any."""
    for room in apps.get_app_configs():
        if room.module and module_has_submodule(room.module, "gate"):
            yield import_module(f"{room.name}.gate").WALLS


def every() -> list[Wall]:
    """All the walls of the house."""
    return [wall for walls in of_rooms() for wall in walls]


def raise_all(*, using: str, **_signal: Any) -> None:
    """However the tables were changed, the walls stand; a room without its tables has none."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    for walls in of_rooms():
        if {wall.table for wall in walls} <= tables:
            build(connection, walls)
        else:
            lower(connection, walls)


def make_way(*, using: str, **_signal: Any) -> None:
    """SQLite cannot rebuild a table that a trigger names."""
    if connections[using].vendor == "sqlite":
        lower(connections[using], every())


def build(connection: BaseDatabaseWrapper, walls: Iterable[Wall]) -> None:
    """Put up the walls, or renew them."""
    with connection.cursor() as cursor:
        for wall in walls:
            for statement in _sql(wall, connection.vendor):
                cursor.execute(statement)


def lower(connection: BaseDatabaseWrapper, walls: Iterable[Wall]) -> None:
    """Take the walls down, wherever they stand."""
    with connection.cursor() as cursor:
        for wall in walls:
            cursor.execute(
                f"DROP TRIGGER IF EXISTS {wall.name}"
                if connection.vendor == "sqlite"
                else f"DROP FUNCTION IF EXISTS {wall.name}() CASCADE"
            )


def missing(connection: BaseDatabaseWrapper, walls: Sequence[Wall] | None = None) -> list[str]:
    """The names of walls that do not stand; of the whole house unless some are named."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        standing = {row[0] for row in cursor.fetchall()}
    return [wall.name for wall in walls or every() if wall.name not in standing]


def _sql(wall: Wall, vendor: str) -> tuple[str, ...]:
    if vendor == "sqlite":
        return (
            f"DROP TRIGGER IF EXISTS {wall.name}",
            f"CREATE TRIGGER {wall.name} BEFORE {wall.event} ON {wall.table} "
            f"WHEN {wall.broken} BEGIN SELECT RAISE(ABORT, '{wall.message}'); END",
        )
    return (
        f"""CREATE OR REPLACE FUNCTION {wall.name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {f"PERFORM {wall.hold} FOR SHARE;" if wall.hold else ""}
            IF {wall.broken} THEN
                RAISE EXCEPTION '{wall.message}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN {"OLD" if wall.event == "DELETE" else "NEW"};
        END $$""",
        f"CREATE OR REPLACE TRIGGER {wall.name} BEFORE {wall.event} ON {wall.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {wall.name}()",
    )
