"""What the database itself holds of events: append-only (DESIGN section 2)."""

from __future__ import annotations

from workflow.walls import Wall

KEPT = "Events are append-only: what happened is never changed or deleted."

WALLS = (
    Wall("workflow_event_no_update", "workflow_event", "UPDATE", "TRUE", KEPT),
    Wall("workflow_event_no_delete", "workflow_event", "DELETE", "TRUE", KEPT),
)
