"""One case at every desk of the house, for the tests that look at all pages at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

from django.db import connection, transaction
from django.utils import timezone

from accounts.roles import Role
from documents import asking
from documents import services as documents
from documents.files import Checked
from fees import services as money
from fees.models import Refund
from field import envelope
from field import services as field
from surveys import services as surveying
from surveys.models import Photo, SourcePoint
from tests.applications import factories as applications
from tests.contracts import factories as contracts
from tests.documents import factories as papers
from tests.dossier import factories as dossiers
from tests.factories import person
from tests.fees import factories as fees
from tests.field import factories as tablet
from tests.made_once import begin, made_once
from tests.metering import factories as metering
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from tests.workflow import factories as countersigned
from tests.works import factories as works
from workflow import clocks, moves
from workflow.models import Case, Lateness, Step, StopReason
from workflow.process import ExistingSupply, Kind

WORKS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)


@made_once
def build() -> SimpleNamespace:
    """The cases by the desk they lie on, and the rows that addresses below a case name."""
    world = SimpleNamespace()
    world.counter = applications.draft()
    world.colleague = person(Role.SURVEYOR)
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
    [world.ask] = asking.ask(
        works.fresh(world.drawings.step(Kind.DRAWINGS)),
        [asking.Point("缺接地平面图")],
        source="file",
        by=works.worker(Kind.DRAWINGS),
    )
    world.meter = metering.case_at(Kind.METER, street="临湖路 0 号")
    waits = {"swapped": True, "not_duplicate": "另一户"}
    world.presented = countersigned.presented(street="人民路 11 号院", **waits)
    world.hung = countersigned.hung(street="临湖路 4 号", number="3200000088", **waits)
    world.old_meter = moves.set_facts(
        metering.case_at(Kind.METER, street="临湖路 1 号"),
        by=None,
        existing_supply=ExistingSupply.OWN,
    )
    world.check_picture = documents.attach(
        world.mid_check,
        works.picture("check"),
        title="T",
        by=works.worker(Kind.MID_CHECK),
    )
    world.callback = metering.case_at(Kind.CALLBACK, street="临湖路 2 号")
    world.dissatisfied = metering.dissatisfied(street="临湖路 3 号")
    for name, found in vars(world).items():
        if isinstance(found, Case):
            setattr(world, name, Case.objects.get(pk=found.pk))
    return world


def _survey(world: SimpleNamespace) -> None:
    world.survey = surveys.at_survey(street="人民路 9 号院", not_duplicate="另一户")
    world.message = world.survey.messages.get(verb="application_accepted")
    world.point = surveys.candidate(world.survey)
    paper = Checked(papers.PDF, "application/pdf", "同意书.pdf")
    world.consent = surveys.asked(world.point)
    answered = surveys.asked(world.point, party="李四")
    world.answered = surveys.answered(answered, "yes", paper=paper)
    photo = Photo(subject="site")
    step = surveys.fresh(world.survey)
    world.photo = surveying.add_photo(photo, works.picture(), step=step, by=surveys.surveyor())
    world.survey_step = step
    _record(world)
    world.unclaimed = surveys.at_survey(street="人民路 10 号院", not_duplicate="另一户")
    world.unclaimed_step = surveys.fresh(world.unclaimed)
    # As a record of the tablet leaves it that came late and did not say why.
    world.lateness = Lateness.objects.create(
        step=world.unclaimed_step,
        due_on=timezone.localdate() - timedelta(days=2),
        at=timezone.now(),
        by=surveys.surveyor(),
        owed=True,
    )


def _record(world: SimpleNamespace) -> None:
    """A record of the tablet, whose sheet was saved by somebody else meanwhile."""
    author, photo = surveys.surveyor(), tablet.picture(1)
    step = tablet.step_of(world.survey)
    values = tablet.survey_values(points__0__label="A")
    sent = tablet.envelope(step, author, photos=[photo], values=values)
    Step.objects.filter(pk=step.pk).update(sheet_edition=3, sheet_saved_at=timezone.now())
    world.record = field.receive(envelope.read(json.dumps(sent).encode(), author), by=author)
    world.record_file = field.take_chunk(world.record.files.get(), 0, photo)
    world.record = field.apply(world.record)
    world.survey_step = surveys.fresh(world.survey)


def _papers(world: SimpleNamespace) -> None:
    world.papers = papers.counter_case(
        street="人民路 11 号院",
        not_duplicate="另一户",
        agent_name="李代理",
        agent_id_number=applications.ZHAO,
        agent_authority="letter",
        agent_authority_until=timezone.localdate() + timedelta(days=900),
    )
    world.paper = papers.rendered(
        documents.issue(world.papers, "receipt", by=person(Role.CLERK))[0]
    )
    world.owed = world.papers.papers_owed.filter(state="owed").first()
    world.attachment = documents.attach(
        world.papers, papers.scan(), title="产权证", by=person(Role.CLERK)
    )
    world.dossier = dossiers.short(world.papers)


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
    world.answered_plan = plans.ending(
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


def trouble(world: SimpleNamespace) -> None:
    """What goes wrong in an office, besides: late, stopped, silent, sent back, in the fast lane."""
    today, by = timezone.localdate(), person(Role.SUPERVISOR)

    def at_survey(number: int) -> Step:
        case = surveys.at_survey(street=f"东湖路 {number} 号院", not_duplicate="另一户")
        return moves.claim(surveys.fresh(case), by=surveys.surveyor())

    world.late = at_survey(1)
    Step.objects.filter(pk=world.late.pk).update(due_on=today - timedelta(days=9))
    world.stopped = at_survey(2)
    moves.stop(
        world.stopped,
        by=surveys.surveyor(),
        reason=StopReason.objects.first(),
        party="客户",
        evidence="函",
        review_on=clocks.calendar().add(today, 3),
    )
    world.silent = at_survey(3)
    Case.objects.filter(pk=world.silent.case_id).update(
        last_contact_at=timezone.now() - timedelta(days=40)
    )
    world.returned = at_survey(4)
    moves.send_back(world.returned, by=surveys.surveyor(), reason="照片不清")
    world.asked = at_survey(5)
    moves.ask_fast_lane(world.asked.case, by=person(Role.CLERK), grounds="重点项目")
    world.fast = at_survey(6)
    moves.ask_fast_lane(world.fast.case, by=person(Role.CLERK), grounds="重点项目")
    moves.approve_fast_lane(
        Case.objects.get(pk=world.fast.case_id),
        by=by,
        kinds=[Kind.CONTRACT],
        until=today + timedelta(days=30),
    )


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is forgotten."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def standing() -> Iterator[SimpleNamespace]:
    """The whole house, for the tests of a module; forgotten at the end."""
    with undone():
        begin(copies=True)
        yield build()


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
