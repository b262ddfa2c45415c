"""The sheet at the counter in the clerk's hands: quicker than the answers of the server."""

import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.demo import PASSWORD
from accounts.models import User
from demo import office as utility
from tests.browser.office import Office
from workflow.models import Case

ANSWER = 0.4  # seconds that an answer of the server takes here


@pytest.fixture
def sheet(live_server, browser) -> Page:
    """An empty sheet before a clerk; every check while typing is answered late."""
    utility.build()
    User.objects.update(language="en")
    office = Office(browser, live_server.url)
    page = office.window("sunyue")
    page.goto(f"{live_server.url}/applications/new/")
    page.route("**/applications/new/", late)
    yield page
    page.unroute_all(behavior="wait")  # an answer may be on its way
    office.close()


def late(route: Route) -> None:
    answer = route.fetch()
    time.sleep(ANSWER)
    route.fulfill(response=answer)


def checked(response) -> bool:
    return "hx-request" in response.request.headers


def test_a_paper_is_ticked_though_the_answer_comes_while_the_button_is_down(sheet):
    sheet.fill("[name=customer_name]", "王小明")
    place = sheet.locator("label[for=paper-form] span").bounding_box()

    sheet.mouse.move(place["x"] + 5, place["y"] + 5)
    with sheet.expect_response(checked):
        sheet.mouse.down()  # leaves the name, which asks the server
    sheet.wait_for_timeout(200)
    sheet.mouse.up()

    expect(sheet.locator("#paper-form")).to_be_checked()
    expect(sheet.locator("#missing")).not_to_contain_text("Customer name")
    expect(sheet.locator("#paper-form")).to_be_checked()


def test_papers_ticked_while_an_answer_is_under_way_stay_ticked(sheet):
    sheet.select_option("[name=business_type]", "increase")
    with sheet.expect_request("**/applications/new/"):
        pass
    sheet.check("#paper-id")
    sheet.check("#paper-form")

    expect(sheet.locator("#missing")).not_to_contain_text("Identity paper")
    expect(sheet.locator("#paper-id")).to_be_checked()
    expect(sheet.locator("#paper-form")).to_be_checked()


def test_a_sheet_survives_the_end_of_the_session(sheet):
    sheet.unroute_all(behavior="wait")
    sheet.fill("[name=customer_name]", "王小明")
    sheet.fill("[name=remarks]", "第一行\n第二行")
    sheet.context.clear_cookies(name="sessionid")

    sheet.keyboard.press("Control+s")
    expect(sheet.locator("[role=alert]")).to_contain_text("log in, then send it")
    sheet.fill("[name=username]", "sunyue")
    sheet.fill("[name=password]", PASSWORD)
    sheet.keyboard.press("Enter")
    expect(sheet.locator(".typed")).to_contain_text("王小明")
    sheet.click("text=Send it now")

    expect(sheet.locator("[name=customer_name]")).to_have_value("王小明")
    expect(sheet.locator("[name=remarks]")).to_have_value("第一行\n第二行")
    expect(sheet.locator(".alert, .msg, main")).to_contain_text(["Draft saved"])


def test_the_stars_follow_what_is_needed_now(sheet):
    star = sheet.locator("#star-contact_name")
    expect(star).to_have_text("")

    with sheet.expect_response(checked):
        sheet.select_option("#id_customer_type", "company")
    expect(star).to_have_text("*")

    with sheet.expect_response(checked):
        sheet.select_option("#id_customer_type", "person")
    expect(star).to_have_text("")


@pytest.mark.parametrize("width", [1440, 1280, 1241, 1101, 1024])
def test_the_equipment_table_fits_beside_its_neighbour(sheet, width):
    sheet.set_viewport_size({"width": width, "height": 900})

    wide, room = sheet.evaluate(
        "(box => [box.scrollWidth, box.clientWidth])(document.querySelector('.rows .scroll'))"
    )

    assert wide <= room


def test_the_help_lists_the_keys_that_work_here_and_no_others(sheet):
    sheet.evaluate("document.activeElement.blur()")
    sheet.keyboard.press("?")

    keys = sheet.evaluate(
        "[...document.querySelectorAll('dialog[open] dt')].filter(e => e.getClientRects().length)"
        ".map(e => [...e.querySelectorAll('kbd')].map(k => k.textContent).join(' '))"
    )

    assert sorted(keys) == ["/", "?", "Ctrl Enter", "Ctrl s", "Enter", "Esc", "n"]


def test_enter_goes_on_to_the_next_field_and_opens_no_case(sheet):
    sheet.fill("[name=customer_name]", "王小明")
    sheet.focus("[name=customer_name]")

    sheet.keyboard.press("Enter")
    expect(sheet.locator("[name=customer_name]")).not_to_be_focused()
    expect(sheet.locator("main form :focus")).to_have_count(1)
    sheet.keyboard.press("Enter")

    expect(sheet.locator("[name=customer_name]")).to_have_value("王小明")
    assert not Case.objects.exists()


def test_what_is_missing_is_jumped_to_and_opens_no_case(sheet):
    with sheet.expect_response(checked):
        sheet.fill("[name=customer_name]", "王小明")
        sheet.keyboard.press("Tab")

    sheet.click("#missing a[href^='#id_'] >> nth=0")

    expect(sheet).to_have_url(re.compile("/applications/new/#id_"))
    expect(sheet.locator("[name=customer_name]")).to_have_value("王小明")
    assert not Case.objects.exists()
