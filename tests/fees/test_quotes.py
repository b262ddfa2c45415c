"""A customer is billed what the plan quoted, or two people and an event say why not."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.roles import Role
from fees import guards, proof, services, tariff
from fees.models import Bill, BillLine, CatalogueItem, KeptQuote, Payment, Refund
from fees.standing import Standing
from plans import services as plans
from plans.models import Plan
from tests.factories import person
from tests.factories import publish as publish_next
from tests.fees import factories
from tests.fees.test_services import anew, tear_down
from tests.plans import factories as planning
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def publish(rate: int, code: str = "reliability-10kv", *, days_ago: int = 0) -> CatalogueItem:
    """A new version of a published rate, in force from today, or for some days."""
    item = CatalogueItem.objects.filter(code=code).order_by("-version")[0]
    item.pk, item.version, item.rate, item.valid_from = (
        None,
        item.version + 1,
        rate,
        timezone.localdate() - timedelta(days=days_ago),
    )
    item.save(force_insert=True)
    return item


def kept(step: Step) -> KeptQuote:
    services.propose_quote(step, by=person(Role.BILLER), reason="答复在先")
    return services.answer_quote(anew(step), by=person(Role.SUPERVISOR), agree=True)


def test_the_answer_keeps_what_it_quotes():
    plan = planning.answered(planning.dual())
    quoted = tariff.assess(plan)

    publish(300)

    assert plan.quote["total"] == str(quoted.total)
    assert tariff.assess(Plan.objects.get(pk=plan.pk)).total == quoted.total > 0
    assert tariff.by_catalogue(plan, timezone.localdate()).total != quoted.total


def test_nobody_is_answered_without_a_price():
    plan = planning.approved(planning.dual())
    CatalogueItem.objects.filter(code="reliability-10kv").update(
        status="abolished", valid_to=timezone.localdate()
    )

    with pytest.raises(Refused, match="catalogue has no rate"):
        plans.answer(plan.step, by=planning.planner(), how="counter")

    plan.refresh_from_db()
    assert (plan.state, plan.quote) == ("approved", None)


def test_a_bill_waits_where_the_published_rate_has_changed_since():
    step = factories.ready()
    publish(300)

    with pytest.raises(Refused, match=r"quoted ¥88,000\.00; .* ¥120,000\.00"):
        services.issue(step, by=person(Role.BILLER))

    assert not Bill.objects.exists()
    assert Standing(anew(step)).published.total == Decimal(120_000)


def test_a_rate_published_anew_and_unchanged_holds_nothing_up():
    step = factories.ready()
    publish(220)

    assert services.issue(step, by=person(Role.BILLER)).total == Decimal(88_000)


def test_two_people_bill_as_quoted_and_the_customer_is_told():
    step = factories.ready()
    publish(300)
    decision = kept(step)

    bill = services.issue(anew(step), by=person(Role.BILLER))

    assert (decision.answer, bill.total) == ("approved", Decimal(88_000))
    event = step.case.events.get(verb="quote_kept")
    assert (event.data["quoted"], event.data["published"]) == ("88000.00", "120000.00")
    assert event.messages.exists()


def test_a_new_rate_stands_against_the_bill_since_its_first_day():
    step = factories.ready()
    first_day = publish(300, days_ago=3).valid_from

    assert guards.QUOTE_HOLDS.finding(anew(step)).since == first_day

    proposal = services.propose_quote(anew(step), by=person(Role.BILLER), reason="答复在先")
    since = guards.QUOTE_HOLDS.finding(anew(step)).since
    assert since == timezone.localdate(proposal.proposed_at)


def test_one_person_does_not_decide_alone():
    step = factories.ready()
    publish(300)
    both = person(Role.BILLER, Role.SUPERVISOR)
    services.propose_quote(step, by=both, reason="答复在先")

    with pytest.raises(Refused, match="two people"):
        services.answer_quote(anew(step), by=both, agree=True)
    with pytest.raises(Refused):
        services.issue(anew(step), by=person(Role.BILLER))


def test_declined_the_bill_waits_on():
    step = factories.ready()
    publish(300)
    services.propose_quote(step, by=person(Role.BILLER), reason="答复在先")
    services.answer_quote(anew(step), by=person(Role.SUPERVISOR), agree=False)

    with pytest.raises(Refused, match="The plan quoted"):
        services.issue(anew(step), by=person(Role.BILLER))


def test_there_is_nothing_to_decide_while_the_rates_are_those_quoted():
    with pytest.raises(Refused, match="issue the bill"):
        services.propose_quote(factories.ready(), by=person(Role.BILLER), reason="答复在先")


def test_a_fee_abolished_since_is_charged_to_nobody():
    step = factories.ready()
    CatalogueItem.objects.filter(code="reliability-10kv").update(
        status="abolished", valid_to=timezone.localdate()
    )

    with pytest.raises(Refused, match="abolished"):
        services.propose_quote(step, by=person(Role.BILLER), reason="答复在先")


def test_a_fee_abolished_by_its_next_version_is_charged_to_nobody():
    step = factories.ready()
    item = CatalogueItem.objects.get(code="reliability-10kv")
    yesterday = timezone.localdate() - timedelta(days=1)
    publish_next(item, version=2, status="abolished", valid_to=yesterday)

    with pytest.raises(Refused, match="abolished"):
        services.propose_quote(step, by=person(Role.BILLER), reason="答复在先")
    with pytest.raises(Refused):
        services.issue(step, by=person(Role.BILLER))


def test_answered_anew_the_case_is_billed_at_the_new_rate():
    first = planning.accepted_plan(planning.dual())
    step = anew(first.step)
    publish(300)
    moves.send_back(step, by=person(Role.BILLER), reason="标准调整", to=Kind.PLAN)

    plan = planning.accepted_plan(factories.fresh(step.case))
    bill = services.issue(anew(step), by=person(Role.BILLER))

    assert bill.plan == plan != first
    assert bill.total == Decimal(plan.quote["total"]) > Decimal(first.quote["total"])
    assert {line.rate for line in bill.lines.all()} == {Decimal(300)}


def test_the_quote_of_an_accepted_plan_is_frozen():
    plan = factories.plan(factories.hv_case())

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(quote={"total": "1"})


def test_a_bill_that_is_found_wrong_cannot_be_paid():
    bill = factories.billed()
    tear_down()
    BillLine.objects.filter(bill=bill).update(rate=300, amount=120_000)
    Bill.objects.filter(pk=bill.pk).update(total=120_000)

    with pytest.raises(Refused, match=r"quoted ¥88,000\.00, billed are ¥120,000\.00"):
        factories.paid(Bill.objects.get(pk=bill.pk))


FALSE = {
    "a total": lambda bill: {"total": bill.total + 100},
    "a rate and all that follows": lambda bill: {"rate": 300},
    "a factor": lambda bill: {"factor": Decimal("1.5")},
    "the quantity": lambda bill: {"quantity": 10},
    "the amount of a line": lambda bill: {"amount": 1},
    "twice a rate and half the quantity, to the same total": lambda bill: {
        "rate": bill.lines.get().rate * 2,
        "quantity": bill.lines.get().quantity / 2,
    },
}
# False money, where there is any: of a bill by itself, or of one that was corrected and paid again.
FALSE_MONEY = {
    "less was received": lambda bill: _last_payment(bill).update(amount=1),
    "more was received": lambda bill: _last_payment(bill).update(amount=1_000_000),
    "a part went back": lambda bill: _went_back(bill, Decimal("0.01")),
    "all went back": lambda bill: _went_back(bill, Payment.objects.booked(bill.step.case)),
    "its refund is gone or was never needed": lambda bill: (
        Refund.objects.of_case(bill.step.case).delete()[0] or _went_back(bill, Decimal(1))
    ),
    "another bill took its money": lambda bill: Bill.objects.filter(pk=bill.pk).update(
        state="issued"
    ),
}
# `JIEDIAN_HISTORIES=1000` runs so many.
HISTORIES = int(os.environ.get("JIEDIAN_HISTORIES", "200"))


def _last_payment(bill: Bill):
    return Payment.objects.filter(pk=Payment.objects.held(bill.step.case)[0].pk)


def _went_back(bill: Bill, amount: Decimal) -> None:
    payment = Payment.objects.held(bill.step.case)[0]
    Refund.objects.create(payment=payment, amount=amount, reason="x", opened_at=timezone.now())


def falsify(bill: Bill, change: dict) -> None:
    """Somebody writes into the database, past every wall, and tidies up behind."""
    if total := change.get("total"):
        Bill.objects.filter(pk=bill.pk).update(total=total)
        return
    line = bill.lines.get()
    for name, value in change.items():
        setattr(line, name, value)
    if "amount" not in change:
        line.amount = tariff.amount(line.rate, line.factor, line.quantity)
        Bill.objects.filter(pk=bill.pk).update(total=line.amount)
    line.save()


def _corrected_after_payment() -> list[tuple[Bill, dict]]:
    """Cheaper; dearer and paid again; dearer and not paid yet. Each with what its plan would have
    quoted: while that is not kept, a plan owes what the catalogue says.
    """
    made = []
    for kva, rate, pays in ((200, 210, False), (160, 230, True), (125, 240, False)):
        step = factories.ready(factories.hv_case(), quote=False, sources=(630, kva))
        first = factories.paid(factories.billed(step)).bill
        factories.dearer(rate)
        proposal = services.propose(first, by=person(Role.BILLER), kind="correct", reason="算错")
        services.approve(proposal, by=person(Role.SUPERVISOR))
        bill = Bill.objects.standing().get(step__case=first.step.case)
        if pays:
            factories.paid(bill)
        made.append((bill, tariff.quote(bill.plan)))
    return made


def test_the_proof_names_the_false_bill_and_no_honest_one():
    bills = [factories.billed(sources=(630, kva)) for kva in (400, 315, 250)]
    factories.paid(bills[0])
    corrected = _corrected_after_payment()
    tear_down()
    for bill, quote in corrected:
        Plan.objects.filter(pk=bill.plan_id).update(quote=quote)
    cheaper, dearer, _unpaid = anew = [bill for bill, _quote in corrected]
    bills, paid = [*bills, *anew], [bills[0], cheaper, dearer]
    walls = set(proof.findings())
    codes = list(CatalogueItem.objects.filter(basis="reliability").values_list("code", flat=True))
    dice = random.Random(7)

    for history in range(HISTORIES):
        with transaction.atomic():
            for _change in range(dice.randint(0, 3)):
                rates = CatalogueItem.objects.filter(code=dice.choice(codes))
                rates.update(rate=dice.randint(1, 900), version=F("version") + dice.randint(10, 90))
            if dice.random() < 0.5:
                false, (how, change) = dice.choice(bills), dice.choice(list(FALSE.items()))
                falsify(Bill.objects.get(pk=false.pk), change(false))
            else:
                false, (how, change) = dice.choice(paid), dice.choice(list(FALSE_MONEY.items()))
                change(false)
            named = {what.split()[1].rstrip(":") for what in set(proof.findings()) - walls}
            assert named == {false.number}, (history, how)
            transaction.set_rollback(True)
