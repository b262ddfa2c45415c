"""Under which conditions the contract step may be finished."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from applications.force import AUTHORITY_STANDS, sheet_of
from applications.models import Correction
from contracts import content
from contracts.models import Contract
from documents.debts import PAPERS_RECEIVED
from plans.force import CONSENTS_STAND, PLAN_VALID
from plans.models import Plan
from workflow.guards import Guard
from workflow.models import Step
from workflow.process import Kind


def contract_of(step: Step) -> Contract | None:
    """The contract of this round; kept on the step object, as every move reads the step anew.

    `corrected` says whether the customer's data was corrected since it was drawn.
    """
    if "drawn_contract" not in step.__dict__:
        since = Correction.objects.filter(
            application__step__case=step.case_id, at__gte=OuterRef("drawn_at")
        )
        step.__dict__["drawn_contract"] = (
            Contract.objects.filter(step_id=step.pk)
            .select_related(
                "plan",
                "terms",
                "officer",
                "drawn_by",
                "interim_officer",
                "evidence",
                "interim_evidence",
            )
            .annotate(corrected=Exists(since))
            .first()
        )
    return step.__dict__["drawn_contract"]


def _is_begun(step: Step) -> bool:
    """There is a contract of which anything can be said."""
    return contract_of(step) is not None


def plan_of(step: Step) -> Plan | None:
    """The accepted plan that the contract is drawn from; read once for one case object."""
    return Plan.read(step.case) if content.needs_plan(step.case) else None


def _plan_accepted(step: Step) -> bool:
    return not content.needs_plan(step.case) or plan_of(step) is not None


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


def agent_acts_on(step: Step) -> date | None:
    """The day of signing where the agent signed; before it, today, where an agent acts at all."""
    contract = contract_of(step)
    if contract is None:
        return None
    if contract.signed_at:
        by_agent = contract.signed_as == Contract.Signer.AGENT
        return timezone.localdate(contract.signed_at) if by_agent else None
    return timezone.localdate() if contract.agent else None


def _says_what_is_right(step: Step) -> bool:
    """What is signed by both stays; what is drawn, or signed by one, names the customer as now."""
    contract = contract_of(step)
    if contract is None or contract.state != Contract.State.DRAWN:
        return True
    # The sheet is read only where the customer's data was corrected since.
    case = step.case
    same = content.party(case, None).items() <= vars(contract).items()
    return same and not (contract.corrected and _corrected(step))


def _says_all(step: Step) -> bool:
    """What both signed stays; what is still to be signed has no blank."""
    contract = contract_of(step)
    drawn = contract is not None and contract.state == Contract.State.DRAWN
    return (
        not drawn or contract.plan_id is not None or not content.blanks(step.case, vars(contract))
    )


def _corrected(step: Step) -> list[str]:
    """The items of the customer that the contract does not say as they are now, by their labels."""
    contract = contract_of(step)
    now = content.party(step.case, sheet_of(step))
    return [
        str(Contract._meta.get_field(name).verbose_name)
        for name, value in now.items()
        if getattr(contract, name) != value
    ]


def _draw_anew(step: Step) -> str:
    items = _(", ").join(_corrected(step))
    text = _(
        "Corrected since the contract was drawn: %(items)s. Draw it anew before anybody signs."
    )
    return text % {"items": items}


def _revision(step: Step) -> tuple[Any, str]:
    return _("Draw anew"), reverse("contracts:revision", args=[step.case.number])


PLAN_ACCEPTED = Guard(
    _plan_accepted,
    reason=_("The customer has not accepted a supply plan: its data is the contract's."),
    met=_("The customer has accepted the supply plan."),
    owes=lambda step: (plan := step.case.step(Kind.PLAN)) and (plan.owner or plan.role_label),
)
DRAWN = Guard(
    _drawn,
    reason=_("The contract is not drawn."),
    met=_("The contract is drawn."),
)
SAYS_WHAT_IS_RIGHT = Guard(
    _says_what_is_right,
    reason=_draw_anew,
    met=_("The contract names the customer as on record."),
    remedy=_revision,
    applies=_is_begun,
)
SAYS_ALL = Guard(
    _says_all,
    reason=_(
        "The contract was drawn with blanks (capacity, voltage, metering, price or boundary): "
        "draw it anew before anybody signs."
    ),
    met=_("The contract says all of the supply."),
    remedy=_revision,
    applies=_is_begun,
)
CUSTOMER_SIGNED = Guard(
    _customer_signed,
    reason=_("The customer has not signed."),
    met=_("The customer has signed."),
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
        CONSENTS_STAND,
        DRAWN,
        SAYS_WHAT_IS_RIGHT,
        SAYS_ALL,
        CUSTOMER_SIGNED,
        AUTHORITY_STANDS,
        UTILITY_SIGNED,
        PAPERS_RECEIVED,
    )
}
