"""One case at every desk of the house, for the tests that look at all pages at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from django.db import connection, transaction

from accounts.roles import Role
from documents import steps as documents
from documents.files import Checked
from fees import steps as money
from fees.models import Refund
from surveys import steps as surveying
from surveys.models import Photo, SourcePoint
from tests.applications import factories as applications
from tests.contracts import factories as contracts
from tests.documents import factories as papers
from tests.factories import person
from tests.fees import factories as fees
from tests.metering import factories as metering
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow import moves
from workflow.models import Case
from workflow.process import ExistingSupply, Kind

WORKS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)


def build() -> SimpleNamespace:
    """The cases by the desk they lie on, and the rows that addresses below a case name."""
    world = SimpleNamespace()
    world.counter = applications.draft()
    _survey(world)
    _papers(world)
    _plans(world)
    _money(world)
    _contracts(world)
    SourcePoint.objects.update(rated_kva=100_000)
    for kind in WORKS:
        setattr(world, kind.value, works.case_at(kind))
        # So many customers of one line: the office has built a stronger one.
        SourcePoint.objects.update(rated_kva=100_000)
        works.received(getattr(world, kind.value), kind)
    world.meter = metering.case_at(Kind.METER, street="临湖路 0 号")
    world.old_meter = moves.set_facts(
        metering.case_at(Kind.METER, street="临湖路 1 号"),
        by=None,
        existing_supply=ExistingSupply.OWN,
    )
    world.callback = metering.case_at(Kind.CALLBACK, street="临湖路 2 号")
    for name, found in vars(world).items():
        if isinstance(found, Case):
            setattr(world, name, Case.objects.get(pk=found.pk))
    return world


def _survey(world: SimpleNamespace) -> None:
    world.survey = surveys.at_survey(street="人民路 9 号院", not_duplicate="另一户")
    world.point = surveys.candidate(world.survey)
    paper = Checked(papers.PDF, "application/pdf", "同意书.pdf")
    world.consent = surveys.asked(world.point)
    answered = surveys.asked(world.point, party="李四")
    world.answered = surveys.answered(answered, "yes", paper=paper)
    photo = Photo(subject="site")
    step = surveys.fresh(world.survey)
    world.photo = surveying.add_photo(photo, works.picture(), step=step, by=surveys.surveyor())
    world.survey_step = step
    world.unclaimed = surveys.at_survey(street="人民路 10 号院", not_duplicate="另一户")
    world.unclaimed_step = surveys.fresh(world.unclaimed)


def _papers(world: SimpleNamespace) -> None:
    world.papers = papers.counter_case(street="人民路 11 号院", not_duplicate="另一户")
    world.paper = papers.rendered(
        documents.issue(world.papers, "receipt", by=person(Role.CLERK))[0]
    )
    world.owed = world.papers.papers_owed.filter(state="owed").first()
    world.attachment = documents.attach(
        world.papers, papers.scan(), title="产权证", by=person(Role.CLERK)
    )


def _plans(world: SimpleNamespace) -> None:
    planner = person(Role.PLANNER)
    world.plan = plans.drawn(
        plans.household(street="人民路 20 号院", not_duplicate="另一户"), by=planner
    ).step.case
    world.submitted = plans.submitted(
        plans.household(street="人民路 21 号院", not_duplicate="另一户"), by=planner
    ).step.case
    world.approved = plans.approved(
        plans.household(street="人民路 22 号院", not_duplicate="另一户"), by=planner
    ).step.case
    world.answered_plan = plans.answered(
        plans.household(street="人民路 23 号院", not_duplicate="另一户"), by=planner
    ).step.case


def _money(world: SimpleNamespace) -> None:
    world.fees = fees.ready().case
    world.billed = fees.billed().step.case
    bill = fees.billed()
    money.propose(bill, by=person(Role.BILLER), kind="waive", reason="多收")
    world.proposed = bill.step.case
    paid = fees.paid()
    world.refund_case = paid.bill.step.case
    moves.withdraw(fees.fresh(world.refund_case), by=person(Role.CLERK), reason="不办了")
    world.refund = Refund.objects.of_case(world.refund_case).get()


def _contracts(world: SimpleNamespace) -> None:
    world.contract = contracts.ready().case
    world.drawn = contracts.drawn().step.case


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is forgotten."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def written() -> Iterator[list[str]]:
    """The statements inside that write to any table but the session's."""
    found: list[str] = []

    def listen(execute, sql, params, many, context):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and "django_session" not in sql:
            found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield found
