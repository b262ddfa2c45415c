"""Under which conditions the contract step may be finished."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from contracts.models import Contract
from documents.debts import PAPERS_RECEIVED
from plans.guards import still_valid
from plans.models import Plan
from workflow import process
from workflow.guards import Guard
from workflow.models import Step
from workflow.process import Kind


def contract_of(step: Step) -> Contract | None:
    """The contract of this round; kept on the step object, as every move reads the step anew."""
    if "drawn_contract" not in step.__dict__:
        step.__dict__["drawn_contract"] = (
            Contract.objects.filter(step_id=step.pk)
            .select_related("plan", "terms", "officer", "drawn_by", "interim_officer")
            .first()
        )
    return step.__dict__["drawn_contract"]


def needs_plan(step: Step) -> bool:
    """The flow of this business type has a plan, so the contract is drawn from it."""
    return Kind.PLAN in process.flow(step.case.business_type)


def plan_of(step: Step) -> Plan | None:
    """The accepted plan that the contract is drawn from; read once for one case object."""
    return Plan.read(step.case) if needs_plan(step) else None


def _plan_accepted(step: Step) -> bool:
    return not needs_plan(step) or plan_of(step) is not None


def _drawn(step: Step) -> bool:
    contract = contract_of(step)
    standing = (Contract.State.DRAWN, Contract.State.SIGNED)
    return bool(contract and contract.state in standing and contract.is_unchanged)


def _customer_signed(step: Step) -> bool:
    contract = contract_of(step)
    return bool(contract and contract.signed_at)


def _utility_signed(step: Step) -> bool:
    contract = contract_of(step)
    return bool(contract and contract.officer_signed_at)


def authority_lapsed(application: Application | None, on: date) -> bool:
    """The agent's authority had ended on the day, or none is on record."""
    if application is None or not application.agent_name:
        return True
    until = application.agent_authority_until
    return until is not None and until < on


def _authority_stands(step: Step) -> bool:
    contract = contract_of(step)
    if contract is None or contract.signed_as != Contract.Signer.AGENT or not contract.signed_at:
        return True
    return not authority_lapsed(Application.of(step.case), timezone.localdate(contract.signed_at))


PLAN_ACCEPTED = Guard(
    _plan_accepted,
    reason=_("The customer has not accepted a supply plan: its data is the contract's."),
    met=_("The customer has accepted the supply plan."),
    owes=lambda step: (plan := step.case.step(Kind.PLAN)) and (plan.owner or plan.role_label),
)
PLAN_VALID = still_valid(plan_of)
DRAWN = Guard(
    _drawn,
    reason=_("The contract is not drawn."),
    met=_("The contract is drawn."),
)
CUSTOMER_SIGNED = Guard(
    _customer_signed,
    reason=_("The customer has not signed."),
    met=_("The customer has signed."),
    owes=lambda step: step.case.customer_name,
)
AUTHORITY_STANDS = Guard(
    _authority_stands,
    reason=_("The agent's authority does not cover the day of signing."),
    met=_("Whoever signs may sign."),
    owes=lambda step: step.case.customer_name,
)
UTILITY_SIGNED = Guard(
    _utility_signed,
    reason=_("The utility has not signed."),
    met=_("The utility has signed."),
)
GUARDS = {
    Kind.CONTRACT: (
        PLAN_ACCEPTED,
        PLAN_VALID,
        DRAWN,
        CUSTOMER_SIGNED,
        AUTHORITY_STANDS,
        UTILITY_SIGNED,
        PAPERS_RECEIVED,
    )
}
