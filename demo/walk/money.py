"""Bill, payment and contract."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.signers import signers_of
from contracts import services as contracts
from contracts.content import asked, kinds_for
from contracts.models import Contract
from demo.walk.counter import bring_papers
from demo.walk.stage import Stage, fresh, picture
from fees import services as fees
from fees.models import Bill
from fees.standing import Standing
from workflow.models import Case
from workflow.process import Kind


def issue_bill(stage: Stage, case: Case) -> Bill | None:
    """The bill that the accepted plan causes; None when nothing is due."""
    step = fresh(case).step(Kind.FEES)
    by = stage.worker(step)
    if Standing(step).assessment.nothing_due:
        fees.nothing_due(step, by=by)
        return None
    return fees.issue(step, by=by)


def pay(stage: Stage, case: Case) -> None:
    """The customer is billed, and pays the next day."""
    bill = issue_bill(stage, case)
    if bill:
        stage.clock.next_day()
        fees.receive(
            bill,
            by=stage.who(Role.CASHIER),
            method="transfer",
            payer=case.customer_name[:60],
            reference="转账 0417",
        )


def contract(stage: Stage, case: Case) -> None:
    """Drawn from the accepted plan, signed by both."""
    bring_papers(stage, case, Kind.CONTRACT)
    step = fresh(case).step(Kind.CONTRACT)
    by, signers = stage.worker(step), signers_of(case, timezone.localdate())
    drawn = contracts.draw(
        step,
        by=by,
        kind=kinds_for(case)[0],
        term_from=timezone.localdate(),
        term_to=_term_end(case),
        **_supply(case),
    )
    stage.clock.later(hours=2)
    drawn = contracts.sign_customer(
        drawn,
        by=by,
        signed_name=signers.usual[:60],
        signed_as=Contract.Signer.SELF if signers.in_person else Contract.Signer.REPRESENTATIVE,
        signed_how=Contract.How.HAND if signers.in_person else Contract.How.SEAL,
        evidence=picture(Random(0), "签字页"),  # the same file for all: stored once
    )
    contracts.sign_utility(drawn, by=by)


def _supply(case: Case) -> dict[str, Any]:
    """The supply as it is, copied from the contract on paper where none is on file."""
    on_paper = {
        "capacity_before": Decimal(60),
        "capacity_taken": Decimal(20),
        "capacity_kva": Decimal(8),
        "voltage": "220 V 单相",
        "metering": "低供低计",
        "price": "居民生活",
        "boundary": "表箱出线开关下桩头，表箱归供电人",
    }
    return {name: said or on_paper[name] for name, said in asked(case).items()}


def _term_end(case: Case) -> date | None:
    """A temporary supply ends; the others run on."""
    application = Application.of(case)
    return application.temporary_to if application else None
