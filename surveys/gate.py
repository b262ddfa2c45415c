"""What the database itself holds of surveys: money stands on a signed one."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from workflow.walls import Wall

SIGNED = "OLD.signed_at IS NOT NULL"
FROZEN = gettext_noop("A signed survey is frozen; a correction is a new round.")

WALLS = (
    Wall("surveys_signed_no_update", "surveys_survey", "UPDATE", SIGNED, FROZEN),
    Wall("surveys_signed_no_delete", "surveys_survey", "DELETE", SIGNED, FROZEN),
)
