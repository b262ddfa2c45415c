"""Contracts at every stage, through the steps of the room."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.roles import Role
from contracts import steps
from contracts.models import Contract
from tests.factories import person
from tests.fees import factories as fees
from workflow.models import Step
from workflow.process import Kind


def ready(case=None, **options: Any) -> Step:
    """The contract step in hand: the plan is accepted."""
    step = fees.ready(case, **options)
    return step.case.step(Kind.CONTRACT)


def drawn(step: Step | None = None, **terms: Any) -> Contract:
    """Drawn: the customer's turn to sign."""
    terms = {"kind": "hv", "term_from": timezone.localdate()} | terms
    return steps.draw(step or ready(), by=person(Role.CONTRACT_OFFICER), **terms)


def by_customer(contract: Contract, **how: Any) -> Contract:
    """Signed by the customer."""
    how = {"signed_name": "王总", "signed_as": "representative", "signed_how": "seal"} | how
    return steps.sign_customer(contract, by=person(Role.CONTRACT_OFFICER), **how)


def signed(contract: Contract | None = None) -> Contract:
    """Signed by both."""
    contract = by_customer(contract or drawn())
    return steps.sign_utility(contract, by=person(Role.CONTRACT_OFFICER))
