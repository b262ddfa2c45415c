"""A round that comes back says why, and begins with what the one before said."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import services as applications
from documents import services as documents
from metering.services import call_of
from tests.applications.factories import accepted, posted
from tests.contracts import factories as contracts
from tests.documents.factories import scan
from tests.factories import person
from tests.metering import factories as metering
from tests.works import factories as works
from workflow import moves
from workflow.models import Case
from workflow.process import Kind
from works.guards import sheet_of

pytestmark = pytest.mark.django_db
WHY = "合表客户姓名不符，请重新核对"


def fresh(case):
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def returned():
    """The surveyor sent it back to the counter; a paper was handed in meanwhile."""
    case = accepted()
    item = case.papers_owed.filter(state="owed").first()
    documents.receive(item, by=person(Role.SURVEYOR), file=scan())
    moves.send_back(
        case.step(Kind.SURVEY), by=person(Role.SURVEYOR), to=Kind.APPLICATION, reason=WHY
    )
    case = fresh(case)
    case.handed_in_later = item.requirement.code
    return case


@pytest.fixture
def clerk(client):
    clerk = person(Role.CLERK, language="en")
    client.force_login(clerk)
    return clerk


def test_a_first_round_says_nothing_and_asks_nothing(django_assert_num_queries):
    step = accepted().step(Kind.SURVEY)

    with django_assert_num_queries(0):
        assert step.came_back is None


def test_the_counter_reads_why_it_came_back_on_sheet_case_and_desk(client, clerk, returned):
    step = returned.step(Kind.APPLICATION)
    surveyor = person(Role.SURVEYOR)

    pages = [
        client.get(step.get_absolute_url()),
        client.get(f"{returned.get_absolute_url()}?step={step.pk}"),
        client.get(f"{reverse('workflow:desk')}?open={step.pk}"),
    ]

    for page in (page.content.decode() for page in pages):
        note = page[page.index("note soon") :].partition("</div></div>")[0]
        assert "Sent back (Site survey)" in note
        assert WHY in note
        assert str(surveyor) in note


def test_what_was_typed_and_the_papers_in_stand_on_the_new_sheet(client, clerk, returned):
    page = client.get(returned.step(Kind.APPLICATION).get_absolute_url()).content.decode()

    begun, rows = applications.draft_for(returned.step(Kind.APPLICATION))
    assert (begun.customer_name, begun.phone, len(rows)) == ("王小明", "13900004217", 3)
    assert {"id", "form", returned.handed_in_later} <= set(begun.papers)
    box = re.search(rf'<input[^>]*value="{returned.handed_in_later}"[^>]*>', page)[0]
    assert " checked" in box


def test_accepting_again_asks_for_no_paper_twice(client, clerk, returned):
    step = returned.step(Kind.APPLICATION)

    client.post(
        step.get_absolute_url(), posted("accept", paper=applications.draft_for(step)[0].papers)
    )

    case = fresh(returned)
    assert case.step(Kind.APPLICATION).state == "done"
    item = case.papers_owed.get(requirement__code=returned.handed_in_later)
    assert item.state == "received"


def test_a_round_behind_tells_of_the_move_that_began_it_and_not_of_a_later_one(returned):
    first = returned.step(Kind.APPLICATION).came_back

    step, clerk = returned.step(Kind.APPLICATION), person(Role.CLERK)
    applications.save_draft(step, *applications.draft_for(step), by=clerk)
    applications.accept(step, by=clerk)
    case = fresh(returned)
    moves.send_back(case.step(Kind.SURVEY), by=person(Role.SURVEYOR), reason="再去一次")

    case = fresh(case)
    assert case.step(Kind.APPLICATION).came_back.pk == first.pk
    assert case.step(Kind.SURVEY).came_back.note == "再去一次"
    assert case.step(Kind.SURVEY).round == 3


def test_a_contract_that_comes_back_begins_with_what_was_agreed(client):
    contract = contracts.drawn(remarks="每月一号抄表", settlement="prepaid")
    officer = person(Role.CONTRACT_OFFICER, language="en")
    moves.send_back(contract.step, by=officer, reason="换合同")
    client.force_login(officer)

    page = client.get(reverse("contracts:contract", args=[contract.step.case.number]))

    assert "每月一号抄表" in page.content.decode()
    assert "换合同" in page.content.decode()


def test_a_call_that_is_made_again_begins_with_the_answers():
    case = metering.case_at(Kind.CALLBACK)
    call = call_of(case.step(Kind.CALLBACK))
    call.reached, call.called_at, call.words = True, timezone.now(), "电压不稳"
    call.save()
    moves.send_back(case.step(Kind.CALLBACK), by=person(Role.CLERK), reason="听错了")

    step = fresh(case).step(Kind.CALLBACK)
    begun = call_of(step)

    assert begun.pk is None
    assert begun.words == "电压不稳"
    assert begun.called_at is None
    assert begun.reached is None


def test_a_file_that_is_checked_again_begins_with_what_was_said_of_it():
    step = works.received(works.case_at(Kind.CONTRACTOR), Kind.CONTRACTOR)
    sheet = sheet_of(step)
    sheet.licence, sheet.project_manager = works.licence(), "赵工"
    sheet.save()
    case = step.case
    moves.send_back(step, by=works.worker(Kind.CONTRACTOR), reason="印章不符")

    step = works.received(works.case_of(case), Kind.CONTRACTOR)

    begun = sheet_of(step)
    assert (begun.licence, begun.project_manager) == (sheet.licence, "赵工")
    assert (begun.decision, begun.stamp_ok) == ("", None)
