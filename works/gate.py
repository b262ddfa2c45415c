"""What the database itself holds: released items of the checks and used grades are frozen."""

from __future__ import annotations

from workflow.standards import walls_of, walls_of_list
from works.models import Grade, StandardItem

WALLS = (*walls_of(StandardItem), *walls_of_list(Grade))
