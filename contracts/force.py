"""What runs out of a contract: its term, which a temporary supply always has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.guards import contract_of
from contracts.models import Contract
from workflow.force import Ending, Term, past
from workflow.models import Case, Step, Subject
from workflow.process import BusinessType, Kind

STANDING = (Contract.State.DRAWN, Contract.State.SIGNED)


def _standing(step: Step) -> Contract | None:
    """The contract that is to be signed, or was; one taken back is to get another term.

    At the meter only that of a temporary supply: any other goes on past its term.
    """
    if step.kind == Kind.CONTRACT:
        contract = contract_of(step)
    elif step.case.business_type == BusinessType.TEMPORARY:
        contract = Contract.read(step.case)
    else:
        return None
    return contract if contract and contract.state in STANDING else None


def _ended(step: Step) -> date | None:
    contract = _standing(step)
    return past(contract.term_to) if contract else None


def _what_to_do(step: Step) -> str:
    return _(
        "The term of the contract ended on %(day)s: nobody signs it and no power comes on for it. "
        "Agree on another end with the customer and draw it anew."
    ) % {"day": f"{_ended(step):%Y-%m-%d}"}


def _owes(step: Step) -> Any:
    contract = step.case.step(Kind.CONTRACT)
    return (contract and contract.owner) or step.case.owner


def _draw_anew(step: Step) -> tuple[Any, str]:
    contract = _standing(step)
    name = "revision" if contract and contract.state == Contract.State.DRAWN else "contract"
    return gettext_lazy("Draw anew"), reverse(f"contracts:{name}", args=[step.case.number])


def _ending(by: date) -> Iterable[Ending]:
    """Until it is signed and power is on."""
    found = Contract.objects.filter(
        term_to__lte=by, state__in=STANDING, step__case__state=Case.State.OPEN
    )
    for contract in found.select_related("step__case").order_by("pk"):
        yield Ending(contract.pk, contract.step.case, contract.term_to, contract.step)


TERM = Term(
    Subject.TERM,
    gates=(Kind.CONTRACT, Kind.METER),
    ended=_ended,
    reason=_what_to_do,
    met=gettext_lazy("The term of the contract runs."),
    owes=_owes,
    remedy=_draw_anew,
    ending=_ending,
    fields=("term_to",),
)
TERM_RUNS = TERM.guard
TERMS = (TERM,)
