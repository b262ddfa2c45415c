"""A tablet in the hand: touch, no signal, and a proxy that cuts the wire."""

from __future__ import annotations

import hashlib
import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from accounts.models import User
from surveys.models import Photo
from tests.browser import PATIENCE

UPRIGHT, ACROSS = (712, 1138), (1138, 712)
SITE = {"longitude": 114.305, "latitude": 30.6, "accuracy": 6}


def session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def options(size: tuple[int, int]) -> dict[str, Any]:
    return {
        "viewport": {"width": size[0], "height": size[1]},
        "has_touch": True,
        "geolocation": SITE,
        "permissions": ["geolocation"],
        "timezone_id": settings.TIME_ZONE,
    }


def sign_in(context: BrowserContext, url: str, user: User) -> None:
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": session(user), "url": url},
            {"name": settings.LANGUAGE_COOKIE_NAME, "value": user.language, "url": url},
        ]
    )


def until(page: Page, holds: str, seconds: int = 60) -> None:
    """Wait until the expression holds; asked from outside, as the page may evaluate nothing."""
    for _try in range(seconds * 10):
        with suppress(Error):  # the page is on its way to another
            if page.evaluate(holds):
                return
        page.wait_for_timeout(100)
    raise AssertionError(holds)


def today(context: BrowserContext, url: str) -> Page:
    """Today, opened with a signal: everything is kept for the way, and the worker works."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}/field/")
    until(page, "document.body.dataset.kept !== undefined")
    until(page, "navigator.serviceWorker.controller !== null")
    return page


@dataclass
class Tablet:
    """A page, and the wire it hangs on."""

    page: Page
    wire: Wire

    def offline(self) -> None:
        """No signal, as a fact: the browser is told so, and its wire is dead."""
        self.wire.die()
        self.page.context.set_offline(True)

    def online(self) -> None:
        self.wire.mend()
        self.page.context.set_offline(False)

    def online_as_armed(self) -> None:
        """A signal, and the wire whole up to where it is to be cut."""
        self.wire.dead = False
        self.page.context.set_offline(False)


class Tablets:
    """Gives out tablets, each on a wire of its own; takes them all back, whatever happened."""

    def __init__(self, browser: Browser, server: tuple[str, int], launch: dict[str, Any]) -> None:
        self.browser, self.server, self.launch = browser, server, launch
        self.contexts: list[BrowserContext] = []
        self.wires: list[Wire] = []

    def __call__(self, user: User, size: tuple[int, int] = UPRIGHT) -> Tablet:
        """A new tablet, its owner signed in, with Today opened and kept."""
        context, wire = self.fresh(user, size)
        return Tablet(today(context, wire.url), wire)

    def fresh(self, user: User, size: tuple[int, int] = UPRIGHT) -> tuple[BrowserContext, Wire]:
        """A new tablet, its owner signed in, on which nothing was opened yet."""
        context = self.browser.new_context(**options(size))
        self.contexts.append(context)
        wire = self.wire()
        sign_in(context, wire.url, user)
        return context, wire

    def wire(self) -> Wire:
        self.wires.append(Wire(*self.server))
        return self.wires[-1]

    def persistent(self, folder: Path) -> BrowserContext:
        """A browser that keeps what it has in the folder; opened again, it has it still."""
        chromium = self.browser.browser_type
        context = chromium.launch_persistent_context(str(folder), **self.launch, **options(UPRIGHT))
        self.contexts.append(context)
        return context

    def stop(self) -> None:
        for context in self.contexts:
            with suppress(Error):  # closed already by its test
                context.close()
        for wire in self.wires:
            wire.stop()


@pytest.fixture
def tablets(
    browser: Browser, live_server: Any, browser_type_launch_args: dict[str, Any]
) -> Iterator[Tablets]:
    """Tablets on the test's own server."""
    server = (live_server.thread.host, live_server.thread.port)
    given = Tablets(browser, server, browser_type_launch_args)
    yield given
    given.stop()


def quiet(page: Page) -> None:
    """Wait until nothing is being sent; what meets with silence is given up in a minute."""
    page.evaluate("navigator.locks.request(`${Field.database}-sync`, () => null)")


def begin(page: Page, step: Any, sheet: str = "") -> None:
    """Open the visit, and wait until its sheet can be written on."""
    page.click(f"[data-step='{step.pk}'] [data-open]")
    ready(page)
    if sheet == "attempt":
        begin_attempt(page)


def begin_attempt(page: Page) -> None:
    """Nobody was there: the other sheet of the visit."""
    page.click("#tabs button:not(.sheet-tab) >> nth=0")
    page.click("[data-attempt]")


def ready(page: Page) -> None:
    until(page, "document.documentElement.dataset.ready === '1'")


def to(page: Page, name: str) -> Any:
    """The control of that name, its section turned to."""
    control = page.locator(f"form.fform:not([hidden]) [name='{name}']")
    title = control.first.evaluate("e => e.closest('.fsec').dataset.title")
    tab = page.locator("#tabs button:not(.sheet-tab)").filter(has_text=title)
    if not control.first.evaluate("e => e.closest('.fsec').hidden === false"):
        tab.first.tap()
    return control


def put(page: Page, values: dict[str, Any]) -> None:
    """Write each value as a finger would."""
    for name, value in values.items():
        control = to(page, name)
        kind = control.first.evaluate(
            "e => e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase()"
        )
        if kind == "radio":
            chosen = page.locator(f"form:not([hidden]) [name='{name}'][value='{value}']")
            chosen.locator("xpath=ancestor::label").tap()
        elif kind == "checkbox":
            # The browser itself scrolls to a field written in: a tap waits until the page rests.
            if control.is_checked() != bool(value):
                control.tap()
        elif kind == "select":
            control.select_option(str(value))
        else:
            control.fill(str(value))


def row(page: Page, table: str) -> None:
    """One row more in a table of the sheet."""
    to(page, f"{table}-TOTAL_FORMS")
    page.locator(f"form:not([hidden]) [data-formset='{table}'] [data-add]").tap()


def shoot(page: Page, photos: list[bytes]) -> None:
    """Take these photos at once; the sheet has them when each shows its size."""
    to(page, "photos-TOTAL_FORMS")
    rows = page.locator("form:not([hidden]) [data-formset=photos] .fshot canvas:not([hidden])")
    before = rows.count()
    sheet = page.locator("form.fform:not([hidden])").get_attribute("data-sheet")
    page.set_input_files(
        f"#{sheet}-many",
        [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": p} for n, p in enumerate(photos)],
    )
    expect(rows).to_have_count(before + len(photos))


def draw(page: Page, button: str) -> None:
    """Press the button, and write a name on the glass."""
    rows = page.locator("form:not([hidden]) .fshot canvas:not([hidden])")
    before = rows.count()
    page.locator("form:not([hidden]) .fsec:not([hidden])").get_by_role("button", name=button).tap()
    expect(page.locator("#pad canvas")).to_be_visible()
    box = page.locator("#pad canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for n in range(12):
        page.mouse.move(box["x"] + 40 + 20 * n, box["y"] + 60 + (n % 3) * 25)
    page.mouse.up()
    page.click("#pad [data-take]")
    expect(rows).to_have_count(before + 1)


def close(page: Page) -> None:
    """Close the sheet: its last section's button."""
    sheet = page.locator("form.fform:not([hidden])").get_attribute("data-sheet")
    page.locator("#tabs button:not(.sheet-tab)").last.tap()
    page.locator("#next").tap()
    until(
        page,
        f"""location.pathname === "/field/" || document.querySelector(".f.bad, [data-note=check]")
            || document.querySelector("form[data-sheet='{sheet}']").dataset.closed === "1" """,
    )
    with suppress(Error):  # gone on to another page
        wrong = page.locator(".f.bad, [data-note=check]").all_inner_texts()
        assert wrong == [], page.locator("#notes").inner_text()


def put_aside(page: Page) -> None:
    """Send the sheet as a draft, unsigned."""
    page.locator("#tabs button:not(.sheet-tab)").last.tap()
    page.locator("#draft").tap()
    page.wait_for_url("**/field/")


def minute() -> str:
    return f"{timezone.localtime():%Y-%m-%dT%H:%M}"


def attempt(page: Page, step: Any, evidence: str, photos: list[bytes]) -> None:
    """Nobody was there: said, shown on photos, closed."""
    begin(page, step, "attempt")
    put(page, {"at": minute(), "outcome": "no_access", "evidence": evidence})
    shoot(page, photos)
    close(page)
    page.wait_for_url("**/field/")


def stored() -> dict[str, str]:
    """The photos of the surveys: the checksum that is written down, and that of what lies there."""
    found = {}
    for photo in Photo.objects.all():
        with photo.file.open() as file:
            found[photo.sha256] = hashlib.sha256(file.read()).hexdigest()
    return found


def records(page: Page) -> list[dict[str, Any]]:
    """What the tablet keeps, with the number of its files."""
    return page.evaluate(
        """async () => Promise.all((await Field.records()).map(async (r) => {
            const files = await Field.files(r.uuid);
            return { uuid: r.uuid, state: r.state, error: r.error || "", fields: r.fields,
                receipt: r.receipt || null, files: files.length,
                sums: files.map((file) => file.sha256), sizes: files.map((file) => file.size) };
        }))"""
    )


def sent(tablet: Tablet) -> None:
    """With the signal back, all is sent without anybody asking."""
    tablet.online()
    all_gone(tablet.page)


def all_gone(page: Page, seconds: int = 120) -> None:
    """Wait until nothing waits on the tablet any more."""
    kept: list[Any] = []
    for _try in range(seconds * 10):
        with suppress(Error):  # the page is on its way to another
            kept = [(r["state"], r["error"], r["receipt"]) for r in records(page)]
            if all(state not in ("waiting", "draft") for state, _error, _receipt in kept):
                return
        page.wait_for_timeout(100)
    raise AssertionError((kept, page.locator("#notes").inner_text()))


class Requests:
    """Tells the requests of one connection apart as their bytes go by."""

    def __init__(self) -> None:
        self.head = b""
        self.left = 0

    def read(self, data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
        """Parts: the bytes, the head if they begin a request, whether they end one."""
        while data:
            if self.left:
                part, data = data[: self.left], data[self.left :]
                self.left -= len(part)
                yield part, b"", not self.left
                continue
            whole, end, rest = (self.head + data).partition(b"\r\n\r\n")
            if not end:
                self.head = whole
                return
            self.head, data = b"", rest
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", whole)
            self.left = int(length[1]) if length else 0
            yield whole + end, whole, not self.left


# Where in a request something happens: the server has not got all of it; has got it and works; has
# done it and begins to answer.
UNASKED, ASKED, UNANSWERED = "unasked", "asked", "unanswered"


HEADERS = 2000  # bytes of an answer that hold them, and little more


class Wire:
    """A wire to the server that is cut when so many bytes have gone one way; both ends lose it.

    `next` gives the next cut: ("up" or "down", bytes); None leaves the wire whole. `cut_at` cuts it
    within the so-manieth message of a tablet from now on, and there may do something else besides.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.next: tuple[str, int] | None = None
        self.request: tuple[int, str] | None = None
        self.act: Callable[[], None] | None = None
        self.messages = 0  # those of tablets since `cut_at`
        self.cuts: list[tuple[Any, ...]] = []
        self.stays_cut = self.dead = False
        self.flowing = threading.Event()
        self.flowing.set()
        self.open: set[tuple[socket.socket, socket.socket]] = set()
        self.random = random.Random(20261020)
        threading.Thread(target=self._serve, daemon=True).start()

    def arm(self, largest: int) -> None:
        """The next cut, somewhere in the next so many bytes of either direction."""
        way = self.random.choice(["up", "up", "down"])
        reach = largest if way == "up" else 700
        self.next = (way, self.random.randint(1, reach))

    def cut_at(self, number: int, moment: str, act: Callable[[], None] | None = None) -> None:
        """Cut at this message (1 is the next one), and stay cut."""
        with self.lock:
            self.messages, self.request, self.act = 0, (number, moment), act

    def die(self) -> None:
        """No byte passes from now on, in connections that are open or new."""
        self.dead = True
        for ends in list(self.open):
            self._end(ends)

    def stall(self) -> None:
        """An answer begins, and nothing more of it comes: the connection stands open."""
        self.flowing.clear()

    def mend(self) -> None:
        self.flowing.set()
        self.next, self.request, self.stays_cut, self.dead = None, None, False, False

    def stop(self) -> None:
        self.die()
        self.flowing.set()
        with suppress(OSError):  # wakes whoever waits in accept()
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _address = self.listener.accept()
            except OSError:
                return
            if self.dead:
                near.close()
                continue
            try:
                far = socket.create_connection(self.target)
            except OSError:  # the server is down
                near.close()
                continue
            ends = (near, far)
            self.open.add(ends)
            mute = threading.Event()
            for pump in (self._up, self._down):
                threading.Thread(target=pump, args=(near, far, mute), daemon=True).start()

    def _end(self, ends: tuple[socket.socket, socket.socket]) -> None:
        self.open.discard(ends)
        for end in ends:
            with suppress(OSError):  # whoever still reads there is woken
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _up(self, near: socket.socket, far: socket.socket, mute: threading.Event) -> None:
        requests, moment = Requests(), ""
        with suppress(OSError):
            while data := near.recv(65536):
                for part, head, last in requests.read(data):
                    if head:
                        moment = self._moment(head)
                    at = moment if last else ""
                    if self.dead or at == UNASKED:
                        far.sendall(b"" if self.dead else part[:-1])
                        break
                    if at == UNANSWERED:
                        mute.set()
                    far.sendall(part[: self._allowed("up", len(part))])
                    if at == ASKED or self._is_cut("up", len(part)):
                        break
                else:
                    continue
                if at in (UNASKED, ASKED) and not self.dead:
                    self._cut_here(at)
                break
        self._end((near, far))

    def _down(self, near: socket.socket, far: socket.socket, mute: threading.Event) -> None:
        left = HEADERS
        with suppress(OSError):
            while data := far.recv(65536):
                if mute.is_set():
                    self._cut_here(UNANSWERED)
                if self.dead:
                    break
                if not self.flowing.is_set():
                    near.sendall(data[:left])
                    left = max(0, left - len(data))
                    if left:
                        continue
                    self.flowing.wait()
                    break
                near.sendall(data[: self._allowed("down", len(data))])
                if self._is_cut("down", len(data)):
                    break
        self._end((near, far))

    def _moment(self, head: bytes) -> str:
        """Where in this request the wire is to be cut; "" for most."""
        if b" /field/records/" not in head.split(b"\r\n", 1)[0]:
            return ""
        with self.lock:
            self.messages += 1
            if self.request and self.messages == self.request[0]:
                return self.request[1]
        return ""

    def _cut_here(self, moment: str) -> None:
        with self.lock:
            self.dead = True
            self.request, act = None, self.act
        if act:
            act()
        self.cuts.append((moment, self.messages))

    def _allowed(self, way: str, size: int) -> int:
        with self.lock:
            if self.next and self.next[0] == way:
                return min(size, self.next[1])
            return size

    def _is_cut(self, way: str, size: int) -> bool:
        with self.lock:
            if not self.next or self.next[0] != way:
                return False
            left = self.next[1] - size
            if left > 0:
                self.next = (way, left)
                return False
            self.cuts.append(self.next)
            self.next, self.dead = None, self.stays_cut
            return True
