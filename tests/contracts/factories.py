"""Contracts at every stage, through the services of the room."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from contracts import content, services
from contracts.models import Contract
from documents.files import Checked
from tests.factories import person
from tests.fees import factories as fees
from tests.field.factories import picture
from tests.made_once import made_once
from workflow.models import Step
from workflow.process import Kind

# What a contract without a plan says of the supply, where it is asked for.
SUPPLY = {
    "capacity_before": Decimal(20),
    "capacity_taken": Decimal(8),
    "capacity_kva": Decimal(8),
    "voltage": "220 V 单相",
    "metering": "低供低计",
    "price": "居民生活",
    "boundary": "表箱出线开关下桩头",
}


@made_once
def ready(case=None, **options: Any) -> Step:
    """The contract step in hand: the plan is accepted."""
    step = fees.ready(case, **options)
    return step.case.step(Kind.CONTRACT)


@made_once
def drawn(step: Step | None = None, **terms: Any) -> Contract:
    """Drawn: the customer's turn to sign."""
    terms = {"kind": "hv", "term_from": timezone.localdate()} | terms
    step = step or ready()
    asked = {name: value for name, value in SUPPLY.items() if name in content.asked(step.case)}
    terms = asked | terms
    return services.draw(step, by=person(Role.CONTRACT_OFFICER), **terms)


def page() -> dict[str, Checked]:
    """The signed page, as it is handed to the steps."""
    return {"evidence": Checked(picture(), "image/jpeg", "签字页.jpg")}


def by_customer(contract: Contract, **how: Any) -> Contract:
    """Signed by the customer."""
    name = contract.step.case.customer_name
    how = {"signed_name": name, "signed_as": "self", "signed_how": "seal", **page()} | how
    return services.sign_customer(contract, by=person(Role.CONTRACT_OFFICER), **how)


@made_once
def signed(contract: Contract | None = None) -> Contract:
    """Signed by both."""
    contract = by_customer(contract or drawn())
    return services.sign_utility(contract, by=person(Role.CONTRACT_OFFICER))
