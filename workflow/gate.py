"""What the database itself holds: events are append-only (DESIGN section 2), a step is where its
case is, and released limits and calendar days are frozen,
as are used rows of the lists.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from workflow.models import DeadlineRule, LateCause, StopReason, WorkDay
from workflow.standards import walls_of, walls_of_list
from workflow.walls import Wall

TOGETHER = gettext_noop("A step belongs to the office of its case.")
OF_CASE = "NEW.unit_id <> (SELECT unit_id FROM workflow_case WHERE id = NEW.case_id)"
ANOTHER = "(NEW.unit_id <> OLD.unit_id OR NEW.case_id <> OLD.case_id)"
KEPT = gettext_noop("Events are append-only: what happened is never changed or deleted.")

WALLS = (
    Wall("workflow_event_no_update", "workflow_event", "UPDATE", "TRUE", KEPT),
    Wall("workflow_event_no_delete", "workflow_event", "DELETE", "TRUE", KEPT),
    Wall("workflow_step_office_new", "workflow_step", "INSERT", OF_CASE, TOGETHER),
    Wall(
        "workflow_step_office_kept",
        "workflow_step",
        "UPDATE",
        f"{ANOTHER} AND {OF_CASE}",
        TOGETHER,
    ),
    *walls_of(DeadlineRule),
    *walls_of(WorkDay),
    *walls_of_list(StopReason),
    *walls_of_list(LateCause),
)
