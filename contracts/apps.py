"""The room of contracts; its walls in the database are renewed with every migration (see
fees.gate).
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ContractsConfig(AppConfig):
    name = "contracts"

    def ready(self) -> None:
        pre_migrate.connect(lower_walls, sender=self)
        post_migrate.connect(build_walls, sender=self)


def lower_walls(*, using: str, **_rest: Any) -> None:
    """SQLite cannot rebuild a table that a trigger names."""
    from contracts.gate import WALLS
    from fees import gate

    if connections[using].vendor == "sqlite":
        gate.lower(connections[using], WALLS)


def build_walls(*, using: str, **_rest: Any) -> None:
    """However the tables were changed, the walls stand again."""
    from contracts.gate import WALLS
    from fees import gate

    gate.build(connections[using], WALLS)
