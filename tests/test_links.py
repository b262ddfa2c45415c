"""No page leads nowhere: every link and every button of every page, for every role.

From the desk, the board, the reminders, the search, the cases of the world and their sheets, each
link is followed and each form is sent empty. What is found behind a link is looked at in turn, once
for each role, page and place of the case in the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils import translation

from accounts.roles import Role
from tests import world as house
from tests.factories import person
from workflow import queue
from workflow.models import Case

pytestmark = pytest.mark.django_db
# Django's own pages, the files, and the door, which has its own tests.
NOT_OURS = ("/admin/", "/static/", "/login/")

# What no first button of a form does: without scripts, Enter in any field presses that one.
DESTRUCTIVE = {"decline", "refuse", "join", "not_reached", "discard", "delete"}


@dataclass
class Page(HTMLParser):
    """The ways out of a page: its links, where its forms are sent and by which first button; and
    the places in it.
    """

    address: str
    text: str
    links: list[str] = field(default_factory=list)
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    first_buttons: list[str] = field(default_factory=list)
    # Fields for files whose form would send their names alone.
    lost_files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._form: dict[str, str] = {}
        self._first = self._sends_files = False
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.places.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if "data-href" in found:
            self.links.append(found["data-href"])
        if tag == "form" and found.get("method") != "dialog":
            target = found.get("action") or self.address
            self._form, self._first = {}, True
            self._sends_files = found.get("enctype") == "multipart/form-data"
            if found.get("method", "get").lower() == "post":
                self.sent[target] = self._form
            else:
                self.links.append(target)
        if tag == "input" and found.get("type") == "file" and not self._sends_files:
            self.lost_files.append(found.get("name", ""))
        if tag == "input" and found.get("type") == "hidden":
            self._form[found.get("name", "")] = found.get("value", "")
        if tag == "button" and found.get("type", "submit") == "submit" and self._first:
            self._first = False
            self.first_buttons.append(found.get("name", ""))
        if "formaction" in found:
            self.sent[found["formaction"]] = {}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The whole house with its troubles, and a session for each role; forgotten at the end."""
    with (
        django_db_blocker.unblock(),
        translation.override("en"),
        patch("django.test.client.store_rendered_templates"),
        house.standing() as found,
    ):
        house.trouble(found)
        found.cases = {case.number: case for case in Case.objects.all()}
        found.clients = {}
        for role in Role.values:
            found.clients[role] = Client()
            found.clients[role].force_login(person(role))
        yield found


def starts(world: SimpleNamespace, role: str) -> Iterator[str]:
    """Where somebody begins to look."""
    desk = reverse("workflow:desk")
    yield from (f"{desk}?owner=all&tab={tab}" for tab in queue.TABS)
    yield from (desk, reverse("workflow:search"), reverse("workflow:reminders"))
    for case in world.cases.values():
        for step in case.all_steps:
            if step.is_live or step.is_finished:
                yield f"{case.get_absolute_url()}?step={step.pk}"
                yield step.get_absolute_url()


class Walk:
    """The way of one role through the house."""

    def __init__(self, world: SimpleNamespace, role: str) -> None:
        self.world, self.client = world, world.clients[role]
        self.seen: set[Any] = set()
        self.todo: list[tuple[str, str, dict[str, str] | None]] = []
        self.wrong: list[str] = []

    def sort(self, address: str, method: str) -> Any:
        """What is alike of two addresses: the page, and where in the process its step stands."""
        parts = urlsplit(address)
        found, asked = resolve(parts.path), dict(parse_qsl(parts.query))
        case = self.world.cases.get(found.kwargs.get("number"))
        if case is None or not asked.keys() <= {"step"}:
            return method, found.view_name, tuple(sorted(asked))
        number = str(asked.get("step") or found.kwargs.get("pk"))
        room = found.kwargs.get("kind") or found.namespace
        steps = [step for step in case.all_steps if str(step.pk) == number] or [
            step for step in case.latest.values() if room in (step.kind, step.process.room)
        ]
        # What is behind the case or before it is read much alike, whichever step it is.
        telling = [step.kind for step in steps if step.is_live or not case.live_steps]
        states = [step.state for step in steps]
        return method, found.view_name, *telling, *states, case.state, case.fast_lane

    def add(self, address: str, came_from: str, data: dict[str, str] | None = None) -> None:
        """To be followed, or sent where there is `data`, unless one like it was."""
        address = urldefrag(address).url
        if address.startswith(("tel:", "mailto:", "geo:", *NOT_OURS)):
            return
        try:
            sort = self.sort(address, "get" if data is None else "post")
        except Resolver404:
            self.wrong.append(f"{came_from} → {address}: no such page")
            return
        if sort not in self.seen:
            self.seen.add(sort)
            self.todo.append((address, came_from, data))

    def go(self) -> list[str]:
        while self.todo:
            address, came_from, data = self.todo.pop(0)
            if data is None:
                self.follow(address, came_from)
            else:
                self.send(address, came_from, data)
        return self.wrong

    def send(self, address: str, came_from: str, data: dict[str, str]) -> None:
        client = Client()
        client.cookies.update(self.client.cookies)
        with house.undone():
            status = client.post(address, data).status_code
        if status in (403, 404, 405, 500):
            self.wrong.append(f"{came_from} sends to {address}: {status}")

    def follow(self, address: str, came_from: str) -> None:
        response = self.client.get(address)
        if response.status_code in (403, 404, 405, 500):
            self.wrong.append(f"{came_from} → {address}: {response.status_code}")
        elif response.status_code == 302:
            self.add(urljoin(address, response.url), came_from)
        elif not response.streaming and "html" in response.headers.get("Content-Type", ""):
            page = Page(address, response.text)
            for link in page.links:
                if link.startswith("#") and link[1:] not in page.places:
                    self.wrong.append(f"{address} → {link}: no such place")
                self.add(urljoin(address, link), address)
            for name in DESTRUCTIVE.intersection(page.first_buttons):
                self.wrong.append(f"{address}: Enter presses {name}")
            # The tablet's sheets are no forms to be sent: a script sends file by file.
            for name in page.lost_files if not address.startswith("/field/") else ():
                self.wrong.append(f"{address}: the file of {name} is not sent")
            for target, data in page.sent.items():
                self.add(urljoin(address, target), address, data)
        if response.streaming:
            b"".join(response)


@pytest.mark.parametrize("role", Role.values)
def test_every_link_and_every_button_leads_somewhere(world, role):
    walk = Walk(world, role)
    for address in starts(world, role):
        walk.add(address, "the start")
    assert walk.go() == []
