"""A request that looks like an open case: joined to it, related to it, or another with a reason."""

import pytest

from accounts.roles import Role
from applications import panel, services
from applications.models import Application, Contact, Relation
from tests.applications.factories import accepted, draft, posted, shared, sheet
from tests.factories import person
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
NEW = "/applications/new/"
ANOTHER = "同一户主的另一处房屋"


@pytest.fixture
def clerk(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    return clerk


def test_the_page_offers_to_join_and_to_relate_while_typing(client, clerk):
    case = accepted()

    page = client.post(NEW, posted("check")).content.decode()

    assert f'name="join" value="{case.number}"' in page
    assert f'name="relate" id="relate-{case.pk}" value="{case.number}"' in page


def test_a_case_on_the_same_shared_account_is_offered(client, clerk):
    case = accepted(shared(id_number="32010219851106441X", phone="13911112222", street="别处"))

    page = client.post(
        NEW,
        posted(
            "check",
            existing_supply="shared",
            shared_account="03120045871",
            id_number="11010519491231002X",
            phone="13822223333",
            street="另一条路",
        ),
    ).content.decode()

    assert case.number in page
    assert "same shared account" in page


def test_joined_no_case_is_opened_and_the_old_one_hears_of_it(client, clerk):
    case = accepted()

    response = client.post(
        NEW, posted("join", join=case.number, remarks="再次询问", channel="phone")
    )

    contact = Contact.objects.get()
    assert response.url == case.get_absolute_url()
    assert Case.objects.count() == 1
    assert (contact.case, contact.direction, contact.channel) == (case, "in", "phone")
    assert contact.is_two_way
    assert "再次询问" in contact.summary


def test_joined_twice_it_is_noted_once(client, clerk):
    case = accepted()
    for _press in range(2):
        client.post(NEW, posted("join", join=case.number))

    assert Contact.objects.count() == 1


def test_nobody_joins_a_case_that_does_not_look_alike(client, clerk):
    other = accepted(sheet(id_number="32010219851106441X", phone="13911112222", street="别处"))

    response = client.post(NEW, posted("join", join=other.number))

    assert response.status_code == 200
    assert not Contact.objects.exists()
    with pytest.raises(Refused, match="not similar"):
        services.join(sheet(), other, by=clerk)


def test_a_case_that_came_by_itself_is_withdrawn_when_it_is_joined(client, clerk):
    old = accepted()
    new = services.open_draft(
        sheet(channel="web"), by=None, unit=old.unit, owner=person(Role.SUPERVISOR)
    )

    response = client.post(f"/cases/{new.number}/application/", posted("join", join=old.number))

    new.refresh_from_db()
    assert response.url == old.get_absolute_url()
    assert new.state == Case.State.WITHDRAWN
    assert old.number in new.closing_reason
    assert Contact.objects.get(case=old).channel == "app"
    assert Relation.objects.get().across(old) == new


def test_related_both_pages_show_the_other_and_the_word_on_it(client, clerk):
    old = accepted()

    client.post(NEW, posted("accept", relate=old.number, not_duplicate=ANOTHER))

    new = Case.objects.exclude(pk=old.pk).get()
    for one, other in ((old, new), (new, old)):
        [(across, relation)] = panel.contacts(one, clerk)["relations"]
        assert (across, relation.reason, relation.by) == (other, ANOTHER, clerk)
        page = client.get(one.get_absolute_url()).content.decode()
        assert other.get_absolute_url() in page
        assert "Related to another case" in page


@pytest.mark.parametrize("button", ["save", "accept"])
def test_nobody_relates_without_a_word(client, clerk, button):
    old = accepted()

    page = client.post(NEW, posted(button, relate=old.number))

    assert page.status_code == 200
    assert Case.objects.count() == 1
    assert f'value="{old.number}" checked' in page.content.decode()


def test_saved_again_it_is_related_once(client, clerk):
    old = accepted()
    client.post(NEW, posted("save", relate=old.number, not_duplicate=ANOTHER))
    new = Case.objects.exclude(pk=old.pk).get()
    step = new.step(Kind.APPLICATION)

    client.post(
        step.get_absolute_url(),
        posted(
            "save",
            relate=old.number,
            not_duplicate=ANOTHER,
            edition=str(step.sheet_edition),
        ),
    )

    assert Relation.objects.count() == 1


def test_a_case_of_another_office_is_not_related():
    mine, theirs = accepted(), draft(sheet(), by=person(Role.CLERK, at="bhxc"))

    with pytest.raises(Refused, match="another unit"):
        services.relate(mine, theirs, by=person(Role.CLERK), reason=ANOTHER)


def test_enter_only_looks_and_joins_nothing(client, clerk):
    accepted()

    page = client.post(NEW, posted("check")).content.decode()

    form = page[page.index('class="sheet"') :]
    assert form.index('name="check"') < form.index('name="join"')


def test_what_came_by_itself_is_not_accepted_beside_a_similar_case_without_a_word():
    old = accepted()
    new = services.open_draft(
        sheet(channel="web"), by=None, unit=old.unit, owner=person(Role.SUPERVISOR)
    )
    step = new.step(Kind.APPLICATION)

    with pytest.raises(Refused, match="similar open case"):
        services.accept(step, by=person(Role.CLERK), papers={"id"})

    Application.objects.filter(step=step).update(not_duplicate=ANOTHER)
    assert services.accept(step, by=person(Role.CLERK), papers={"id"}).state == "done"


# Who took it, and by which way -------------------------------------------------------------------


def test_who_took_a_request_and_when_stands_on_the_case(client, clerk):
    case = draft(sheet(channel="manager"), by=clerk)

    page = client.get(case.get_absolute_url()).content.decode()

    kept = Application.objects.get()
    assert (kept.taken_by, kept.taken_at) == (clerk, case.opened_at)
    assert f"taken by {clerk}" in page
    assert "Account manager" in page


def test_a_request_by_phone_is_the_first_line_of_the_contact_log():
    case = draft(sheet(channel="phone"))

    contact = Contact.objects.get(case=case)
    assert (contact.direction, contact.channel, contact.outcome) == ("in", "phone", "reached")
    assert contact.summary == "The request was made by phone."


def test_at_the_counter_nothing_is_noted_by_itself():
    assert not Contact.objects.filter(case=draft()).exists()


def test_by_phone_even_a_draft_has_the_number_to_call_back(client, clerk):
    page = client.post(NEW, posted("save", channel="phone", phone=""))

    assert "write the number to call back" in page.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize("channel", ["web", "portal"])
def test_nobody_at_a_desk_makes_up_that_a_request_came_by_itself(client, clerk, channel):
    client.post(NEW, posted("save", channel=channel))

    assert not Case.objects.exists()
