"""What the database itself holds of contracts (see workflow.walls)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from contracts.models import Terms
from fees.gate import ACCEPTED_PLAN
from workflow.standards import USED, walls_of_list
from workflow.walls import Wall

OF_THE_STEP = """plan_step.case_id = (
    SELECT c.case_id FROM workflow_step c WHERE c.id = NEW.step_id AND c.kind = 'contract')"""
BROKEN = f"""NEW.state <> 'void' AND (
    (NEW.plan_id IS NOT NULL
     AND NOT EXISTS ({ACCEPTED_PLAN} AND p.id = NEW.plan_id AND {OF_THE_STEP}))
    OR (NEW.plan_id IS NULL AND EXISTS ({ACCEPTED_PLAN} AND {OF_THE_STEP})))"""
NO_PLAN = gettext_noop("A contract belongs to the accepted plan of its own case.")
# What contracts of before said stays; nothing new is drawn, and nothing is signed, with a blank.
BLANK = """NEW.plan_id IS NULL AND NEW.state IN ('drawn', 'signed') AND (
    NEW.capacity_kva <= 0 OR NEW.voltage = '' OR NEW.boundary = '' OR NEW.metering = ''
    OR NEW.price = '')"""
SAYS_ALL = gettext_noop("A contract says capacity, voltage, metering, price and property boundary.")

# The terms of a contract are its clauses too.
AGREED = "EXISTS (SELECT 1 FROM contracts_contract c WHERE c.terms_id = {row}.terms_id)"

WALLS = (
    *walls_of_list(Terms),
    Wall("contracts_clause_new", "contracts_clause", "INSERT", AGREED.format(row="NEW"), USED),
    Wall("contracts_clause_used", "contracts_clause", "UPDATE", AGREED.format(row="OLD"), USED),
    Wall("contracts_clause_kept", "contracts_clause", "DELETE", AGREED.format(row="OLD"), USED),
    Wall("contracts_plan_begins", "contracts_contract", "INSERT", BROKEN, NO_PLAN),
    Wall("contracts_plan_holds", "contracts_contract", "UPDATE", BROKEN, NO_PLAN),
    Wall("contracts_whole_begins", "contracts_contract", "INSERT", BLANK, SAYS_ALL),
    Wall(
        "contracts_whole_holds",
        "contracts_contract",
        "UPDATE",
        f"{BLANK} AND (NEW.content_hash <> OLD.content_hash OR NEW.state <> OLD.state)",
        SAYS_ALL,
    ),
    Wall(
        "contracts_frozen",
        "contracts_contract",
        "UPDATE",
        """OLD.state NOT IN ('drawn', 'returned') AND (NEW.content_hash <> OLD.content_hash
        OR NEW.capacity_kva <> OLD.capacity_kva OR NEW.version <> OLD.version
        OR NEW.plan_id IS DISTINCT FROM OLD.plan_id OR NEW.step_id <> OLD.step_id
        OR NEW.signed_at IS DISTINCT FROM OLD.signed_at
        OR NEW.evidence_id IS DISTINCT FROM OLD.evidence_id
        OR NEW.officer_id IS DISTINCT FROM OLD.officer_id
        OR NEW.state NOT IN (OLD.state, 'void'))""",
        gettext_noop("A signed contract is never changed: draw a new one."),
    ),
    Wall(
        "contracts_returned",
        "contracts_contract",
        "UPDATE",
        "OLD.state = 'returned' AND NEW.state = 'drawn' AND NEW.version <= OLD.version",
        gettext_noop("A contract that was taken back is drawn anew, as its next version."),
    ),
    Wall(
        "contracts_kept",
        "contracts_contract",
        "DELETE",
        "TRUE",
        gettext_noop("A contract is never deleted."),
    ),
)
