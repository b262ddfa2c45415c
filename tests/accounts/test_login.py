"""The door of the house: signing in, the lock after wrong passwords, the password, the language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.tasks import clear_sessions
from tests.factories import person

pytestmark = pytest.mark.django_db
LOGIN = "/login/"
PASSWORD = "jiedian-demo"


def sign_in(client, username: str, password: str = PASSWORD, **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def switch(client, language: str, onward: str = "/"):
    return client.post(reverse("accounts:language"), {"language": language, "next": onward})


def test_who_signs_in_stands_at_the_desk(client):
    clerk = person(Role.CLERK)

    response = sign_in(client, clerk.username)

    assert response.status_code == 302
    assert response.url == reverse("workflow:desk")
    assert client.get(response.url).status_code == 200


def test_after_signing_in_one_comes_to_the_page_asked_for(client):
    clerk = person(Role.CLERK)
    asked = client.get("/search/?q=5")
    assert asked.url == "/login/?next=/search/%3Fq%3D5"

    response = sign_in(client, clerk.username, next="/search/?q=5")

    assert response.url == "/search/?q=5"


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_nobody_is_sent_out_of_the_house_after_signing_in(client, onward):
    response = sign_in(client, person(Role.CLERK).username, next=onward)

    assert response.url == reverse("workflow:desk")


def test_a_wrong_password_is_told_and_not_shown_again(client):
    response = sign_in(client, person(Role.CLERK).username, "guessed-wrong")

    assert response.status_code == 200
    said = response.content.decode()
    assert 'id="errors"' in said
    assert "guessed-wrong" not in said
    assert client.get("/").status_code == 302


def test_who_has_left_cannot_sign_in(client):
    gone = person(Role.CLERK, username="gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)

    assert sign_in(client, "gone").status_code == 200
    assert client.get("/").status_code == 302


def test_who_leaves_while_signed_in_is_out_at_the_next_page(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    User.objects.filter(pk=clerk.pk).update(is_active=False)

    assert client.get("/").status_code == 302


@pytest.fixture
def locks(settings):
    """The lock as in production, on a short count."""
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3


def test_too_many_wrong_passwords_lock_the_name_even_for_the_right_one(client, locks):
    clerk = person(Role.CLERK)
    colleague = person(Role.CASHIER)
    for _attempt in range(3):
        last = sign_in(client, clerk.username, "wrong")

    assert last.status_code == 429
    assert "Too many attempts" in last.content.decode()
    assert sign_in(client, clerk.username).status_code == 429
    assert client.get("/").status_code == 302
    # The colleague at the same counter is not locked out with them.
    assert sign_in(client, colleague.username).status_code == 302


def sign_in_from(client, address: str, username: str, password: str = PASSWORD):
    words = {"username": username, "password": password}
    return client.post(LOGIN, words, REMOTE_ADDR=address)


def test_the_lock_stands_at_the_address_the_attempts_came_from(client, locks):
    clerk = person(Role.CLERK)
    for _attempt in range(3):
        sign_in(client, clerk.username, "wrong")

    assert sign_in_from(client, "10.1.2.3", clerk.username).status_code == 302


def test_a_name_that_many_machines_guess_at_is_locked_everywhere(client, locks):
    clerk = person(Role.CLERK)
    answers = [sign_in_from(client, f"10.1.2.{n}", clerk.username, "wrong") for n in range(9)]

    assert [answer.status_code for answer in answers] == [200] * 8 + [429]
    assert sign_in_from(client, "10.9.9.9", clerk.username).status_code == 429
    assert sign_in_from(client, "10.1.2.1", person(Role.CASHIER).username).status_code == 302


def test_a_machine_that_tries_a_list_of_names_is_locked_with_any_of_them(client, locks):
    clerk = person(Role.CLERK)
    answers = [sign_in_from(client, "10.1.2.3", f"name{n}", "wrong") for n in range(30)]

    assert [answer.status_code for answer in answers] == [200] * 29 + [429]
    assert sign_in_from(client, "10.1.2.3", clerk.username).status_code == 429
    assert sign_in_from(client, "10.9.9.9", clerk.username).status_code == 302


def test_a_forged_forwarding_header_does_not_escape_the_lock(client, locks, settings):
    """Only the address our own proxy saw counts; what the client wrote before it does not."""
    settings.PROXIES = 1
    clerk = person(Role.CLERK)
    for attempt in range(3):
        last = client.post(
            LOGIN,
            {"username": clerk.username, "password": "wrong"},
            headers={"X-Forwarded-For": f"1.2.3.{attempt}, 10.9.9.9"},
        )

    assert last.status_code == 429


@pytest.mark.parametrize(
    "said", ["unknown", "10.9.9.9:1234", "x" * 300, "[::1]:80", "1.2.3.4.5", "\u0661.2.3.4"]
)
def test_a_forwarded_address_that_is_none_is_no_error_page(client, locks, settings, said):
    settings.PROXIES = 1

    response = client.post(
        LOGIN,
        {"username": person(Role.CLERK).username, "password": "wrong"},
        headers={"X-Forwarded-For": said},
    )

    assert response.status_code == 200


def test_what_a_signed_in_person_is_shown_is_kept_by_no_cache(client):
    client.force_login(person(Role.CLERK))

    assert client.get("/").headers["Cache-Control"] == "private, no-store"


def test_signing_out_is_a_deed_not_a_link(client):
    client.force_login(person(Role.CLERK))

    assert client.get(reverse("accounts:logout")).status_code == 405
    assert client.get("/").status_code == 200
    assert client.post(reverse("accounts:logout")).status_code == 302
    assert client.get("/").status_code == 302


def test_the_language_chosen_is_remembered_with_the_person(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)

    response = switch(client, "zh-hans", "/search/?q=1")

    assert response.url == "/search/?q=1"
    clerk.refresh_from_db()
    assert clerk.language == "zh-hans"
    assert client.get("/").headers["Content-Language"] == "zh-hans"


def test_the_language_is_remembered_at_the_door_too(client):
    assert client.get(LOGIN).headers["Content-Language"] == "en"

    switch(client, "zh-hans", LOGIN)

    assert client.get(LOGIN).headers["Content-Language"] == "zh-hans"


def test_the_persons_language_counts_more_than_the_counters_cookie(client):
    switch(client, "zh-hans")
    client.force_login(person(Role.CLERK, language="en"))

    assert client.get("/").headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""],
)
def test_switching_the_language_leads_nowhere_else(client, onward):
    assert switch(client, "en", onward).url == "/"


def test_a_language_we_do_not_have_changes_nothing(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)

    response = switch(client, "tlh", "/search/")

    assert response.url == "/"
    assert "language" not in response.cookies
    clerk.refresh_from_db()
    assert clerk.language == "en"


def change(client, old: str, new: str, again: str = ""):
    words = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(reverse("accounts:password"), words)


def test_a_new_password_needs_the_old_one(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)

    refused = change(client, "not-it", "Lake-and-9-lanterns")
    assert refused.status_code == 200
    done = change(client, PASSWORD, "Lake-and-9-lanterns")

    assert done.url == reverse("accounts:password_done")
    assert client.get(done.url).status_code == 200
    clerk.refresh_from_db()
    assert clerk.check_password("Lake-and-9-lanterns")


@pytest.mark.parametrize("weak", ["12345678901", "password", "short", "clerk-lhcd"])
def test_a_weak_password_is_refused(client, weak):
    clerk = person(Role.CLERK)
    client.force_login(clerk)

    assert change(client, PASSWORD, weak).status_code == 200
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD)


def test_a_new_password_ends_the_other_sessions(client):
    clerk = person(Role.CLERK)
    other = Client()
    for browser in (client, other):
        browser.force_login(clerk)

    change(client, PASSWORD, "Lake-and-9-lanterns")

    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_sessions_that_ended_are_thrown_away_and_no_others(client):
    client.force_login(person(Role.CLERK))
    living = Session.objects.get()
    yesterday = timezone.now() - timedelta(days=1)
    Session.objects.create(session_key="ended", session_data="", expire_date=yesterday)

    clear_sessions()

    assert Session.objects.get() == living
