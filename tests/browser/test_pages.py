"""Every page of the site in both languages: axe-core finds nothing, and none scrolls sideways.

The pages are those of the permission table, each seen by somebody whose work it is, in the world
with one case at every desk. `JIEDIAN_SCREENSHOTS=folder` also keeps a picture of each, to look at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import BrowserContext, Page

from accounts.models import User
from accounts.roles import Role
from tests import world as house
from tests.browser import tablet as hand
from tests.factories import person
from tests.made_once import begin
from tests.test_permissions import ROWS, address
from workflow.models import Case

# By our name for it, and by the page's own.
LANGUAGES = {"en": "en", "zh-hans": "zh-CN"}
# A desk, a tablet across, a phone: width and height.
SIZES = ((1440, 900), (1024, 768), (390, 844))
# What a page is seen whole at, besides by width at every size.
WHOLE = {"en": 1440, "zh-hans": 390}
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What may be right at one width and wrong at another.
BY_WIDTH = [
    "button-name",
    "label-content-name-mismatch",
    "landmark-unique",
    "link-in-text-block",
    "link-name",
    "scrollable-region-focusable",
    "target-size",
]

# Addresses that answer GET, but not with a page.
NO_PAGE = {
    "workflow:healthz": "words for a machine that watches",
    "workflow:readyz": "words for a machine that watches",
    "documents:paper": "a PDF",
    "dossier:archive": "a zip",
    "dossier:pdf": "a PDF",
    "documents:attachment": "the file as it was handed in",
    "surveys:consent_paper": "the file as it was handed in",
    "surveys:photo": "a picture",
    "surveys:thumbnail": "a picture",
    "field:picture": "a picture",
    "documents:thumbnail": "a picture",
    "public:enter": "leads on to the page of the case",
    "field:receipt": "words for a tablet",
    "field:worker": "a script",
    "field:manifest": "words for a tablet",
    **{
        f"public:apply_{page}": "the start, until something is begun; see test_apply"
        for page in ("place", "person", "demand", "papers", "check", "sent")
    },
}
STRANGER = ""
# Who looks at a page that is everybody's: the one whose turn it is there.
SEEN_BY = {
    "accounts:login": STRANGER,
    "documents:verify": STRANGER,
    "public:apply": STRANGER,
    "public:resume": STRANGER,
    "workflow:board": Role.SUPERVISOR,
    "workflow:case": Role.SURVEYOR,
    "workflow:deadline": Role.SURVEYOR,
    "workflow:desk": Role.SURVEYOR,
}


def onlooker(name: str) -> str:
    """A role that may fill the page in, else one that may read it."""
    row = ROWS[name]
    people = (row.get & row.post) or row.get
    return SEEN_BY.get(name, next(role for role in Role.values if role in people))


def pages(world: SimpleNamespace) -> Iterator[tuple[str, str, str, int]]:
    """Each page by its name: its path, the role that looks at it, and the status it has."""
    for name, row in ROWS.items():
        if row.shown != 405 and name not in NO_PAGE:
            role = onlooker(name)
            yield name, address(world, name), role, 200 if role == STRANGER else row.shown
    for desk, case in vars(world).items():
        if isinstance(case, Case):
            yield f"case {desk}", case.get_absolute_url(), Role.SUPERVISOR, 200
    search = reverse("workflow:search")
    yield "found", f"{search}?q=王", Role.CLERK, 200
    yield "nothing found", f"{search}?q=欧阳", Role.CLERK, 200
    yield "empty desk", reverse("workflow:desk"), Role.AUDITOR, 200
    yield "not found", "/cases/2000-000000/", Role.CLERK, 404
    yield "forbidden", reverse("workflow:board"), Role.CLERK, 403


def session(role: str) -> str:
    client = Client()
    client.force_login(person(role))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
def world(live_server) -> SimpleNamespace:
    """One case at every desk, and a session of each role at the same office."""
    with transaction.atomic():
        begin(copies=True)
        found = house.build()
    found.keys = {role: session(role) for role in Role.values}
    return found


def shown(context: BrowserContext, url: str, key: str, language: str) -> None:
    """Whose browser it is now, and in which language."""
    context.clear_cookies()
    cookies = {settings.LANGUAGE_COOKIE_NAME: language}
    if key:
        cookies[settings.SESSION_COOKIE_NAME] = key
    context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies.items()])


def violations(page: Page, rules: Sequence[str] = TAGS) -> list[str]:
    """What axe-core has against the page, once it is drawn: rule and node."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    look = "options => new Promise(requestAnimationFrame).then(() => axe.run(options))"
    found = page.evaluate(look, options)["violations"]
    return [f"{v['id']}: {node['html'][:200]}" for v in found for node in v["nodes"]]


def overflow(page: Page, width: int, height: int = 900) -> list[str]:
    """What sticks out when the window is so wide."""
    page.set_viewport_size({"width": width, "height": height})
    return page.evaluate(
        """width => document.documentElement.scrollWidth <= width ? [] :
        [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > width)
        .slice(0, 3).map(e => `wider than ${width}: ${e.cloneNode().outerHTML.slice(0, 200)}`)""",
        width,
    )


def picture(page: Page, folder: Path, name: str, language: str) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        file = f"{name.replace(':', '-').replace(' ', '-')}.{language}.{width}.png"
        page.screenshot(path=folder / file, full_page=True)


def test_every_address_is_a_page_or_has_a_reason_not_to_be():
    assert set(NO_PAGE) <= {name for name, row in ROWS.items() if row.shown in (200, 302)}


def test_no_page_has_a_barrier_or_scrolls_sideways(context: BrowserContext, live_server, world):
    context.add_init_script(AXE)
    page = context.new_page()
    folder = os.environ.get("JIEDIAN_SCREENSHOTS")
    with translation.override("zh-hans"):
        assert gettext("Desk") != "Desk", "the Chinese catalogue is not compiled: script/setup"
    wrong = []
    for language, lang in LANGUAGES.items():
        User.objects.update(language=language)
        for name, path, role, status in pages(world):
            shown(context, live_server.url, world.keys.get(role, ""), language)
            page.set_viewport_size({"width": 1440, "height": 900})
            response = page.goto(f"{live_server.url}{path}")
            assert response is not None
            assert (response.status, response.headers["content-type"][:9]) == (status, "text/html")
            assert page.locator("html").get_attribute("lang") == lang, name
            found = []
            if name == "field:visit":
                found += violations(page)  # as the server sent it
                hand.ready(page)
            for width, height in SIZES:
                found += overflow(page, width, height)
                found += violations(page, TAGS if width == WHOLE[language] else BY_WIDTH)
            wrong += [f"{name} [{language}] {what}" for what in found]
            if folder:
                picture(page, Path(folder), name, language)
    assert not wrong, "\n" + "\n".join(wrong)
