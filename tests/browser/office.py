"""The office at its browsers: each person keeps a window open, logged in by name."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from accounts.demo import PASSWORD
from tests.browser import PATIENCE, follow


class Office:
    """Every person of the demo in a browser window of their own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.windows: dict[str, Page] = {}
        self.complaints: list[str] = []
        self.case_url = ""
        self.signer = ""

    def window(self, username: str) -> Page:
        """The window of a person; the first time they log in."""
        if username not in self.windows:
            context = self.browser.new_context(viewport={"width": 1440, "height": 900})
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("console", self._heard)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.goto(f"{self.url}/login/")
            page.fill("[name=username]", username)
            page.fill("[name=password]", PASSWORD)
            follow(page, "form:has([name=password]) button[type=submit]")
            expect(page.locator("header.bar")).to_be_visible()
            self.windows[username] = page
        return self.windows[username]

    def _heard(self, message) -> None:
        # htmx reports a check that a newer change overtook; a failed request says sendError.
        overtaken = "htmx:afterRequest" in message.text or "htmx:sendAbort" in message.text
        if message.type == "error" and not overtaken:
            self.complaints.append(f"{message.location.get('url')}: {message.text}")

    def close(self) -> None:
        for page in self.windows.values():
            page.context.close()

    # Finding the way ---------------------------------------------------------------------------

    def case(self, username: str, step: str = "") -> Page:
        """Open the case, and look at one of its steps by its name on the rail."""
        page = self.window(username)
        page.goto(self.case_url)
        if step:
            follow(page, f"nav.rail-panel a:has-text('{step}') >> nth=-1")
        return page

    def sheet(self, username: str, step: str, place: str) -> Page:
        """From the case page to a sheet, by a link that stands there."""
        page = self.case(username, step)
        follow(page, f"main a[href$='/{place}/'] >> nth=0")
        expect(page).to_have_url(re.compile(f"/{place}/$"))
        return page


def fill(page: Page, values: dict[str, Any]) -> None:
    """Put each value into the control of that name, whatever kind of control it is."""
    for name, value in values.items():
        controls = page.locator(f"main [name='{name}']")
        control = controls.first
        kind = control.evaluate("e => e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase()")
        if kind == "radio":
            chosen = page.locator(f"main [name='{name}'][value='{value}']")
            chosen.evaluate("e => { e.click() }")
        elif kind == "checkbox":
            control.set_checked(bool(value), force=True)
        elif kind == "select":
            control.select_option(**value if isinstance(value, dict) else {"value": str(value)})
        elif kind == "file":
            control.set_input_files(value)
        else:
            control.fill(str(value))


def tick(page: Page, name: str) -> None:
    """Tick every box of this name."""
    boxes = page.locator(f"main [name='{name}'][type=checkbox]")
    for place in range(boxes.count()):
        boxes.nth(place).evaluate("box => box.checked || box.click()")


def press(page: Page, button: str, *, leads_to: str) -> None:
    """Press a button and arrive where it should lead; what stands against it is told otherwise."""
    with page.expect_navigation():
        page.click(f"main form button:has-text('{button}') >> nth=-1")
    told = page.locator("main [role=alert], main .err").all_inner_texts()
    assert re.search(leads_to, page.url), f"{button}: still on {page.url}: {told}"
    assert not told, f"{button}: {told}"
