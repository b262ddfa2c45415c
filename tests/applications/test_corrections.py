"""What an accepted application says wrongly of the customer is put right, with a trace."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from applications import identity, services
from applications.models import Application, Correction
from applications.services.correcting import SIGNATURES
from contracts import content
from documents import pdf
from news.services.outbox import reader_of
from tests.applications.factories import COMPANY, WANG, ZHAO, accepted, draft, sheet
from tests.contracts import factories as contracts
from tests.factories import person
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Event
from workflow.process import Kind

pytestmark = pytest.mark.django_db
WHY = "与身份证核对：名字写错"


@pytest.fixture
def clerk(client):
    clerk = person(Role.CLERK, language="en")
    client.force_login(clerk)
    return clerk


def url(case):
    return reverse("applications:correction", args=[case.number])


def correct(case, *, by=None, reason=WHY, **columns):
    held = services.correctable(case)
    for column, value in columns.items():
        setattr(held, column, value)
    return services.correct(case, held, by=by or person(Role.CLERK), reason=reason)


def typed(case, **values):
    """The page as the browser posts it, every item as it holds now."""
    held = Application.of(case)
    data = {column: getattr(held, column) for column in Correction.COLUMNS}
    if not held.agent_name:
        data = {name: value for name, value in data.items() if not name.startswith("agent")}
    return data | {"reason": WHY} | values


def fresh(case):
    return Case.objects.get(pk=case.pk)


def test_the_signed_sheet_stays_and_everything_present_says_what_is_right(client, clerk):
    case = accepted()

    response = client.post(url(case), typed(case, customer_name="王晓明", room="3-210"))

    assert response.status_code == 302
    signed = Application.objects.get()
    assert (signed.customer_name, signed.room) == ("王小明", "3-201")
    assert fresh(case).customer_name == "王晓明"
    assert fresh(case).address.endswith("3-210")
    assert Case.objects.matching("王晓明").get() == case
    assert Application.of(case).customer_name == "王晓明"
    assert content.from_case(fresh(case), None)["customer_name"] == "王晓明"
    made = Correction.objects.get(column="customer_name")
    assert (made.old, made.new, made.reason, made.by) == ("王小明", "王晓明", WHY, clerk)


def test_the_history_says_what_was_changed_and_why_and_shows_no_number(client, clerk):
    case = accepted()

    correct(case, id_number=ZHAO, by=clerk)

    event = Event.objects.get(verb=services.CORRECTED)
    assert event.note == f"ID number: 3201**********0423 → 3201**********441X. Why: {WHY}"
    assert event.data["changed"] == {"id_number": ["3201**********0423", "3201**********441X"]}
    assert not Event.objects.filter(verb=moves.DESCRIBED).exists()
    with translation.override("zh-hans"):
        assert "原因" in event.note
    page = client.get(case.get_absolute_url()).content.decode()
    assert "3201**********441X" in page
    assert ZHAO not in page
    assert WANG not in page


AGENT = {
    "agent_name": "李四",
    "agent_id_number": ZHAO,
    "agent_authority": "letter",
    "agent_authority_until": "2099-01-01",
}


def test_the_page_shows_no_number_and_the_browser_keeps_none(client, clerk):
    case = accepted(sheet(**AGENT))

    page = client.get(url(case)).content.decode()

    assert WANG not in page
    assert ZHAO not in page
    assert page.count("To correct it, type the whole number.") == 2
    for name, shown in (
        ("id_number", identity.mask(WANG)),
        ("agent_id_number", identity.mask(ZHAO)),
    ):
        field = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)[0]
        assert f'value="{shown}"' in field
        assert 'data-keep="never"' in field


@pytest.mark.parametrize("sent", ["", identity.mask])
def test_a_number_left_empty_or_masked_is_unchanged(client, clerk, sent):
    case = accepted(sheet(**AGENT))
    numbers = {
        "id_number": sent and sent(WANG),
        "agent_id_number": sent and sent(ZHAO),
    }

    client.post(url(case), typed(case, phone="13800001234", **numbers))

    assert Correction.objects.get().column == "phone"
    assert Application.of(case).id_number == WANG


def test_a_refused_correction_shows_the_number_typed_and_not_the_one_on_record(client, clerk):
    case = accepted()
    wrong = "320104199003070424"

    page = client.post(url(case), typed(case, id_number=wrong)).content.decode()
    assert wrong in page
    page = client.post(url(case), typed(case, id_number="", reason="")).content.decode()
    assert WANG not in page
    starred = "3201**********0424"
    page = client.post(url(case), typed(case, id_number=starred)).content.decode()
    assert 'id="id_id_number_error"' in page
    assert not Correction.objects.exists()


def test_messages_go_to_the_corrected_address_in_the_corrected_language():
    case = accepted(sheet(email="old@example.org"))

    correct(case, phone="13800001234", email="new@example.org", language="en")

    reader = reader_of(case)
    assert reader.language == "en"
    assert set(reader.addresses.values()) == {"13800001234", "new@example.org"}
    assert fresh(case).phone == "13800001234"


def test_a_correction_judges_as_the_counter_does(client, clerk):
    case = accepted()

    page = client.post(
        url(case), typed(case, id_number="320104199003070424", phone="12", customer_name="")
    ).content.decode()

    assert "The last place does not fit the others" in page
    assert "Write a mobile number of 11 digits" in page
    assert not Correction.objects.exists()
    with pytest.raises(Refused, match="last place does not fit"):
        correct(case, id_number="320104199003070424")


def test_another_kind_of_customer_needs_what_the_counter_would_ask(client, clerk):
    case = accepted()

    page = client.post(
        url(case), typed(case, customer_type="company", id_type="credit_code", id_number=COMPANY)
    ).content.decode()

    assert page.count("This is needed to accept the application.") >= 2
    assert not Correction.objects.exists()


def test_a_correction_that_changes_nothing_is_refused(client, clerk):
    case = accepted()

    page = client.post(url(case), typed(case)).content.decode()

    assert "Nothing is changed: correct at least one item." in page
    assert not Event.objects.filter(verb=services.CORRECTED).exists()


def test_a_correction_needs_its_reason(client, clerk):
    case = accepted()

    client.post(url(case), typed(case, customer_name="王晓明", reason=" "))

    assert not Correction.objects.exists()
    with pytest.raises(Refused, match="Say why"):
        correct(case, customer_name="王晓明", reason=" ")


def test_a_page_opened_before_another_correction_takes_nothing_back(client, clerk):
    case = accepted()
    old = typed(case, phone="13800001234", seen=0)
    correct(case, customer_name="王晓明")

    page = client.post(url(case), old).content.decode()

    assert "Somebody corrected this meanwhile" in page
    assert fresh(case).customer_name == "王晓明"
    assert fresh(case).phone == "13900004217"


def test_duplicates_that_come_to_light_warn_first(client, clerk):
    other = accepted(sheet(phone="13800009999", id_number=ZHAO, street="解放路 1 号"))
    case = accepted()

    page = client.post(url(case), typed(case, id_number=ZHAO)).content.decode()

    assert other.number in page
    assert "look at it, then tick this" in page
    assert not Correction.objects.exists()
    client.post(url(case), typed(case, id_number=ZHAO, looked="on"))
    assert Correction.objects.get().new == ZHAO


def test_the_counter_finds_duplicates_by_what_is_right_and_not_by_what_was_wrong():
    case = accepted()
    clerk = person(Role.CLERK)
    alone = {"phone": "13800009999", "street": "解放路 1 号"}

    correct(case, id_number=ZHAO, room="3-210")

    found = services.duplicates(sheet(id_number=ZHAO, **alone).computed(), clerk.unit)
    assert [other.step.case for other in found] == [case]
    moved = sheet(room="3-210", phone="13800009999", id_number=COMPANY).computed()
    assert len(services.duplicates(moved, clerk.unit)) == 1
    assert services.duplicates(sheet(id_number=WANG, **alone).computed(), clerk.unit) == []


def test_papers_that_bear_what_was_wrong_are_listed_and_the_receipt_issued_anew(client, clerk):
    case = accepted()
    receipt = case.papers.get(kind="receipt", language="en")
    before = client.get(url(case)).content.decode()
    assert receipt.number in before
    assert "bears what was wrong" not in before

    correct(case, customer_name="王晓明", email="new@example.org")

    page = client.get(url(case)).content.decode()
    assert "bears what was wrong:</b> Customer name</td>" in page
    client.post(url(case), {"issue": receipt.pk})
    newer = case.papers.filter(kind="receipt", language="en").order_by("-pk").first()
    assert newer.number != receipt.number
    with translation.override("en"):
        assert "王晓明" in pdf.html(newer)
        assert "王小明" in pdf.html(receipt)
    after = client.get(url(case)).content.decode()
    assert "a newer one is issued" in after
    # Pressed once more, there is nothing left to issue anew.
    client.post(url(case), {"issue": receipt.pk})
    client.post(url(case), {"issue": newer.pk})
    assert case.papers.filter(kind="receipt", language="en").count() == 2


def test_a_new_round_begins_with_what_is_right():
    case = accepted()
    correct(case, customer_name="王晓明")

    moves.send_back(
        fresh(case).step(Kind.SURVEY), by=person(Role.SURVEYOR), to=Kind.APPLICATION, reason="再问"
    )

    begun, _rows = services.draft_for(fresh(case).step(Kind.APPLICATION))
    assert begun.customer_name == "王晓明"
    assert begun.accepted_at is None


def test_a_draft_is_changed_on_its_sheet(client, clerk):
    case = draft(by=clerk)

    page = client.get(url(case)).content.decode()

    assert "changed on the application sheet itself" in page
    assert 'name="reason"' not in page
    with pytest.raises(Refused, match="Nothing is accepted"):
        services.correct(case, Application.of(case), by=clerk, reason=WHY)


def test_the_agent_of_the_sheet_stays_named_and_none_is_added(client, clerk):
    with_agent = accepted(
        sheet(
            agent_name="李四",
            agent_id_number=ZHAO,
            agent_authority="letter",
            agent_authority_until="2099-01-01",
        )
    )

    page = client.post(url(with_agent), typed(with_agent, agent_name="")).content.decode()

    assert "Who acted for the customer stays named." in page
    client.post(url(with_agent), typed(with_agent, agent_name="李思"))
    assert Application.of(with_agent).agent_name == "李思"


def test_under_a_signed_contract_a_supervisor_says_who_the_customer_is():
    case = accepted()
    step = fresh(case).step(Kind.APPLICATION)
    contract = contracts.signed()
    case = fresh(contract.step.case)
    Application.objects.filter(step__case=case).exists() or Application.objects.create(
        step=case.step(Kind.APPLICATION),
        **{
            column: getattr(step.application, column)
            for column in ("customer_name", "id_number", "phone", "street", "existing_supply")
        },
        new_kw=8,
        accepted_at=case.opened_at,
        accepted_by=person(Role.CLERK),
    )
    case = fresh(case)

    with pytest.raises(Refused, match="a supervisor corrects"):
        correct(case, customer_name="王晓明")
    correct(case, phone="13800001234")
    correct(case, customer_name="王晓明", by=person(Role.SUPERVISOR))

    assert Event.objects.filter(verb=services.PARTY_CORRECTED).count() == 1
    both = person(Role.SUPERVISOR, Role.CONTRACT_OFFICER)
    moves.record(case, "contract_utility_signed", by=both)
    with pytest.raises(Refused, match="You cannot do this yourself"):
        correct(fresh(case), customer_name="王明", by=both)


@pytest.mark.parametrize("verb", SIGNATURES)
def test_one_signature_is_enough_to_ask_a_supervisor(verb):
    case = accepted()
    correct(case, customer_name="王晓明")
    moves.record(fresh(case), verb, by=person(Role.CONTRACT_OFFICER))

    with pytest.raises(Refused, match="a supervisor corrects"):
        correct(fresh(case), customer_name="王小明")


def test_another_office_and_who_only_looks_correct_nothing(client):
    case = accepted()

    for stranger in (person(Role.AUDITOR), person(Role.SURVEYOR), person(Role.CLERK, at="bhxc")):
        with pytest.raises(Refused):
            correct(case, customer_name="王晓明", by=stranger)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE applications_application SET customer_name = '王晓明'",
        "UPDATE applications_correction SET reason = 'x'",
        "DELETE FROM applications_correction",
    ],
)
def test_the_database_itself_keeps_what_was_signed_and_what_was_corrected(statement):
    correct(accepted(), phone="13800001234")

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
