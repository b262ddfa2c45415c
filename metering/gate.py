"""What the database itself holds of work at the meter: two people have signed for it."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from workflow.walls import Wall

CONFIRMED = gettext_noop("The second meter technician has not confirmed this sheet.")
# Only what is signed now is judged: what was signed before this rule goes on as it was.
UNCONFIRMED = "NEW.signed_at IS NOT NULL AND NEW.confirmed_by_id IS NULL"
SIGNED_NOW = f"{UNCONFIRMED} AND OLD.signed_at IS NULL"

WALLS = tuple(
    Wall(f"{table}_confirmed_{event.lower()}", table, event, broken, CONFIRMED)
    for table in ("metering_installation", "metering_removal")
    for event, broken in (("INSERT", UNCONFIRMED), ("UPDATE", SIGNED_NOW))
)
