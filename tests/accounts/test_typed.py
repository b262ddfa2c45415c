"""A session that ends in the middle of a sheet costs a login, not the sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts import typed
from accounts.roles import Role
from tests.applications.factories import posted
from tests.factories import person
from workflow.models import Case

pytestmark = pytest.mark.django_db
HOME = {"Origin": "http://testserver"}
PASSWORD = "jiedian-demo"
NEW = "/applications/new/"
SAMPLES = {"number": "2026-000001", "uuid": "00000000-0000-4000-8000-000000000000"}


def closed_pages(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """An address of every page of the office behind the login; each number in it is made up."""
    for found in resolver.url_patterns:
        route = before + str(found.pattern)
        if isinstance(found, URLResolver):
            if found.app_name not in ("admin", "accounts"):
                yield from closed_pages(found, route)
        elif getattr(found.callback, "login_required", True):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: SAMPLES.get(part[1], "1"), route)


PAGES = sorted(closed_pages(get_resolver()))


def hidden(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return [(unescape(name), unescape(value)) for name, value in found]


def by(writer, **sent) -> dict:
    """A form as a page of this person sends it."""
    return sent | {"writer": typed.mark(writer.pk)}


def login_with(client: Client, page: str, user) -> str:
    words = {**dict(hidden(page)), "username": user.username, "password": PASSWORD}
    return client.post("/login/", words, headers=HOME).content.decode()


@pytest.mark.parametrize("address", PAGES)
def test_what_is_sent_after_the_session_ended_comes_back_after_the_login(client, address):
    clerk = person(Role.CLERK)
    sent = by(clerk, remarks='two\r\nlines, "quoted" <b>', paper=["form", "id"], save="1")
    asked = client.post(address, sent, headers=HOME)
    assert asked.status_code == 401
    assert typed.of(asked.wsgi_request).path == address

    page = login_with(client, asked.content.decode(), clerk)

    assert f'action="{address}"' in page
    fields = hidden(page.partition(f'action="{address}"')[2])
    assert [(name, value) for name, value in fields if name not in typed.UNSENT] == [
        ("remarks", sent["remarks"]),
        ("paper", "form"),
        ("paper", "id"),
        ("save", "1"),
    ]


def test_a_draft_typed_before_the_session_ended_is_kept_in_the_end(client):
    clerk = person(Role.CLERK)
    asked = client.post(NEW, by(clerk, **posted("save")), headers=HOME).content.decode()
    page = login_with(client, asked, clerk)
    assert not Case.objects.exists(), "only the person sends it on"
    client.post(NEW, dict(hidden(page)), headers=HOME)

    assert Case.objects.get().customer_name == "王小明"


def test_a_wrong_password_between_does_not_cost_the_sheet(client):
    clerk = person(Role.CLERK)
    asked = client.post(NEW, by(clerk, remarks="一"), headers=HOME).content.decode()
    words = dict(hidden(asked)) | {"username": "nobody", "password": "wrong"}
    again = client.post("/login/", words, headers=HOME).content.decode()

    assert ("remarks", "一") in hidden(login_with(client, again, clerk))


def test_whoever_logs_in_next_at_the_same_computer_is_shown_nothing_of_it(client):
    clerk, next_one = person(Role.CLERK), person(Role.CLERK, username="next")
    asked = client.post(NEW, by(clerk, remarks="悄悄话"), headers=HOME).content.decode()
    words = {**dict(hidden(asked)), "username": next_one.username, "password": PASSWORD}
    assert "悄悄话" not in asked

    page = client.post("/login/", words, headers=HOME, follow=True).content.decode()

    assert "悄悄话" not in page
    assert 'action="/applications/new/"' not in page
    assert "这里有别人填写的内容" in page or "Somebody else had typed" in page


def test_a_page_left_open_by_somebody_else_shows_nothing_of_it_either():
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person(Role.CLERK, username="next"))

    left = by(person(Role.CLERK), remarks="悄悄话") | {"csrfmiddlewaretoken": "x" * 64}
    refused = browser.post(NEW, left, headers=HOME)

    assert refused.status_code == 403
    assert "悄悄话" not in refused.content.decode()


@pytest.mark.parametrize("forged", ["", "1", "1:x", None])
def test_nobody_takes_the_mark_of_somebody_else(client, forged):
    clerk = person(Role.CLERK)
    sent = {"remarks": "一", "writer": forged or str(clerk.pk)}

    assert typed.of(client.post(NEW, sent, headers=HOME).wsgi_request).writer is None


def test_every_form_bears_the_mark_of_who_is_signed_in(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)

    assert dict(hidden(client.get(NEW).content.decode()))["writer"] == typed.mark(clerk.pk)


def test_files_are_named_to_be_chosen_again_and_passwords_are_not_carried(client):
    paper = SimpleUploadedFile("licence.pdf", b"%PDF-1.4")
    sent = {"remarks": "一", "new_password1": "s3cret", "file": paper}
    asked = client.post("/cases/2026-000001/papers/receive/1/", sent, headers=HOME)

    found = typed.of(asked.wsgi_request)

    assert found.files == ["licence.pdf"]
    assert found.fields == [["remarks", "一"]]


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_another_site_puts_no_words_in_anybodys_mouth(client, headers):
    asked = client.post(NEW, {"remarks": "evil"}, headers=headers)
    assert asked.status_code == 302

    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(person(Role.CLERK))
    refused = guarded.post(NEW, {"remarks": "evil"}, headers=headers)
    assert refused.status_code == 403
    assert "evil" not in refused.content.decode()


def test_a_seal_that_is_not_ours_is_ignored(client):
    clerk = person(Role.CLERK)
    words = {"username": clerk.username, "password": PASSWORD, "typed": "forged"}

    assert client.post("/login/", words, headers=HOME).status_code == 302


def test_what_is_sent_on_never_leaves_the_house(client):
    elsewhere = typed.Typed("//evil.example/", [["a", "b"]], [])

    assert typed.unsealed(elsewhere.sealed) is None


def test_a_page_that_grew_old_sends_its_sheet_on_too():
    browser = Client(enforce_csrf_checks=True)
    clerk = person(Role.CLERK)
    browser.force_login(clerk)
    browser.get(NEW)

    sent = by(clerk, **posted("save")) | {"csrfmiddlewaretoken": "x" * 64}
    refused = browser.post(NEW, sent, headers=HOME)
    assert refused.status_code == 403
    assert not Case.objects.exists()
    browser.post(NEW, dict(hidden(refused.content.decode())), headers=HOME)

    assert Case.objects.get().customer_name == "王小明"


def test_a_check_while_typing_leaves_the_page_alone_when_the_session_has_ended(client):
    answer = client.post(NEW, {"check": "1"}, headers=HOME | {"HX-Request": "true"})

    assert (answer.status_code, answer.content) == (401, b"")
