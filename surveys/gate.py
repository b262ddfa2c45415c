"""What the database itself holds of surveys: money stands on a signed one."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from workflow.walls import Wall

SIGNED = "OLD.signed_at IS NOT NULL"
CONFIRMED = gettext_noop("The second surveyor has not confirmed this survey.")
# A second surveyor is named, or high voltage needs one. Only what is signed now is judged: what was
# signed before this rule stands as it was.
UNCONFIRMED = (
    "NEW.signed_at IS NOT NULL AND NEW.confirmed_by_id IS NULL AND ("
    "NEW.second_surveyor_id IS NOT NULL OR EXISTS (SELECT 1 FROM workflow_step "
    "JOIN workflow_case ON workflow_case.id = workflow_step.case_id "
    "WHERE workflow_step.id = NEW.step_id "
    "AND workflow_case.customer_class IN ('hv_single', 'hv_dual')))"
)
FROZEN = gettext_noop("A signed survey is frozen; a correction is a new round.")

WALLS = (
    Wall("surveys_confirmed_insert", "surveys_survey", "INSERT", UNCONFIRMED, CONFIRMED),
    Wall("surveys_confirmed_update", "surveys_survey", "UPDATE", UNCONFIRMED, CONFIRMED),
    Wall("surveys_signed_no_update", "surveys_survey", "UPDATE", SIGNED, FROZEN),
    Wall("surveys_signed_no_delete", "surveys_survey", "DELETE", SIGNED, FROZEN),
)
