"""What a page asks of the database: little, and the same for one case as for many.

Every statement counts, those for the session and the person too; only the savepoint does not, in
which a request runs here because the test holds the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from applications.models import Contact, Equipment
from documents import services as documents
from documents.files import Checked
from metering.models import CallAttempt, MeterPhoto, Seal
from metering.services import call_of
from plans.models import Approval
from surveys import services as surveying
from surveys.models import LoadItem, Photo, SourcePoint, Visit
from tests import world as house
from tests.documents.factories import scan
from tests.factories import person
from tests.metering import factories as metering
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from tests.test_permissions import ROWS, STEERING, address
from tests.works import factories as works
from workflow import moves, reminders
from workflow.models import Case, Step
from workflow.process import Kind
from works.guards import sheet_of
from works.models import CheckItem, CheckPhoto, DrawingComment, DrawingSheet, Request

pytestmark = pytest.mark.django_db
MOST = 15
# All of a visit at once, to be kept on the tablet; both versions of a whole sheet.
MORE = {"field:visit": 24, "field:record": 27}
READ = [name for name, row in ROWS.items() if row.shown != 405]
# The cases to whose sheets `lengthen` adds lines.
LONG = (
    *("counter", "papers", "survey", "submitted", "factory", "meter", "callback"),
    *(kind.value for kind in house.WORKS),
)
CHECKS = (Kind.MID_CHECK, Kind.ACCEPTANCE)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The whole house, a line of everything on its sheets, and everybody signed in."""
    with (
        django_db_blocker.unblock(),
        translation.override("en"),
        patch("django.test.client.store_rendered_templates"),
        house.standing() as found,
    ):
        found.factory = hard_case()
        found.keys = {}
        for role in Role.values:
            client = Client()
            client.force_login(person(role))
            found.keys[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
        begin_sheets(found)
        lengthen(found, "a")
        reminders.sweep(timezone.now() + timedelta(days=30))
        yield found


def hard_case() -> Case:
    """A factory on two lines: drawings, contractor, fees and contract are under way at once."""
    SourcePoint.objects.update(rated_kva=100_000)
    case = plans.dual(not_duplicate="另一处厂房")
    found = {"customer_works": True, "concealed_works": True, "importance": "second"}
    moves.set_facts(case, by=None, **found)
    plan = plans.answered(Case.objects.get(pk=case.pk), emergency_kva=Decimal(100))
    case = Case.objects.get(pk=plan.step.case_id)
    plans.services.accept(
        plan.step, by=plans.clerk(), signed_name=plans.signer(plan.step.case), **plans.word()
    )
    works.qualified(works.case_of(case), Kind.DESIGNER)
    works.received(works.case_of(case), Kind.DRAWINGS)
    works.received(works.case_of(case), Kind.CONTRACTOR)
    return works.case_of(case)


def picture(mark: str) -> Checked:
    """A photo unlike any other."""
    return Checked(surveys.jpeg(size=(8 + ord(mark), 8)), "image/jpeg", f"{mark}.jpg")


def begin_sheets(world: SimpleNamespace) -> None:
    """The sheets that the world has left empty, saved as drafts."""
    for case in (world.drawings, world.factory):
        sheet_of(works.case_of(case).step(Kind.DRAWINGS)).save()
    for kind in CHECKS:
        sheet_of(works.case_of(getattr(world, kind)).step(kind)).save()
    world.order = metering.order(world.meter, metering.meter())
    world.call = call_of(works.case_of(world.callback).step(Kind.CALLBACK))
    world.call.save()


def lengthen(world: SimpleNamespace, mark: str) -> None:
    """One line more of everything that a sheet or a case lists."""
    now, by = timezone.now(), person(Role.SURVEYOR)
    for case in Case.objects.all():
        Contact.objects.create(case=case, summary=mark, at=now, by=by)
        moves.record(case, "noted", by=by, note=mark)
        documents.issue(case, "receipt", by=by)
    paper = documents.attach(world.papers, scan(), title=mark, by=by)
    Equipment.objects.create(
        application=works.case_of(world.counter).step(Kind.APPLICATION).application,
        name=mark,
        quantity=1,
        unit_kw=1,
    )
    point = surveys.candidate(world.survey, name=mark, voltage="380v")
    surveys.answered(surveys.asked(point, party=mark), "yes")
    survey = point.survey
    LoadItem.objects.create(survey=survey, name=mark, unit_kw=1)
    Visit.objects.create(survey=survey, at=now, surveyor=by, outcome="unsafe", evidence=mark)
    step = surveys.fresh(world.survey)
    surveying.add_photo(Photo(subject="site"), picture(mark), step=step, by=by)
    plan = plans.plan_of(world.submitted)
    approver = plans.approver(username=f"approver-{mark}")
    Approval.objects.create(plan=plan, by=approver, at=now)
    for case in (world.drawings, world.factory):
        review = sheet_of(works.case_of(case).step(Kind.DRAWINGS))
        DrawingSheet.objects.create(
            review=review, kind="line", number=mark, title=mark, attachment=paper
        )
        DrawingComment.objects.create(
            case=case, raised_in=review, drawing=mark, item=mark, text=mark
        )
    for kind in house.WORKS:
        step = works.case_of(getattr(world, kind)).step(kind)
        Request.objects.create(step=step, received_at=now, what=mark, from_whom=mark, entered_by=by)
    for kind in CHECKS:
        step = works.case_of(getattr(world, kind)).step(kind)
        CheckItem.objects.create(step=step, item=mark)
        CheckPhoto.objects.create(step=step, attachment=paper, shows=mark)
        works.defect(step, mark)
        works.ReceivingEquipment.objects.create(step=step, type="transformer", serial=mark)
    Seal.objects.create(installation=world.order, place="meter", number=mark)
    MeterPhoto.objects.create(step=world.order.step, attachment=paper, shows="before")
    CallAttempt.objects.create(callback=world.call, at=now, by=by)


def again(case: Case) -> None:
    """One round more of the survey, its clock stopped and run again before."""
    step = surveys.fresh(case)
    moves.send_back(step, by=step.owner or surveys.surveyor(), reason="重来")


def asked(world: SimpleNamespace, url: str, role: str) -> list[str]:
    """The statements of a page."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = world.keys[role]
    with house.undone(), CaptureQueriesContext(connection) as caught:
        response = client.get(url)
        if response.streaming:
            b"".join(response)
        assert response.status_code in (200, 302, 404, 409), (url, role)
    return [query["sql"] for query in caught if "SAVEPOINT" not in query["sql"]]


def cost(world: SimpleNamespace, url: str, role: str) -> int:
    """How many statements a page takes, once the process holds limits and calendar."""
    return len(asked(world, url, role))


def case_pages(world: SimpleNamespace, *names: str) -> dict[str, tuple[str, str]]:
    """Every step of every case: on the case page, and its sheet by who does it."""
    found = {}
    for name in names or vars(world):
        case = getattr(world, name)
        if not isinstance(case, Case):
            continue
        for step in works.case_of(case).all_steps:
            title = f"{name} {step.kind} {step.round}"
            page = f"{case.get_absolute_url()}?step={step.pk}&history=all"
            found[f"case: {title}"] = (page, Role.SUPERVISOR)
            found[f"sheet: {title}"] = (
                f"{step.get_absolute_url()}?round={step.round}",
                step.process.role,
            )
    return found


@pytest.mark.parametrize("name", READ)
def test_no_page_takes_more_than_fifteen_statements(world, name):
    row, url = ROWS[name], address(world, name)
    taken = {role: cost(world, url, role) for role in sorted(row.get & row.post or row.get)}

    assert max(taken.values()) <= MORE.get(name, MOST), taken


def test_a_page_takes_at_most_fifteen_and_the_same_however_many_lines_hang_on_a_case(world):
    few = {name: cost(world, *page) for name, page in case_pages(world).items()}
    with house.undone():
        for mark in "bc":
            lengthen(world, mark)
        many = {name: cost(world, *page) for name, page in case_pages(world, *LONG).items()}

    assert {name: n for name, n in few.items() if n > MOST} == {}
    assert {name: (few[name], n) for name, n in many.items() if few[name] != n} == {}


def test_a_case_takes_the_same_after_many_rounds(world):
    with house.undone():
        again(world.survey)
        url = world.survey.get_absolute_url()
        few = cost(world, url, Role.SUPERVISOR)
        for _n in range(5):
            again(world.survey)

        assert cost(world, url, Role.SUPERVISOR) == few


def lists(world: SimpleNamespace) -> dict[str, tuple[str, str]]:
    """Every page, and the lists as they are asked for."""
    found = {name: (address(world, name), sorted(ROWS[name].get)[0]) for name in READ}
    desk, board = reverse("workflow:desk"), reverse("workflow:board")
    search, hand_over = reverse("workflow:search"), reverse("workflow:reassign")
    for role in Role.values:
        found[f"desk of {role}"] = (desk, role)
    for tab in ("overdue", "today", "soon", "customer", "stopped", "unclaimed", "silent", "open"):
        found[f"desk, {tab}"] = (f"{desk}?owner=all&tab={tab}", Role.SUPERVISOR)
    survey = surveys.fresh(world.survey)
    found["desk, a row opened"] = (
        f"{desk}?owner=all&q={world.survey.number}&open={survey.pk}",
        Role.SUPERVISOR,
    )
    found["search by street"] = (f"{search}?q=路", Role.CLERK)
    for role in STEERING | {Role.AUDITOR}:
        found[f"board of {role}"] = (board, role)
    live = Step.objects.live().values_list("pk", flat=True)
    chosen = "&".join(f"step={pk}" for pk in live[:100])
    found["many steps handed over"] = (f"{hand_over}?{chosen}", Role.SUPERVISOR)
    return found


def late_cases(days: range) -> None:
    """A survey due that many days ago, each."""
    for n in days:
        case = surveys.at_survey(street=f"解放路 {n} 号院", not_duplicate="另一户")
        late = timezone.localdate() - timedelta(days=n)
        case.steps.filter(kind=Kind.SURVEY).update(due_on=late)


def test_every_page_takes_the_same_for_few_cases_and_for_many(world):
    with house.undone():
        late_cases(range(2))
        few = {name: cost(world, *page) for name, page in lists(world).items()}
        late_cases(range(2, 25))
        many = {name: cost(world, *page) for name, page in lists(world).items()}

    # Fewer, where a full page shows the steps of fewer rooms; never more.
    assert {name: (n, many[name]) for name, n in few.items() if many[name] > n} == {}
    assert {name: n for name, n in many.items() if n > MORE.get(name, MOST)} == {}
