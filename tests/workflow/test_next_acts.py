"""What the desk says is to be done next inside a step: the words of its room."""

import pytest

from plans.models import Plan
from tests.applications.factories import accepted
from tests.contracts import factories as contracts
from tests.fees import factories as money
from tests.plans import factories as plans
from workflow import process, queue
from workflow.models import Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def act(step: Step) -> str:
    [fresh] = queue.listed(Step.objects.filter(pk=step.pk))
    return process.next_acts([fresh]).get(step.pk, "")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (plans.drawn, "to draw up"),
        (plans.submitted, "to approve"),
        (plans.approved, "to answer"),
        (plans.answered, "to be accepted"),
    ],
)
def test_a_draft_plan_is_told_from_one_that_waits_for_approval(made, words):
    plan: Plan = made()

    assert act(plan.step) == words


def test_a_bill_goes_from_writing_to_paying():
    step = money.ready()
    assert act(step) == "to bill"

    assert act(money.billed(step).step) == "to be paid"


def test_a_survey_without_a_visit_is_to_be_visited():
    assert act(accepted().step(Kind.SURVEY)) == "to visit"


def test_a_room_without_acts_of_its_own_says_nothing():
    assert act(accepted().step(Kind.APPLICATION)) == ""


def test_a_contract_drawn_is_to_be_signed():
    step = contracts.ready()
    assert act(step) == "to draw up"

    assert act(contracts.drawn(step).step) == "to sign"
