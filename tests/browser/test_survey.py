"""The survey sheet in a real browser."""

from playwright.sync_api import expect

from accounts.models import User
from demo import office as utility
from tests.browser.office import Office
from tests.surveys import factories


def test_what_was_typed_is_kept_on_the_way_to_a_page_below_the_sheet(live_server, browser):
    utility.build()
    User.objects.update(language="en")
    case = factories.at_survey()
    office = Office(browser, live_server.url)
    office.case_url = f"{live_server.url}{case.get_absolute_url()}"
    page = office.sheet("lina", "Site survey", "survey")

    page.fill("[name=meter_position]", "一楼楼道表箱")
    page.click("main a[href$='/survey/points/new/'] >> nth=0")
    expect(page).to_have_url(f"{office.case_url}survey/points/new/")
    page.goto(f"{office.case_url}survey/")

    expect(page.locator("[name=meter_position]")).to_have_value("一楼楼道表箱")
    assert office.complaints == []
    office.close()
