"""SQL that must hold on PostgreSQL and on SQLite alike, as one migration operation."""

from __future__ import annotations

from django.db import migrations


def on_both_engines(
    *, postgresql: tuple[str, str], sqlite: tuple[str, str]
) -> migrations.RunPython:
    """An operation of (forwards, backwards) SQL for each engine; statements are separated by a line
    `--;`.
    """

    def run(which: int):
        def apply(apps, schema_editor):
            vendor = {"postgresql": postgresql, "sqlite": sqlite}
            with schema_editor.connection.cursor() as cursor:
                for statement in vendor[schema_editor.connection.vendor][which].split("--;"):
                    if statement.strip():
                        cursor.execute(statement)

        return apply

    return migrations.RunPython(run(0), run(1))
