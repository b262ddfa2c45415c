"""Somebody applies on a phone, in both languages, by thumb and by key, with and without scripts."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.roles import Role
from applications.models import Application
from public.models import Draft
from tests.applications.factories import WANG
from tests.browser.test_pages import LANGUAGES, violations
from tests.documents.factories import picture
from tests.factories import person, unit
from workflow.models import Case

pytestmark = [pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
SHARED = {"shared_account": "0312 0045", "co_users": "张建国 3-101", "dispute": "电费分摊"}
GO = ".go [name=next]"


@pytest.fixture(autouse=True)
def office(live_server):
    person(Role.SUPERVISOR)
    return unit()


@pytest.fixture
def phone(browser, live_server):
    """A phone in the hand of a customer; `of` takes its language, and whether it runs scripts."""
    opened: list[BrowserContext] = []

    def of(language: str, scripts: bool = True) -> Page:
        context = browser.new_context(
            viewport=PHONE, java_script_enabled=scripts, has_touch=True, locale=LANGUAGES[language]
        )
        cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": live_server.url}
        context.add_cookies([cookie])
        opened.append(context)
        return context.new_page()

    yield of
    for context in opened:
        context.close()


def sound(page: Page, scripts: bool) -> None:
    """Nothing for axe to say, nothing sideways, and every button as large as a thumb."""
    if not scripts:
        return
    assert violations(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    small = page.evaluate(
        "[...document.querySelectorAll('main .btn, main input:not([type=radio]), main select')]"
        ".filter(e => e.offsetHeight && e.offsetHeight < 47).map(e => e.outerHTML)"
    )
    assert small == [], page.url
    sizes = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.innerText && e.offsetHeight > 1)"
        ".map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 16, page.url


def go(page: Page, leads_to: str, scripts: bool) -> None:
    page.click(GO)
    expect(page).to_have_url(re.compile(f"/apply/{leads_to}/$"))
    sound(page, scripts)


@pytest.mark.parametrize(("language", "scripts"), [("zh-hans", True), ("en", True), ("en", False)])
def test_from_nothing_to_number_and_code(phone, live_server, language, scripts):
    page = phone(language, scripts)
    page.goto(f"{live_server.url}/apply/")
    sound(page, scripts)
    page.click("[name=begin]")
    sound(page, scripts)
    page.select_option("[name=business_type]", "separation")
    for name, value in (("district", "临湖区"), ("street", "人民路 8 号院"), ("room", "3-201")):
        page.fill(f"[name={name}]", value)
    expect(page.locator("[name=shared_account]")).to_be_hidden()
    page.check("[name=existing_supply][value=shared]")
    go(page, "place", scripts)  # what a shared meter makes necessary is not answered yet
    expect(page.locator("#errors")).to_be_visible()
    for name, value in SHARED.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=disputed][value=True]")
    go(page, "person", scripts)
    for name, value in (("customer_name", "王小明"), ("id_number", WANG), ("phone", "13900004217")):
        page.fill(f"[name={name}]", value)
    go(page, "demand", scripts)
    page.fill("[name=equipment-0-name]", "空调")
    page.fill("[name=equipment-0-quantity]", "2")
    page.fill("[name=equipment-0-unit_kw]", "1.5")
    go(page, "papers", scripts)
    photo = {"name": "id.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    page.set_input_files("[name=id]", photo)
    go(page, "check", scripts)
    page.click("[name=send]")
    expect(page).to_have_url(re.compile("/apply/sent/$"))
    sound(page, scripts)
    case = Case.objects.get()
    expect(page.locator("main")).to_contain_text(case.number)
    expect(page.locator("main")).to_contain_text(case.codes.get().grouped)
    sheet = Application.objects.get()
    assert (sheet.language, sheet.channel, sheet.disputed) == (language, "web", True)


def test_begun_on_one_phone_and_gone_on_with_on_another_by_keyboard_alone(phone, live_server):
    first, second = phone("en", False), phone("en")
    first.goto(f"{live_server.url}/apply/")
    first.click("[name=begin]")
    first.fill("[name=street]", "人民路 8 号院")
    first.click(".go [name=back]")
    expect(first).to_have_url(re.compile("/apply/$"))
    code = Draft.objects.get().grouped
    second.goto(f"{live_server.url}/apply/resume/")
    second.focus("[name=code]")

    second.keyboard.type(code.lower())
    second.keyboard.press("Enter")
    # The first page that is not answered yet; the one before it holds what the first phone typed.
    expect(second).to_have_url(re.compile("/apply/person/$"))
    second.goto(f"{live_server.url}/apply/place/")
    expect(second.locator("[name=street]")).to_have_value("人民路 8 号院")
    second.goto(f"{live_server.url}/apply/person/")
    second.focus("[name=customer_name]")
    second.keyboard.type("李四")
    second.keyboard.press("Enter")

    # Enter goes on, it does not change the language; what is still missing holds the page.
    expect(second.locator("#errors")).to_be_visible()
    expect(second.locator("html")).to_have_attribute("lang", "en")
    assert Draft.objects.get().typed["customer_name"] == "李四"


def test_two_thumbs_at_once_send_one_application(phone, live_server):
    page = phone("en")
    page.goto(f"{live_server.url}/apply/")
    page.click("[name=begin]")
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = next(
        cookie["value"]
        for cookie in page.context.cookies()
        if cookie["name"] == settings.SESSION_COOKIE_NAME
    )
    answers = {"street": "人民路 8 号院", "existing_supply": "none", "unit": str(unit().pk)}
    client.post("/apply/place/", {**answers, "business_type": "new", "customer_class": "lv_other"})
    person_ = {"customer_name": "王小明", "id_number": WANG, "phone": "13900004217"}
    client.post("/apply/person/", {**person_, "customer_type": "person", "id_type": "resident_id"})
    client.post("/apply/demand/", {"new_kw": "8"})
    page.goto(f"{live_server.url}/apply/papers/")
    photo = {"name": "id.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    page.set_input_files("[name=licence_lv_other]", photo)
    page.click(GO)

    page.dblclick("[name=send]")
    expect(page).to_have_url(re.compile("/apply/sent/$"))
    page.go_back()
    page.reload()

    assert Case.objects.count() == 1
    expect(page).to_have_url(re.compile("/apply/sent/$"))


def test_at_double_size_nothing_runs_off_the_page(phone, live_server):
    page = phone("en")
    page.set_viewport_size({"width": 195, "height": 422})
    page.goto(f"{live_server.url}/apply/")
    page.click("[name=begin]")

    assert page.evaluate("document.documentElement.scrollWidth") <= 200
