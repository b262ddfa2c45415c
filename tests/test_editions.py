"""Two pages of one sheet: the older one replaces nothing unasked, in whatever room it is."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django.test import Client

from tests import world as house
from tests.factories import person
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
# The desks of `world` whose sheet is kept as a draft before it is signed.
DRAFTS = {"counter": Kind.APPLICATION} | {
    kind.value: kind for kind in (Kind.SURVEY, Kind.PLAN, *house.WORKS, Kind.METER, Kind.CALLBACK)
}
# The process hands these sheets out, but nothing of them is kept before it counts.
AT_ONCE = {Kind.FEES, Kind.CONTRACT}


class Typed(HTMLParser):
    """What a browser would send for the sheet as shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.inside = self.area = self.select = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        own = dict(attrs)
        if tag == "form":
            self.inside = "data-sheet" in own
        if not self.inside:
            return
        name, value = own.get("name"), own.get("value") or ""
        kind = own.get("type")
        if tag == "input" and name and kind not in ("submit", "file"):
            if kind not in ("checkbox", "radio") or "checked" in own:
                self.fields.setdefault(name, []).append(value)
        elif tag == "textarea":
            self.area = name
            self.fields[name] = [""]
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in own:
            self.fields.setdefault(self.select, []).append(value)

    def handle_data(self, data):
        if self.area:
            self.fields[self.area] = [data.removeprefix("\n")]

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = ""
        elif tag == "form":
            self.inside = ""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), house.standing() as found:
        yield found


def sheet(world: SimpleNamespace, desk: str) -> tuple[Client, str]:
    """Who works at this desk, at the sheet that lies there."""
    step = Case.objects.get(pk=getattr(world, desk).pk).step(DRAFTS[desk])
    client = Client()
    client.force_login(step.owner or person(step.process.role))
    return client, step.get_absolute_url()


def test_every_step_with_a_draft_is_tried():
    assert set(DRAFTS.values()) | AT_ONCE == set(Kind)


@pytest.mark.parametrize("desk", DRAFTS)
def test_an_older_page_replaces_a_newer_sheet_only_when_it_is_sent_again(world, desk):
    client, url = sheet(world, desk)
    older, newer = (Typed(client.get(url).content.decode()).fields for _tab in range(2))
    newer = client.post(url, newer | {"save": "1"})
    assert newer.status_code == 302, newer.content.decode()

    refused = client.post(url, older | {"save": "1"})

    assert refused.status_code in (200, 422)
    assert f'<a href="{url}" target="_blank">' in refused.content.decode()
    again = Typed(refused.content.decode()).fields
    changed = {name for name, value in again.items() if older.get(name) != value}
    changed -= {"csrfmiddlewaretoken", "once"}
    assert changed <= {"edition", "seals-__prefix__-installation"}
    assert client.post(url, again | {"save": "1"}).status_code == 302
