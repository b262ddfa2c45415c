"""Contracts at every stage, through the steps of the room."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.roles import Role
from contracts import steps
from contracts.models import Contract
from tests.factories import person
from tests.fees import factories as fees
from tests.made_once import made_once
from workflow.models import Step
from workflow.process import Kind


@made_once
def ready(case=None, **options: Any) -> Step:
    """The contract step in hand: the plan is accepted."""
    step = fees.ready(case, **options)
    return step.case.step(Kind.CONTRACT)


@made_once
def drawn(step: Step | None = None, **terms: Any) -> Contract:
    """Drawn: the customer's turn to sign."""
    terms = {"kind": "hv", "term_from": timezone.localdate()} | terms
    return steps.draw(step or ready(), by=person(Role.CONTRACT_OFFICER), **terms)


def by_customer(contract: Contract, **how: Any) -> Contract:
    """Signed by the customer."""
    name = contract.step.case.customer_name
    how = {"signed_name": name, "signed_as": "self", "signed_how": "seal"} | how
    return steps.sign_customer(contract, by=person(Role.CONTRACT_OFFICER), **how)


@made_once
def signed(contract: Contract | None = None) -> Contract:
    """Signed by both."""
    contract = by_customer(contract or drawn())
    return steps.sign_utility(contract, by=person(Role.CONTRACT_OFFICER))
