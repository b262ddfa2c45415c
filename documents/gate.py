"""What the database itself holds: the published list of papers, once it was asked by, is frozen."""

from __future__ import annotations

from documents.models import Requirement
from workflow.standards import walls_of_list

WALLS = walls_of_list(Requirement)
