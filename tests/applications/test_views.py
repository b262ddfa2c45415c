import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from applications.models import Application, Contact, Equipment
from tests.applications import factories
from tests.applications.factories import WANG, accepted, draft, posted, shared, sheet
from tests.factories import person
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Event
from workflow.process import Kind

pytestmark = pytest.mark.django_db
NEW = "/applications/new/"


@pytest.fixture
def clerk(client):
    clerk = person(Role.CLERK, language="en")
    client.force_login(clerk)
    return clerk


EMPTY_TABLE = {"equipment-TOTAL_FORMS": "0", "equipment-INITIAL_FORMS": "0"}


def summary(page: str) -> dict[str, str]:
    """The errors at the top of a page: the name that links to the place, and what is said."""
    box = page[page.index('id="errors"') :].partition("</ul>")[0]
    return dict(re.findall(r'<li><a href="#[^"]+">([^<]+)</a>: ([^<]+)</li>', box))


def url(case, name="application"):
    return reverse(f"applications:{name}", args=[case.number])


def test_a_clerk_begins_with_an_empty_sheet(client, clerk):
    page = client.get(NEW).content.decode()

    assert "Present supply" in page
    assert 'name="equipment-0-name"' in page
    assert "Still missing:" in page


def test_only_clerks_take_applications(client):
    client.force_login(person(Role.SURVEYOR))

    assert client.get(NEW).status_code == 403
    assert client.post(NEW, posted()).status_code == 403


def test_a_draft_opens_a_case_with_its_sheet_and_accepts_nothing(client, clerk):
    response = client.post(NEW, posted("save"))

    case = Case.objects.get()
    assert response.url == url(case)
    assert case.step(Kind.APPLICATION).state == "in_hand"
    assert case.accepted_at is None
    assert (case.customer_name, case.address, case.phone) == (
        "王小明",
        "临湖区人民路 8 号院 3-201",
        "139 0000 4217",
    )
    application = Application.of(case)
    assert application.total_kw == 8
    assert [row.total_kw for row in application.equipment.all()] == [3]
    assert client.get(response.url).status_code == 200


def test_a_draft_needs_no_more_than_a_name(client, clerk):
    client.post(
        NEW,
        {
            "customer_name": "陈美玲",
            "save": "1",
            "equipment-TOTAL_FORMS": "0",
            "equipment-INITIAL_FORMS": "0",
        },
    )

    case = Case.objects.get()
    assert Application.of(case).existing_supply == ""
    assert case.existing_supply == ""


def test_accepting_starts_the_survey_and_issues_the_receipt(client, clerk):
    response = client.post(NEW, posted("accept"))

    case = Case.objects.get()
    assert response.url == case.get_absolute_url()
    assert case.has_finished(Kind.APPLICATION)
    assert case.step(Kind.SURVEY).state == "in_hand"
    assert case.papers.filter(kind="receipt").count() == 2
    assert case.capacity_kva == 8
    application = Application.of(case)
    assert application.accepted_by == clerk
    assert "application_accepted" in case.events.values_list("verb", flat=True)


def test_intake_without_the_present_supply_is_refused_and_explained(client, clerk):
    response = client.post(NEW, posted("accept", existing_supply=None))

    assert response.status_code == 200
    assert "Ask how the place is supplied today" in response.content.decode()
    assert not Case.objects.exists()
    assert not Application.objects.exists()


def test_what_was_typed_stays_when_the_sheet_is_refused(client, clerk):
    page = client.post(NEW, posted("accept", existing_supply=None)).content.decode()

    for typed in ("王小明", "139 0000 4217", WANG, "人民路 8 号院", 'value="1.5"'):
        assert typed in page


@pytest.mark.parametrize("lacking", ["shared_account", "co_users", "disputed"])
def test_a_shared_meter_must_be_described(client, clerk, lacking):
    values = {
        "business_type": "separation",
        "existing_supply": "shared",
        "shared_account": "0312",
        "co_users": "张建国",
        "disputed": "False",
    }
    page = client.post(NEW, posted("accept", **values | {lacking: None})).content.decode()

    assert "This is needed to accept the application." in page
    assert not Case.objects.exists()

    client.post(NEW, posted("accept", **values))
    assert Case.objects.get().existing_supply == "shared"


def test_a_shared_meter_in_dispute_shows_its_consequences_before_anything_is_kept(client, clerk):
    page = client.post(
        NEW, posted("check", existing_supply="shared", disputed="True")
    ).content.decode()

    assert "Because the supply is disputed:" in page
    assert "No fee can be taken before a workable survey" in page
    assert not Case.objects.exists()


def test_the_facts_of_the_sheet_reach_the_case(client, clerk):
    client.post(
        NEW,
        posted(
            "accept",
            paper=("licence_hv_single", "form"),
            customer_class="hv_single",
            voltage="10kv",
            new_kva="630",
            new_kw="500",
            importance="second",
            load_nature="harmonic",
            customer_works="on",
            concealed_works="on",
            line_works="on",
        ),
    )

    case = Case.objects.get()
    assert case.capacity_kva == 630
    assert case.importance == "second"
    assert case.special_load
    assert case.customer_works
    assert case.concealed_works
    assert case.line_works
    assert case.step(Kind.MID_CHECK).state == "waiting"


def test_a_similar_open_case_must_be_explained_before_accepting(client, clerk):
    first = accepted(by=clerk)

    page = client.post(NEW, posted("accept")).content.decode()
    assert "There is a similar open case" in page
    assert first.number in page
    assert "same ID number, same phone, same address" in page
    assert Case.objects.count() == 1

    client.post(NEW, posted("accept", not_duplicate="另一处房产"))
    second = Case.objects.exclude(pk=first.pk).get()
    event = second.events.get(verb="application_accepted")
    assert event.data["not_duplicate"] == "另一处房产"
    assert event.data["similar"] == [first.number]


def test_the_identity_paper_must_be_there_before_anything_starts(client, clerk):
    page = client.post(NEW, posted("accept", paper=("form",))).content.decode()

    assert summary(page) == {
        "Identity paper of the applicant": "Without this paper nothing is accepted."
    }
    assert 'href="#paper-id"' in page
    assert not Case.objects.exists()


def test_an_empty_sheet_lists_all_that_is_missing_in_the_same_words(client, clerk):
    page = client.post(NEW, {"accept": "1", **EMPTY_TABLE}).content.decode()

    missing = summary(page)
    assert "Ask how the place is supplied today" in missing.pop("Existing supply")
    assert set(missing) == {
        "Customer name",
        "Phone",
        "ID number",
        "Street, estate, building",
        "New (kW)",
        "Identity paper of the applicant",
    }
    said = {"This is needed to accept the application.", "Without this paper nothing is accepted."}
    assert set(missing.values()) == said


def test_a_paper_that_is_needed_to_start_blocks_the_acceptance(client, clerk):
    page = client.get(NEW).content.decode()

    row = page[page.index('id="paper-id"') :].partition("</tr>")[0]
    assert "accepting the application" in row
    assert "nothing</span></td>" not in row


def test_a_paper_ticked_under_another_class_is_still_ticked_on_the_way_back(client, clerk):
    page = client.post(
        NEW, posted("check", paper=("id", "form"), customer_class="hv_single")
    ).content.decode()

    assert '<input type="hidden" name="paper" value="id">' in page


def test_a_reason_typed_stays_when_no_case_looks_alike_any_more(client, clerk):
    page = client.post(NEW, posted("check", not_duplicate="另一处房产")).content.decode()

    assert '<input type="hidden" name="not_duplicate" value="另一处房产">' in page


def test_the_same_new_sheet_handed_in_twice_is_one_draft(client, clerk):
    token = client.get(NEW).context["token"]

    first = client.post(NEW, posted("save", token=token))
    again = client.post(NEW, posted("save", token=token))

    assert first.url == again.url == url(Case.objects.get())


def test_an_older_page_does_not_replace_the_draft_unasked(client, clerk):
    token = client.get(NEW).context["token"]
    client.post(NEW, posted("save", token=token))

    page = client.post(NEW, posted("save", token=token, customer_name="王大明")).content.decode()

    case = Case.objects.get()
    assert case.customer_name == "王小明"
    assert "王大明" in page
    assert "This sheet is saved as a draft already." in page
    assert f'action="{url(case)}"' in page


def test_the_same_new_sheet_accepted_twice_is_one_case(client, clerk):
    token = client.get(NEW).context["token"]
    client.post(NEW, posted("accept", token=token))

    again = client.post(NEW, posted("accept", token=token))

    assert again.url == Case.objects.get().get_absolute_url()


ANOTHER = {
    "customer_name": "赵大海",
    "id_number": factories.ZHAO,
    "phone": "13800001234",
    "street": "解放路 9 号",
}


@pytest.mark.parametrize("first", ["save", "accept"])
@pytest.mark.parametrize("second", ["save", "accept"])
def test_another_customer_on_a_sheet_handed_in_already_becomes_a_case_of_its_own(
    client, clerk, first, second
):
    token = client.get(NEW).context["token"]
    client.post(NEW, posted(first, token=token))

    answer = client.post(NEW, posted(second, token=token, **ANOTHER))

    case = Case.objects.get()
    assert case.customer_name == "王小明"
    page = answer.content.decode()
    assert f"with other values: {case.number}, 王小明" in page
    assert 'value="赵大海"' in page
    assert f'action="{NEW}"' in page
    assert answer.context["token"] != token
    client.post(NEW, posted(second, token=answer.context["token"], **ANOTHER))
    assert set(Case.objects.values_list("customer_name", flat=True)) == {"王小明", "赵大海"}


def test_an_accepted_sheet_changed_on_a_page_gone_back_to_is_shown_again(client, clerk):
    token = client.get(NEW).context["token"]
    client.post(NEW, posted("accept", token=token))

    page = client.post(NEW, posted("accept", token=token, new_kw="9")).content.decode()

    assert "with other values" in page
    assert Case.objects.count() == 1


def test_an_accepted_sheet_typed_in_another_spelling_is_the_same_sheet(client, clerk):
    token = client.get(NEW).context["token"]
    sent = posted("accept", token=token, id_number=f" {factories.WANG[:6]} {factories.WANG[6:]}")
    client.post(NEW, sent)

    assert client.post(NEW, sent).url == Case.objects.get().get_absolute_url()


def test_a_draft_found_again_by_its_sheet_goes_on_at_its_own_address(client, clerk):
    token = client.get(NEW).context["token"]
    client.post(NEW, posted("save", token=token))

    page = client.post(NEW, posted("accept", token=token, existing_supply=None))

    assert f'action="{url(Case.objects.get())}"' in page.content.decode()


def test_a_refused_sheet_does_not_say_that_it_was_saved(client, clerk, monkeypatch):
    def refuse(*args, **kwargs):
        raise Refused("no")

    monkeypatch.setattr("applications.services.taking.accept", refuse)
    page = client.post(NEW, posted("accept")).content.decode()

    assert "Draft saved" not in page
    assert not Case.objects.exists()


def test_no_column_of_the_equipment_is_starred_as_an_empty_row_is_left_out(client, clerk):
    page = client.get(NEW).content.decode()

    table = page[page.index('data-formset="equipment"') :].partition("<template")[0]
    assert "*</span>" not in table


def test_other_missing_papers_become_dated_debts(client, clerk):
    client.post(NEW, posted("accept", paper=("id",)))

    owed = Case.objects.get().papers_owed.filter(state="owed")
    assert set(owed.values_list("requirement__code", flat=True)) == {"form", "title"}
    assert all(item.due_on for item in owed)


def test_an_agents_papers_are_asked_for_when_there_is_an_agent(client, clerk):
    client.post(
        NEW,
        posted(
            "accept",
            agent_name="李四",
            agent_id_number=factories.ZHAO,
            agent_authority="letter",
            agent_authority_until="2099-01-01",
        ),
    )

    codes = Case.objects.get().papers_owed.values_list("requirement__code", flat=True)
    assert "agent" in codes


def test_a_draft_is_continued_and_the_case_follows(client, clerk):
    case = draft(by=clerk)

    client.post(url(case), posted("save", customer_name="陈美玲", customer_class="lv_other"))

    case = Case.objects.get()
    assert case.customer_name == "陈美玲"
    assert case.customer_class == "lv_other"
    assert case.events.filter(verb="described").count() == 1
    assert Application.objects.count() == 1
    assert Equipment.objects.count() == 1


def test_a_draft_saved_without_a_change_leaves_no_event(client, clerk):
    client.post(NEW, posted("save"))
    case = Case.objects.get()
    before = case.event_count

    client.post(url(case), posted("save"))

    assert Event.objects.filter(case=case).count() == before


def test_a_draft_does_not_find_itself_as_a_duplicate(client, clerk):
    client.post(NEW, posted("save"))
    case = Case.objects.get()

    client.post(url(case), posted("accept"))

    assert Case.objects.get().has_finished(Kind.APPLICATION)


def test_a_row_marked_for_deletion_leaves_the_list(client, clerk):
    case = draft(by=clerk)

    client.post(url(case), posted("save", **{"equipment-0-DELETE": "on"}))

    assert not Equipment.objects.exists()


def test_a_wrong_row_is_refused_and_nothing_is_kept(client, clerk):
    case = draft(by=clerk)

    page = client.post(url(case), posted("save", **{"equipment-0-quantity": "-1"}))

    assert "To correct in the table:" in page.content.decode()
    assert Equipment.objects.count() == 3


def test_the_signed_sheet_is_read_only_and_masked(client, clerk):
    case = accepted(by=clerk)

    page = client.get(url(case)).content.decode()
    assert WANG not in page
    assert re.search(r"3201\*{10}" + WANG[-4:], page)
    assert "<input" not in page.split('<main id="main"')[1].split("</main>")[0]
    assert client.post(url(case), posted("save", customer_name="陈美玲")).status_code == 409
    assert Application.of(case).customer_name == "王小明"


@pytest.mark.parametrize("role", [Role.SURVEYOR, Role.SUPERVISOR, Role.AUDITOR])
def test_everybody_else_reads_the_draft_masked(client, role):
    case = draft()
    client.force_login(person(role))

    response = client.get(url(case))
    assert response.status_code == 200
    assert WANG not in response.content.decode()
    assert client.post(url(case), posted("save")).status_code == 403


def test_another_clerk_does_not_see_the_number_either(client):
    case = draft()
    client.force_login(person(Role.CLERK, username="other-clerk"))

    assert WANG not in client.get(url(case)).content.decode()


def test_the_clerks_own_open_form_shows_the_number_in_full(client, clerk):
    case = draft(by=clerk)

    assert WANG in client.get(url(case)).content.decode()


@pytest.mark.parametrize("name", ["application", "contact"])
def test_a_case_of_another_unit_is_not_there(client, name):
    case = draft()
    client.force_login(person(Role.CLERK, at="bhxc"))

    assert client.get(url(case, name)).status_code == 404
    assert client.post(url(case, name), posted()).status_code == 404


def test_a_correction_begins_with_what_the_last_round_said(client, clerk):
    case = accepted(shared(), by=clerk)
    surveyor = person(Role.SURVEYOR)
    moves.send_back(case.step(Kind.SURVEY), by=surveyor, reason="Wrong address", to="application")

    page = client.get(url(case)).content.decode()
    assert "round 2" in page
    assert "0312 0045 871" in page
    assert "空调" in page
    client.post(
        url(case),
        posted(
            "accept",
            street="人民路 9 号院",
            business_type="separation",
            existing_supply="shared",
            shared_account="0312 0045 871",
            co_users="张建国",
            disputed="False",
        ),
    )
    case = Case.objects.get()
    assert case.has_finished(Kind.APPLICATION)
    assert "人民路 9 号院" in case.address
    assert Application.objects.count() == 2
    assert "人民路 8 号院" in Application.objects.order_by("pk").first().street


def test_a_clerk_of_the_county_says_which_office_supplies(client):
    clerk = person(Role.CLERK, at="lh")
    station = person(Role.CLERK).unit
    client.force_login(clerk)

    assert 'name="unit"' in client.get(NEW).content.decode()
    client.post(NEW, posted("save", unit=station.pk))

    assert Case.objects.get().unit == station


def test_an_office_elsewhere_cannot_be_chosen(client):
    person(Role.CLERK)
    client.force_login(person(Role.CLERK, at="lh"))
    elsewhere = person(Role.CLERK, at="bhxc").unit

    client.post(NEW, posted("save", unit=elsewhere.pk))

    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_name", ""),
        ("customer_name", "王" * 10_000),
        ("customer_name", "<script>alert(1)</script>"),
        ("customer_name", "王\x00明"),
        ("customer_name", "王\u202e明"),
        ("street", "人民路 😀"),
        ("co_users", "a\nb"),
        ("phone", "call me"),
        ("id_number", "320104199003070429"),
        ("id_number", "12"),
        ("id_number", "320104199013070428"),
        ("email", "nobody"),
        ("new_kw", "-1"),
        ("new_kw", "eight"),
        ("new_kw", "1e400"),
        ("new_kw", "NaN"),
        ("sources_wanted", "0"),
        ("monthly_kwh", "99999999999999999999"),
        ("longitude", "181"),
        ("latitude", "-91"),
        ("wanted_on", "tomorrow"),
        ("business_type", "magic"),
        ("existing_supply", "stolen"),
        ("disputed", "perhaps"),
        ("remarks", "x" * 10_000),
        ("remarks", "\u2066hidden\u2069"),
        ("agent_id_number", "320104199003070429"),
        ("equipment-TOTAL_FORMS", "x"),
        ("equipment-0-name", "<b>"),
        ("equipment-0-unit_kw", "-3"),
        ("equipment-0-quantity", "1000000"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_message(client, clerk, field, value):
    response = client.post(NEW, posted("save", **{field: value}))

    assert response.status_code == 200
    page = response.content.decode()
    assert 'class="err"' in page or "note late errors" in page
    assert not Case.objects.exists()


def test_quotes_and_foreign_letters_are_text(client, clerk):
    client.post(
        NEW, posted("save", customer_name='O\'Neil "买买提" محمد 𠮷田', remarks="1 < 2 & 3")
    )

    application = Application.objects.get()
    assert application.customer_name == 'O\'Neil "买买提" محمد 𠮷田'
    assert application.remarks == "1 < 2 & 3"


def test_an_empty_post_is_answered(client, clerk):
    assert client.post(NEW, {}).status_code == 200
    assert not Case.objects.exists()


# Contacts ---------------------------------------------------------------------------------------


def test_a_contact_is_noted_from_the_case_page(client, clerk):
    case = accepted(by=clerk)

    response = client.post(
        url(case, "contact"),
        {
            "channel": "phone",
            "outcome": "reached",
            "summary": "答应周五回电",
            "promised_on": "2099-01-01",
        },
    )

    assert response.url == case.get_absolute_url()
    contact = Contact.objects.get()
    assert contact.by == clerk
    assert contact.direction == "out"
    assert "答应周五回电" in client.get(url(case, "contact")).content.decode()


def test_a_contact_noted_in_the_log_stays_in_the_log(client, clerk):
    case = accepted(by=clerk)

    response = client.post(url(case, "contact"), {"summary": "来电", "log": "1"})

    assert response.url == url(case, "contact")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("summary", ""),
        ("summary", "x" * 10_000),
        ("summary", "a\x00b"),
        ("summary", "😀"),
        ("channel", "telepathy"),
        ("outcome", "fine"),
        ("at", "2099-01-01T10:00"),
        ("at", "2001-01-01T10:00"),
        ("at", "soon"),
        ("promised_on", "2001-01-01"),
        ("promised_on", "soon"),
    ],
)
def test_a_wrong_contact_is_refused_with_a_message(client, clerk, field, value):
    case = accepted(by=clerk)

    response = client.post(url(case, "contact"), {"summary": "来电", field: value})

    assert response.status_code == 200
    assert "This cannot be handed in yet:" in response.content.decode()
    assert not Contact.objects.exists()


def test_an_auditor_reads_the_log_and_notes_nothing(client):
    case = accepted()
    client.force_login(person(Role.AUDITOR))

    page = client.get(url(case, "contact"))
    assert page.status_code == 200
    assert "<textarea" not in page.content.decode()
    assert client.post(url(case, "contact"), {"summary": "x"}).status_code == 403
    assert not Contact.objects.exists()


# Speed ------------------------------------------------------------------------------------------


def test_the_sheet_takes_the_same_few_queries_whatever_lies_beside(
    client, clerk, django_assert_max_num_queries
):
    case = draft(by=clerk)
    for n in range(12):
        accepted(sheet(phone=f"1380000{n:04}", not_duplicate="x", id_number=WANG), by=clerk)

    client.get(url(case))
    with django_assert_max_num_queries(14):
        client.get(url(case))


def test_a_new_sheet_takes_few_queries(client, clerk, django_assert_max_num_queries):
    client.get(NEW)
    with django_assert_max_num_queries(10):
        client.get(NEW)


def test_the_log_takes_the_same_queries_for_one_contact_and_for_many(
    client, clerk, django_assert_num_queries
):
    case = accepted(by=clerk)
    client.post(url(case, "contact"), {"summary": "来电"})
    client.get(url(case, "contact"))
    with CaptureQueriesContext(connection) as captured:
        client.get(url(case, "contact"))
    one = len(captured)
    for n in range(20):
        client.post(url(case, "contact"), {"summary": f"来电 {n}"})
    client.get(url(case, "contact"))
    with django_assert_num_queries(one):
        client.get(url(case, "contact"))
    assert 0 < one <= 13
