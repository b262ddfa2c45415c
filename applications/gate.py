"""What the database itself holds of applications (see workflow.walls): what was signed stays as it
was signed, and what was corrected stays on record.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from applications.models import Correction
from workflow.walls import Wall

CHANGED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in Correction.COLUMNS)
SIGNED = gettext_noop(
    "An accepted application stays as it was signed; what was wrong is a correction of its own."
)
KEPT = gettext_noop("Corrections are append-only: a wrong one is corrected by another.")

WALLS = (
    Wall(
        "applications_signed_kept",
        "applications_application",
        "UPDATE",
        f"OLD.accepted_at IS NOT NULL AND ({CHANGED})",
        SIGNED,
    ),
    Wall("applications_correction_no_update", "applications_correction", "UPDATE", "TRUE", KEPT),
    Wall("applications_correction_no_delete", "applications_correction", "DELETE", "TRUE", KEPT),
)
