"""What the case page and the contract's page show of it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contracts import content
from contracts.guards import contract_of
from contracts.models import Contract
from workflow.models import Step
from workflow.sheets import Section, readonly

# The contract as on paper; to read only, as it is copied.
LAYOUT = (
    (
        _("Parties"),
        [[(name, 6) for name in ("supplier", "customer_name", "representative", "agent")]],
    ),
    (
        _("Supply"),
        [
            [
                (name, 6)
                for name in (
                    "mode",
                    "voltage",
                    "sources",
                    "capacity_before",
                    "capacity_taken",
                    "capacity_kva",
                    "address",
                    "nature",
                    "quality",
                    "supply_time",
                    "emergency_source",
                )
            ]
        ],
    ),
    (
        _("Metering, price, settlement"),
        [[(name, 6) for name in ("metering", "price", "power_factor", "settlement")]],
    ),
    (
        _("Boundary, term, breach"),
        [
            [
                (name, 6)
                for name in ("boundary", "maintenance", "term_from", "term_to", "breach", "remarks")
            ]
        ],
    ),
)


def panel(step: Step, user: User) -> dict:
    """The middle of the case page: the contract drawn, who has signed."""
    contract = contract_of(step)
    source = "" if contract else content.source(step.case)
    return {"step": step, "case": step.case, "contract": contract, "source": source}


def sections(contract: Contract | None) -> list[Section]:
    """The contract to read; what was before and what is given up stand only in a decrease."""
    if contract is None:
        return []
    left_out = () if contract.capacity_taken else content.DECREASE
    layout = [
        (title, [[cell for cell in row if cell[0] not in left_out] for row in rows])
        for title, rows in LAYOUT
    ]
    return readonly(contract, tuple(layout))


def next_acts(steps: Iterable[Step]) -> dict[int, str]:
    """What is to be done next with the contract of each step, by its id; one query."""
    drawn = Contract.objects.filter(step__in=steps, state=Contract.State.DRAWN)
    known = set(drawn.values_list("step_id", flat=True))
    return {step.pk: _now("to sign") if step.pk in known else _now("to draw up") for step in steps}
