"""What the database itself holds: released approval levels and validities are frozen."""

from __future__ import annotations

from plans.models import ApprovalRule, ValidityRule
from workflow.standards import walls_of

WALLS = (*walls_of(ApprovalRule), *walls_of(ValidityRule))
