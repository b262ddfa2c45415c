"""Rates change while a case is on its way: the bill is what the customer accepted, or two people
and an event say why not. Random orders of everything that can happen to the money of a case.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from demo.clock import StoryClock, telling
from fees import proof, services
from fees.models import Bill, CatalogueItem, Correction, KeptQuote, Payment, Refund
from plans import services as plans
from plans.models import Plan
from tests.factories import person, publish
from tests.fees import factories
from tests.plans import factories as planning
from workflow import chain, moves
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.process import Kind

MANY = int(os.environ.get("JIEDIAN_MACHINE", "0"))
IN_THE_SUITE = 8
CODE = "reliability-10kv"


def step_of(case: Case, kind: str = Kind.FEES) -> Step:
    return factories.fresh(case).step(kind)


def standing(case: Case) -> Bill:
    bill = Bill.objects.standing().filter(step__case=case).first()
    if bill is None:
        raise Refused("no bill stands")
    return bill


def rate_changes(case: Case, clock: StoryClock, yuan: int) -> None:
    """Released by two people, with a first day: today, or later on."""
    newest = CatalogueItem.objects.filter(code=CODE).order_by("-version")[0]
    first_day = timezone.localdate() + timedelta(days=yuan % 3)
    publish(newest, rate=yuan, version=newest.version + 1, valid_from=first_day)


def rate_was_wrong(case: Case, clock: StoryClock, yuan: int) -> None:
    """It turns out that another rate was published on the day of acceptance: what was never quoted
    is wrong by it.
    """
    plan = Plan.objects.filter(step__case=case, accepted_at__isnull=False).order_by("-pk")[0]
    item = CatalogueItem.objects.filter(code=CODE).order_by("-version")[0]
    item.pk, item.version, item.rate, item.valid_to = None, item.version + 1, yuan, None
    item.valid_from = timezone.localdate(plan.accepted_at)
    item.save(force_insert=True)


def days_go_by(case: Case, clock: StoryClock, yuan: int) -> None:
    clock.next_day(yuan % 5 + 1)
    plans.expire()


def a_year_goes_by(case: Case, clock: StoryClock, yuan: int) -> None:
    """Longer than any plan holds."""
    clock.next_day(200)
    plans.expire()


def goes_back(case: Case, clock: StoryClock, yuan: int) -> None:
    moves.send_back(step_of(case), by=person(Role.BILLER), reason="标准调整", to=Kind.PLAN)


def answered_anew(case: Case, clock: StoryClock, yuan: int) -> None:
    if not step_of(case, Kind.PLAN).is_live:
        raise Refused("the plan stands")
    planning.accepted_plan(factories.fresh(case))


def issued(case: Case, clock: StoryClock, yuan: int) -> None:
    services.issue(step_of(case), by=person(Role.BILLER))


def kept(case: Case, clock: StoryClock, yuan: int) -> None:
    """Two people decide that it is billed as quoted, or do not."""
    services.propose_quote(step_of(case), by=person(Role.BILLER), reason="答复在先")
    services.answer_quote(step_of(case), by=person(Role.SUPERVISOR), agree=yuan % 3 > 0)


def corrected(case: Case, clock: StoryClock, yuan: int) -> None:
    proposal = services.propose(
        standing(case), by=person(Role.BILLER), kind=Correction.Kind.CORRECT, reason="算错"
    )
    services.approve(proposal, by=person(Role.SUPERVISOR))


def waived(case: Case, clock: StoryClock, yuan: int) -> None:
    proposal = services.propose(
        standing(case), by=person(Role.BILLER), kind=Correction.Kind.WAIVE, reason="减免"
    )
    services.approve(proposal, by=person(Role.SUPERVISOR))


def paid(case: Case, clock: StoryClock, yuan: int) -> None:
    factories.paid(standing(case))


def given_back(case: Case, clock: StoryClock, yuan: int) -> None:
    refund = Refund.objects.of_case(case).first()
    if refund is None:
        raise Refused("nothing goes back")
    if refund.state == Refund.State.DUE:
        services.pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")
    else:
        services.confirm(refund, by=person(Role.BILLER))


def found_late(case: Case, clock: StoryClock, yuan: int) -> None:
    if yuan % 4:
        raise Refused("all facts are known")
    facts = {"capacity_kva": Decimal(yuan)}
    moves.set_facts(factories.fresh(case), by=person(Role.SUPERVISOR), note="查明", **facts)


def withdrawn(case: Case, clock: StoryClock, yuan: int) -> None:
    if yuan % 8:
        raise Refused("they think it over")
    moves.withdraw(factories.fresh(case), by=person(Role.CLERK), reason="不建了")


# What leads on is drawn more often than what ends it.
ACTS = (
    *(rate_changes, rate_was_wrong, corrected, corrected, issued, paid, days_go_by) * 4,
    *(kept, answered_anew, given_back) * 2,
    a_year_goes_by,
    goes_back,
    found_late,
    waived,
    withdrawn,
)


def what_was_accepted(plan: Plan) -> set[Decimal]:
    """What the customer accepted, in yuan; of a plan from before quotes were kept, what the
    published rates of any day asked for: those are what its corrections go by.
    """
    if plan.quote:
        return {Decimal(plan.quote["total"])}
    rates = CatalogueItem.objects.filter(code=CODE).values_list("rate", flat=True)
    return {rate * 400 for rate in rates}


def every_bill_is_what_was_accepted_or_two_people_say_why_not(case: Case) -> None:
    bills = Bill.objects.of_case(case).select_related("plan")
    for bill in bills:
        assert bill.total in what_was_accepted(bill.plan)
        told = Event.objects.filter(case=case, data__bill=bill.number)
        if bill.state == Bill.State.CANCELLED:
            assert told.filter(verb="bill_cancelled").count() == 1
        if bill.state in (Bill.State.WAIVED, Bill.State.CORRECTED):
            decided = bill.corrections.get(answer="approved")
            assert decided.answered_by_id != decided.proposed_by_id
            assert told.filter(verb=f"bill_{bill.state}").count() == 1
    for decision in KeptQuote.objects.filter(plan__step__case=case, answer="approved"):
        assert decision.answered_by_id != decision.proposed_by_id
        assert Event.objects.filter(case=case, verb="quote_kept").exists()


def the_money_adds_up(case: Case) -> None:
    """What was received is billed, less what goes back; the proof agrees. It names what was never
    quoted and turns out to be wrong, until that is corrected.
    """
    for found in proof.findings():
        assert "the plan quoted" in found or "the lines are not those" in found
        assert Bill.objects.standing().filter(step__case=case, plan__quote__isnull=True).exists()
    booked = Payment.objects.booked(case)
    bill = Bill.objects.standing().filter(step__case=case).first()
    if bill is None:
        assert booked == 0
    elif bill.state == Bill.State.PAID:
        assert booked == bill.total
    else:
        assert booked < bill.total
    assert chain.verify([case.number])[1] == ""


BEGUN = {
    "accepted": lambda: planning.accepted_plan(planning.dual()).step.case,
    "paid": lambda: factories.paid().bill.step.case,
    "paid, of before quotes were kept": lambda: (
        factories.paid(factories.billed(factories.ready(quote=False))).bill.step.case
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("begins", BEGUN)
def test_a_bill_is_what_was_accepted_or_two_people_say_why_not(begins, monkeypatch):
    monkeypatch.setattr("documents.services._render_after", lambda paper_id: None)
    begun = BEGUN[begins]()

    @settings(
        max_examples=MANY or IN_THE_SUITE,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not MANY,
        database=None,
        phases=(Phase.generate,),
    )
    @given(
        history=st.lists(
            st.tuples(st.sampled_from(ACTS), st.integers(150, 300)), min_size=12, max_size=25
        )
    )
    def whatever_happens(history):
        with transaction.atomic():
            clock = StoryClock(timezone.localdate())
            with telling(clock), moves.because("staff"):
                for act, yuan in history:
                    clock.later(minutes=5)
                    with suppress(ValidationError, PermissionDenied), transaction.atomic():
                        act(begun, clock, yuan)
                    every_bill_is_what_was_accepted_or_two_people_say_why_not(begun)
                    the_money_adds_up(begun)
            transaction.set_rollback(True)

    whatever_happens()
