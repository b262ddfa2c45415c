"""A button pressed four times at once does its work once; a refused form can be sent again."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts import once
from accounts.models import Sent
from accounts.roles import Role
from tests.documents.factories import PDF, counter_case, upload
from tests.factories import person
from workflow.models import Event, Step

CLICKS = 4


def hidden(page: str, action: str = "") -> dict[str, str]:
    """The hidden fields of the form with this action, or of the whole page."""
    if action:
        page = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {unescape(name): unescape(value) for name, value in found}


def clicked(client: Client, url: str, sent: dict) -> list:
    """The same form, sent by one browser so many times at once; the answers."""

    def press(_number):
        hand = Client()
        hand.cookies = client.cookies
        try:
            return hand.post(url, {name: again(value) for name, value in sent.items()})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(CLICKS) as pool:
        return list(pool.map(press, range(CLICKS)))


def again(value):
    """A file is read by each press anew."""
    return value() if callable(value) else value


@pytest.fixture
def office(client):
    """A case accepted at the counter, and its clerk's browser."""
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    case = counter_case()
    client.force_login(person(Role.CLERK))
    return case


def led_to_one_place(answers: list) -> bool:
    return {answer.status_code for answer in answers} == {302} and len(
        {a.url for a in answers}
    ) == 1


@pytest.mark.django_db(transaction=True)
def test_a_contact_pressed_four_times_is_one_contact(client, office):
    url = f"/cases/{office.number}/contacts/"
    sent = hidden(client.get(url).content.decode()) | {
        "direction": "out",
        "channel": "phone",
        "outcome": "reached",
        "happened_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "summary": "讲了进度",
    }

    answers = clicked(client, url, sent)

    assert led_to_one_place(answers), [a.content.decode()[-3000:] for a in answers]
    assert office.contacts.filter(summary="讲了进度").count() == 1
    assert Event.objects.filter(case=office, verb="contacted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_paper_pressed_four_times_is_one_attachment(client, office):
    owed = office.papers_owed.filter(state="owed").first()
    url = f"/cases/{office.number}/papers/owed/{owed.pk}/"
    sent = hidden(client.get(url).content.decode()) | {"scan": lambda: upload(PDF)}

    answers = clicked(client, url, sent)

    assert led_to_one_place(answers), answers[0].content.decode()[-3000:]
    assert office.attachments.count() == 1


@pytest.mark.django_db(transaction=True)
def test_next_pressed_four_times_takes_one_step(client, office):
    counter_case(street="人民路 2 号", not_duplicate="另一户")
    surveyor = person(Role.SURVEYOR)
    client.force_login(surveyor)
    sent = hidden(client.get("/").content.decode(), "/next/")

    answers = clicked(client, "/next/", sent)

    assert led_to_one_place(answers)
    assert Step.objects.filter(owner=surveyor, kind="survey").count() == 1


@pytest.mark.django_db(transaction=True)
def test_reassign_pressed_four_times_hands_over_once(client, office):
    client.force_login(person(Role.SUPERVISOR))
    step = office.step("survey")
    page = client.get("/reassign/", {"step": step.pk}).content.decode()
    to = person(Role.SURVEYOR, username="to")
    sent = hidden(page) | {"step": str(step.pk), "to": str(to.pk), "note": "忙"}

    answers = clicked(client, "/reassign/", sent)

    assert led_to_one_place(answers)
    assert Event.objects.filter(case=office, verb="assigned").count() == 1


@pytest.mark.django_db
def test_a_form_that_was_refused_is_sent_again(client):
    case = counter_case()
    client.force_login(person(Role.CLERK))
    url = f"/cases/{case.number}/contacts/"
    first = hidden(client.get(url).content.decode())
    refused = client.post(url, first | {"summary": ""})

    assert refused.status_code == 200
    assert not Sent.objects.exists(), "the browser's own 'send again' counts too"
    assert hidden(refused.content.decode())["once"] != first["once"]


@pytest.mark.django_db
def test_an_act_that_is_refused_by_a_message_counts_for_nothing(client):
    case = counter_case()
    client.force_login(person(Role.CLERK))  # no surveyor: the claim is refused
    page = client.get(f"/cases/{case.number}/").content.decode()
    step = case.step("survey")

    refused = client.post(f"/cases/{case.number}/steps/{step.pk}/claim/", hidden(page))

    assert refused.status_code == 302
    assert not Sent.objects.exists()


@pytest.mark.django_db
def test_a_page_gone_back_to_and_filled_in_otherwise_is_another_form(client):
    case = counter_case()
    client.force_login(person(Role.CLERK))
    url = f"/cases/{case.number}/contacts/"
    sent = hidden(client.get(url).content.decode()) | {"outcome": "reached", "summary": "一"}
    for summary in ("一", "二", "二"):
        client.post(url, sent | {"summary": summary})

    assert sorted(case.contacts.values_list("summary", flat=True))[-2:] == ["一", "二"]
    assert case.contacts.filter(summary__in=["一", "二"]).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["", "x", "0" * 31, "'; --", "\0"])
def test_a_number_that_is_none_is_no_error(client, number):
    case = counter_case()
    client.force_login(person(Role.CLERK))

    assert client.post(f"/cases/{case.number}/contacts/", {"once": number}).status_code == 200


@pytest.mark.django_db
def test_old_numbers_are_forgotten():
    Sent.objects.create(token="0" * 32, at=timezone.now() - once.KEPT)
    Sent.objects.create(token="1" * 32)

    assert once.clear() == 1
    assert Sent.objects.get().token.hex == "1" * 32
