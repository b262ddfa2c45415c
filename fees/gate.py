"""The fourth wall of the fee gate (DESIGN section 3): the database itself refuses early money.

The walls stand on tables of other rooms too: on steps, surveys and plans (see workflow.walls).
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

from fees.models import CatalogueItem
from workflow.standards import walls_of
from workflow.walls import Wall

# A plan of the same case, accepted, on a signed survey that says "can supply".
ACCEPTED_PLAN = """
    SELECT 1 FROM plans_plan p
    JOIN workflow_step plan_step ON plan_step.id = p.step_id
    JOIN surveys_survey s ON s.id = p.survey_id
    JOIN workflow_step survey_step ON survey_step.id = s.step_id
    WHERE p.state = 'accepted' AND s.can_supply AND s.signed_at IS NOT NULL
    AND survey_step.case_id = plan_step.case_id
"""
OF_THE_BILL = f"""
    NOT EXISTS ({ACCEPTED_PLAN} AND p.id = NEW.plan_id AND plan_step.case_id = (
        SELECT f.case_id FROM workflow_step f WHERE f.id = NEW.step_id AND f.kind = 'fees'))
"""  # noqa: S608 - our own constants
OF_THE_PAYMENT = f"""
    NOT EXISTS ({ACCEPTED_PLAN} AND p.id = (
        SELECT b.plan_id FROM fees_bill b WHERE b.id = NEW.bill_id)
        AND plan_step.case_id = (
            SELECT f.case_id FROM workflow_step f JOIN fees_bill b ON b.step_id = f.id
            WHERE b.id = NEW.bill_id AND f.kind = 'fees'))
"""  # noqa: S608 - our own constants
OF_THE_CASE = f"NOT EXISTS ({ACCEPTED_PLAN} AND plan_step.case_id = NEW.case_id)"
GROUND = """1 FROM plans_plan p JOIN surveys_survey s ON s.id = p.survey_id
            WHERE p.id = NEW.plan_id"""
SURVEYED = """
    NOT EXISTS (SELECT 1 FROM surveys_survey s
    JOIN workflow_step survey_step ON survey_step.id = s.step_id
    JOIN workflow_step plan_step ON plan_step.id = NEW.step_id AND plan_step.kind = 'plan'
    WHERE s.id = NEW.survey_id AND s.can_supply AND s.signed_at IS NOT NULL
    AND survey_step.case_id = plan_step.case_id)
"""
# What the customer signed: every column of a plan but its state and its validity.
SIGNED = (
    "version",
    "voltage",
    "receiving_points",
    "total_kva",
    "primary_wiring",
    "property_boundary",
    "metering",
    "ct_ratio",
    "pt_ratio",
    "meter_type",
    "meter_accuracy",
    "tariff",
    "power_factor",
    "protection",
    "emergency_kva",
    "reserve_kva",
    "remarks",
    "quote",
    "signed_name",
    "accepted_at",
    "accepted_how",
    "evidence_id",
    "recording",
    "answered_at",
    "approved_at",
    "survey_id",
    "step_id",
)
SIGNED_CHANGES = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in SIGNED)
OF_AN_ACCEPTED_PLAN = """EXISTS (SELECT 1 FROM plans_plan p
    WHERE p.id = {row}.plan_id AND p.state = 'accepted')"""
BEGUN = "NEW.kind = 'fees' AND NEW.state IN ('in_hand', 'with_customer', 'stopped', 'done')"
STANDING = "('draft', 'issued', 'paid')"
# What was received for the case of a bill and did not begin to go back: it stands for that bill,
# whichever bill of the case it was received on.
_OF_ITS_CASE = """FROM fees_payment y JOIN fees_bill paid ON paid.id = y.bill_id
    JOIN workflow_step on_step ON on_step.id = paid.step_id {refunds}
    WHERE on_step.case_id = (SELECT f.case_id FROM workflow_step f WHERE f.id = {step})"""
_REFUNDS = "JOIN fees_refund r ON r.payment_id = y.id"


def _booked(step: str) -> str:
    """The money booked on the case of this step, in yuan."""
    received = _OF_ITS_CASE.format(refunds="", step=step)
    back = _OF_ITS_CASE.format(refunds=_REFUNDS, step=step)
    return f"""ROUND(COALESCE((SELECT SUM(y.amount) {received}), 0)
        - COALESCE((SELECT SUM(r.amount) {back}), 0), 2)"""


# What of the payment of a refund did not begin to go back.
LEFT = """ROUND((SELECT y.amount FROM fees_payment y WHERE y.id = NEW.payment_id) - COALESCE((
    SELECT SUM(r.amount) FROM fees_refund r WHERE r.payment_id = NEW.payment_id), 0), 2)"""
REVIVES = """NEW.status <> 'abolished' AND EXISTS (SELECT 1 FROM fees_catalogueitem gone
    WHERE gone.code = NEW.code AND gone.status = 'abolished' AND gone.released_at IS NOT NULL)"""
NO_BILL = gettext_noop(
    "No bill before a signed survey that can supply and an accepted plan of the same case."
)
NO_PAYMENT = gettext_noop(
    "No payment before a signed survey that can supply and an accepted plan of the same case."
)
NO_PLAN = gettext_noop("No plan before a signed survey of the same case that can supply.")
UNCHANGED = gettext_noop("An accepted plan is never changed: the next version is drawn.")
NO_FEES = gettext_noop(
    "The fees step cannot begin before a signed survey that can supply and an accepted plan."
)
FROZEN = gettext_noop("A bill that was issued is never changed: correct it by two people.")
ABOLISHED = gettext_noop("This fee is abolished: it is never charged again.")
KEPT = gettext_noop("Bills, payments and refunds are never deleted.")

WALLS = (
    # Bills
    Wall("fees_bill_begins", "fees_bill", "INSERT", OF_THE_BILL, NO_BILL, hold=GROUND),
    Wall(
        "fees_bill_draft",
        "fees_bill",
        "INSERT",
        "NEW.state <> 'draft'",
        gettext_noop("A bill begins as a draft and is issued with its lines."),
    ),
    Wall(
        "fees_bill_holds",
        "fees_bill",
        "UPDATE",
        f"NEW.state IN {STANDING} AND {OF_THE_BILL}",
        NO_BILL,
    ),
    Wall(
        "fees_bill_frozen",
        "fees_bill",
        "UPDATE",
        """OLD.state <> 'draft' AND (NEW.plan_id <> OLD.plan_id OR NEW.step_id <> OLD.step_id
        OR NEW.number <> OLD.number OR NEW.total <> OLD.total
        OR NEW.issued_at IS DISTINCT FROM OLD.issued_at
        OR NEW.issued_by_id IS DISTINCT FROM OLD.issued_by_id)""",
        FROZEN,
    ),
    Wall(
        "fees_bill_state",
        "fees_bill",
        "UPDATE",
        """NEW.state <> OLD.state AND NOT (
        (OLD.state = 'draft' AND NEW.state = 'issued')
        OR (OLD.state = 'issued' AND NEW.state IN ('paid', 'cancelled', 'waived', 'corrected'))
        OR (OLD.state = 'paid' AND NEW.state IN ('cancelled', 'corrected')))""",
        gettext_noop("A bill cannot go from its present state to that one."),
    ),
    Wall(
        "fees_bill_total",
        "fees_bill",
        "UPDATE",
        """NEW.state = 'issued' AND OLD.state = 'draft' AND ROUND(NEW.total, 2) <> COALESCE((
        SELECT ROUND(SUM(l.amount), 2) FROM fees_billline l WHERE l.bill_id = NEW.id), 0)""",
        gettext_noop("The total of a bill is the sum of its lines."),
    ),
    Wall(
        "fees_bill_quoted",
        "fees_bill",
        "UPDATE",
        """NEW.state = 'issued' AND OLD.state = 'draft' AND EXISTS (SELECT 1 FROM plans_plan p
        WHERE p.id = NEW.plan_id AND p.quote IS NOT NULL
        AND ROUND(CAST(p.quote ->> 'total' AS NUMERIC), 2) <> ROUND(NEW.total, 2))""",
        gettext_noop("A bill is what its plan quoted."),
    ),
    Wall(
        "fees_bill_paid",
        "fees_bill",
        "UPDATE",
        f"""NEW.state = 'paid' AND OLD.state <> 'paid'
        AND {_booked("NEW.step_id")} <> ROUND(NEW.total, 2)""",
        gettext_noop("A bill is paid when the whole amount was received."),
    ),
    Wall(
        "fees_bill_refunded",
        "fees_bill",
        "UPDATE",
        f"""NEW.state IN ('cancelled', 'waived') AND NEW.state <> OLD.state
        AND {_booked("NEW.step_id")} <> 0""",
        gettext_noop("Money was received on this bill: it ends only with a refund."),
    ),
    Wall(
        "fees_bill_two_people",
        "fees_bill",
        "UPDATE",
        """NEW.state IN ('waived', 'corrected') AND NEW.state <> OLD.state AND NOT EXISTS (
        SELECT 1 FROM fees_correction c WHERE c.bill_id = NEW.id AND c.answer = 'approved'
        AND c.answered_by_id <> c.proposed_by_id
        AND c.kind = CASE NEW.state WHEN 'waived' THEN 'waive' ELSE 'correct' END)""",
        gettext_noop("A waiver or correction needs two people and a reason."),
    ),
    Wall("fees_bill_kept", "fees_bill", "DELETE", "TRUE", KEPT),
    # Their lines
    Wall(
        "fees_line_draft",
        "fees_billline",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM fees_bill b WHERE b.id = NEW.bill_id AND b.state = 'draft')",
        FROZEN,
    ),
    Wall(
        "fees_line_in_force",
        "fees_billline",
        "INSERT",
        """NOT EXISTS (SELECT 1 FROM fees_catalogueitem i
        WHERE i.id = NEW.item_id AND i.status = 'in_force')""",
        gettext_noop("This fee is abolished: nobody can charge it."),
    ),
    Wall("fees_line_frozen", "fees_billline", "UPDATE", "TRUE", FROZEN),
    Wall("fees_line_kept", "fees_billline", "DELETE", "TRUE", FROZEN),
    # Payments
    Wall("fees_payment_begins", "fees_payment", "INSERT", OF_THE_PAYMENT, NO_PAYMENT),
    Wall(
        "fees_payment_whole",
        "fees_payment",
        "INSERT",
        f"""NOT EXISTS (SELECT 1 FROM fees_bill b WHERE b.id = NEW.bill_id AND b.state = 'issued'
        AND ROUND(b.total, 2) = ROUND(NEW.amount, 2) + {_booked("b.step_id")})""",  # noqa: S608 - our own constants
        gettext_noop("A payment is the whole amount of an issued bill, neither more nor less."),
    ),
    Wall(
        "fees_payment_two_people",
        "fees_payment",
        "INSERT",
        """EXISTS (SELECT 1 FROM fees_bill b WHERE b.id = NEW.bill_id
        AND b.issued_by_id = NEW.received_by_id)""",
        gettext_noop("Who set the fee cannot collect it."),
    ),
    Wall(
        "fees_payment_frozen",
        "fees_payment",
        "UPDATE",
        "TRUE",
        gettext_noop("A payment is never changed: correct its bill by two people."),
    ),
    Wall("fees_payment_kept", "fees_payment", "DELETE", "TRUE", KEPT),
    # Refunds
    Wall(
        "fees_refund_whole",
        "fees_refund",
        "INSERT",
        f"""ROUND(NEW.amount, 2) > {LEFT} OR (ROUND(NEW.amount, 2) <> {LEFT} AND EXISTS (
        SELECT 1 FROM fees_payment y JOIN fees_bill on_bill ON on_bill.id = y.bill_id
        JOIN workflow_step on_step ON on_step.id = on_bill.step_id
        JOIN workflow_step f ON f.case_id = on_step.case_id
        JOIN fees_bill b ON b.step_id = f.id
        WHERE y.id = NEW.payment_id AND b.state = 'paid'))""",  # noqa: S608 - our own constants
        gettext_noop(
            "A refund is the whole amount received, or what a corrected bill no longer asks for."
        ),
    ),
    Wall(
        "fees_refund_frozen",
        "fees_refund",
        "UPDATE",
        "NEW.payment_id <> OLD.payment_id OR NEW.amount <> OLD.amount OR OLD.state = 'confirmed'",
        gettext_noop("A refund that was opened keeps its payment and its amount."),
    ),
    Wall("fees_refund_kept", "fees_refund", "DELETE", "TRUE", KEPT),
    # The fees step
    Wall("fees_step_begins", "workflow_step", "INSERT", f"{BEGUN} AND {OF_THE_CASE}", NO_FEES),
    Wall(
        "fees_step_moves",
        "workflow_step",
        "UPDATE",
        f"""{BEGUN} AND (NEW.state <> OLD.state OR NEW.kind <> OLD.kind
        OR NEW.case_id <> OLD.case_id) AND {OF_THE_CASE}""",
        NO_FEES,
    ),
    Wall(
        "fees_step_unpaid",
        "workflow_step",
        "UPDATE",
        """NEW.kind = 'fees' AND NEW.state = 'done' AND OLD.state <> 'done' AND EXISTS (
        SELECT 1 FROM fees_bill b WHERE b.step_id = NEW.id AND b.state IN ('draft', 'issued'))""",
        gettext_noop("The fees step is not done while its bill is unpaid."),
    ),
    Wall(
        "fees_step_kept",
        "workflow_step",
        "UPDATE",
        """(NEW.kind <> OLD.kind OR NEW.case_id <> OLD.case_id)
        AND EXISTS (SELECT 1 FROM fees_bill b JOIN plans_plan p ON p.id = b.plan_id
        JOIN surveys_survey s ON s.id = p.survey_id
        WHERE NEW.id IN (b.step_id, p.step_id, s.step_id))""",
        gettext_noop("A bill stands on this step: it stays with its case."),
    ),
    # What the money stands on
    Wall("fees_plan_begins", "plans_plan", "INSERT", SURVEYED, NO_PLAN),
    Wall(
        "fees_plan_surveyed",
        "plans_plan",
        "UPDATE",
        f"NEW.state NOT IN ('objected', 'void') AND {SURVEYED}",
        NO_PLAN,
    ),
    Wall(
        "fees_plan_signed",
        "plans_plan",
        "UPDATE",
        f"""OLD.state = 'accepted'
        AND (NEW.state NOT IN ('accepted', 'void') OR {SIGNED_CHANGES})""",
        UNCHANGED,
    ),
    Wall(
        "fees_source_added",
        "plans_plansource",
        "INSERT",
        OF_AN_ACCEPTED_PLAN.format(row="NEW"),
        UNCHANGED,
    ),
    Wall(
        "fees_source_changed",
        "plans_plansource",
        "UPDATE",
        f"{OF_AN_ACCEPTED_PLAN.format(row='OLD')} OR {OF_AN_ACCEPTED_PLAN.format(row='NEW')}",
        UNCHANGED,
    ),
    Wall(
        "fees_source_taken",
        "plans_plansource",
        "DELETE",
        OF_AN_ACCEPTED_PLAN.format(row="OLD"),
        UNCHANGED,
    ),
    Wall(
        "fees_plan_holds",
        "plans_plan",
        "UPDATE",
        f"""(NEW.state <> 'accepted' OR NEW.survey_id <> OLD.survey_id
        OR NEW.step_id <> OLD.step_id) AND EXISTS (
        SELECT 1 FROM fees_bill b WHERE b.plan_id = NEW.id AND b.state IN {STANDING})""",  # noqa: S608 - our own constants
        gettext_noop("A bill stands on this plan: cancel or refund it first."),
    ),
    Wall(
        "fees_survey_holds",
        "surveys_survey",
        "UPDATE",
        f"""(NEW.can_supply IS NOT TRUE OR NEW.signed_at IS NULL OR NEW.step_id <> OLD.step_id)
        AND EXISTS (SELECT 1 FROM fees_bill b JOIN plans_plan p ON p.id = b.plan_id
        WHERE p.survey_id = NEW.id AND b.state IN {STANDING})""",  # noqa: S608 - our own constants
        gettext_noop("A bill stands on this survey: cancel or refund it first."),
    ),
    Wall(
        "fees_plan_kept",
        "plans_plan",
        "DELETE",
        "EXISTS (SELECT 1 FROM fees_bill b WHERE b.plan_id = OLD.id)",
        gettext_noop("A bill stands on this plan: it is never deleted."),
    ),
    # The published list
    *walls_of(CatalogueItem),
    Wall(
        "fees_catalogueitem_abolished",
        "fees_catalogueitem",
        "UPDATE",
        """OLD.released_at IS NOT NULL AND OLD.status = 'abolished' AND NEW.status <> OLD.status""",
        ABOLISHED,
    ),
    Wall(
        "fees_catalogueitem_back",
        "fees_catalogueitem",
        "INSERT",
        f"NEW.released_at IS NOT NULL AND {REVIVES}",
        ABOLISHED,
    ),
    Wall(
        "fees_catalogueitem_released_back",
        "fees_catalogueitem",
        "UPDATE",
        f"OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND {REVIVES}",
        ABOLISHED,
    ),
)
