"""A line of "Why can't I?" says ✓ of nothing that does not exist yet."""

import pytest

from contracts.guards import GUARDS
from fees.panel import why as why_no_bill
from tests.contracts import factories as contracting
from tests.factories import case as opened
from tests.fees import factories as fees
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def test_before_the_plan_the_fees_page_says_nothing_of_plan_consents_or_rates():
    step = opened().step(Kind.FEES)

    said = {str(row["missing"]): row["met"] for row in why_no_bill(step)}

    assert not said["The customer has not accepted a supply plan."]
    assert not any("consent" in what or "valid" in what or "catalogue" in what for what in said)


def test_that_nothing_is_billed_or_paid_is_no_reason_against_the_bill():
    said = [str(row["missing"]) for row in why_no_bill(fees.ready())]

    assert "No bill is issued." not in said
    assert "The fee is not paid." not in said


def test_of_a_contract_that_is_not_drawn_nobody_says_that_it_is_right():
    step = contracting.ready()

    met = [str(g.finding(step).what) for g in GUARDS[Kind.CONTRACT] if g.applies(step) and g(step)]

    assert not any("names the customer" in what or "may sign" in what for what in met)
