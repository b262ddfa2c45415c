"""What the database itself holds: released items of the checks are frozen."""

from __future__ import annotations

from workflow.standards import walls_of
from works.models import StandardItem

WALLS = walls_of(StandardItem)
