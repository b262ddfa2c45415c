"""What is typed on a sheet stays in the browser until the server has it, and with its writer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from accounts.middleware import SAVED
from accounts.models import User
from accounts.roles import Role
from applications.models import Application
from surveys.models import Photo
from tests.applications.factories import ZHAO
from tests.browser import PATIENCE
from tests.browser.office import press
from tests.browser.tablet import session
from tests.browser.test_pages import pages, shown, world
from tests.factories import person
from tests.works.factories import picture
from workflow.models import Case, Step

__all__ = ["world"]

SHEET = "form[data-sheet], form[data-kept]"
NOTE = ".kept"
LOOKS = ":is(form[data-sheet], form[data-kept]):is([hx-post], [hx-post] *, :has([hx-post]))"
# The tablet keeps its own; who has no account has no place to keep anything in.
NOT_OURS = ("field:", "public:")
FILE = {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": picture().content}
# Every control a person can change is given another value, as if by hand.
TYPE = """form => {
  const text = {date: '2024-03-05', 'datetime-local': '2024-03-05T09:30', time: '09:30',
                number: '7', email: 'wang@example.com', tel: '13800000000'};
  const radios = new Set();
  for (const field of [...form.elements]) {
    if (!field.name || field.disabled || field.readOnly) continue;
    if (field.matches('[type=hidden], [type=file], button, fieldset, output')) continue;
    if (field.matches('[name$=-DELETE]')) continue;
    if (field.matches('[type=radio]')) {
      if (radios.has(field.name)) continue;
      radios.add(field.name);
      const group = [...form.elements].filter(other => other.name === field.name);
      group[group.length - 1].checked = true;
    } else if (field.matches('[type=checkbox]')) field.checked = !field.checked;
    else if (field.matches('select')) field.selectedIndex = field.options.length - 1;
    else field.value = text[field.type] || (field.inputMode === 'decimal' ? '7' : '王小明');
    field.dispatchEvent(new Event('input', {bubbles: true}));
  }
  form.dispatchEvent(new Event('change', {bubbles: true}));
}"""
TICK = """form => {
  const left = '[type=checkbox]:not(:checked, :disabled, [name$=-DELETE])';
  for (const box of form.querySelectorAll(left)) {
    box.checked = true;
    box.dispatchEvent(new Event('input', {bubbles: true}));
  }
  form.dispatchEvent(new Event('change', {bubbles: true}));
}"""
NOTHING_ELSE = """form => {
  for (const field of form.elements) {
    if (field.matches('[type=text], textarea, [type^=date]')) field.value = '';
  }
}"""
# Forms in which something is typed, and which nobody keeps.
FORGOTTEN = """[...document.querySelectorAll('main form[method=post]')]
  .filter(form => !form.matches('[data-sheet], [data-kept], :has([type=password])'))
  .filter(form => [...form.elements].some(field => field.matches('input, textarea')
    && !field.matches('[type=hidden], [type=checkbox], [type=radio]')))
  .map(form => form.outerHTML.slice(0, 120))"""
READ = """form => [...form.elements]
  .filter(field => field.name
    && !field.matches('[type=hidden], button, fieldset, output, [data-keep=never]'))
  .map(field => [field.name,
    field.matches('[type=file]') ? [...field.files].map(file => file.name).join()
    : field.matches('[type=checkbox], [type=radio]') ? field.value + field.checked
    : field.value])"""


@pytest.fixture
def page(context: BrowserContext) -> Page:
    found = context.new_page()
    found.set_default_timeout(PATIENCE)
    found.on("dialog", lambda dialog: dialog.accept())
    return found


@pytest.fixture
def at(page: Page, context: BrowserContext, live_server, world) -> Callable[[str, str], Page]:
    """Somebody's browser at a page."""
    User.objects.update(language="en")

    def opened(role: str, path: str) -> Page:
        shown(context, live_server.url, world.keys[role], "en")
        page.goto(f"{live_server.url}{path}")
        return page

    return opened


def fail(page: Page) -> None:
    """The wire is cut while the sheet is on its way: the browser shows its own page."""
    page.context.route("**/*", _cut)
    with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-error:")):
        page.locator(SHEET).first.evaluate(
            "form => { form.requestSubmit(form.querySelector('[data-submit], [type=submit]')) }"
        )
    page.context.unroute("**/*", _cut)


def _cut(route: Route) -> None:
    route.abort("internetdisconnected")


def swallow(route: Route) -> None:
    """The server takes the sheet, and its answer does not arrive."""
    if route.request.method != "POST" or "htmx" in str(route.request.headers):
        return route.continue_()
    route.fetch(max_redirects=0)
    return route.abort("connectionreset")


def answered(page: Page) -> None:
    """Wait for the looks at a sheet: what hangs on its values is on the page, or gone from it.

    A look begins 80 ms after a change. The page's own clock is asked, which wakes in order
    however busy it is.
    """
    if not page.locator(LOOKS).count():
        return
    page.evaluate("() => new Promise(resolve => setTimeout(resolve, 200))")
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def read(page: Page) -> list[list[str]]:
    return page.locator(SHEET).first.evaluate(READ)


def until(page: Page, wanted: list[list[str]]) -> list[list[str]]:
    """What stands in the fields; a file comes a moment after the page."""
    for _try in range(600):
        found = read(page)
        if found == wanted:
            break
        page.wait_for_timeout(50)
    return [pair for pair in wanted if pair not in found]


def kept(page: Page) -> int:
    """How many sheets lie in the browser."""
    count = "Object.keys(localStorage).filter(key => key.startsWith('jiedian-typing|')).length"
    return page.evaluate(count)


def files(page: Page) -> int:
    """How many files lie in the browser."""
    return page.evaluate(
        """async () => (await (await idb.openDB('jiedian-typing')).getAllKeys('files')).length"""
    )


def test_every_sheet_gives_back_what_a_cut_wire_lost(at, live_server, world):
    lost, rooms = [], set()
    for name, path, role, status in pages(world):
        if status != 200 or not role or name.startswith(NOT_OURS):
            continue
        page = at(role, path)
        form = page.locator(SHEET).first
        lost += [f"{name}: {html}" for html in page.evaluate(FORGOTTEN)]
        if not page.locator(SHEET).count():
            continue
        for field in form.locator("input[type=file]").all():
            field.set_input_files(FILE)
        form.evaluate(TYPE)
        answered(page)
        form.evaluate(TICK)  # what the look has brought onto the page
        answered(page)
        typed = read(page)
        if not typed:
            continue
        rooms.add(name.split(":")[0])
        fail(page)
        page.goto(f"{live_server.url}{path}")
        answered(page)
        lost += [f"{name}: {pair}" for pair in until(page, typed)]
        if not page.locator(NOTE).is_visible():
            lost.append(f"{name}: nothing is said")
            continue
        with page.expect_navigation():
            page.locator(f"{NOTE} [data-throw-away]").first.click()
        expect(page.locator(NOTE)).to_have_count(0)
        if kept(page) or files(page):
            lost.append(f"{name}: not thrown away")

    assert lost == []
    assert rooms >= {"applications", "surveys", "plans", "works", "fees", "metering", "contracts"}
    assert rooms >= {"workflow", "documents"}


def survey(world) -> str:
    return f"{world.survey.get_absolute_url()}survey/"


def test_what_was_typed_is_there_after_the_browsers_error_page_until_it_is_saved(
    at, world, live_server
):
    page = at(Role.SURVEYOR, survey(world))
    page.locator("[name=meter_position]").press_sequentially("一楼楼道表箱")
    page.click("[data-formset=loads] [data-add-row]")
    last = page.locator("[data-formset=loads] [data-rows] > tr").last
    last.locator("[name$=-name]").fill("空调")
    last.locator("[name$=-quantity]").fill("2")
    last.locator("[name$=-unit_kw]").fill("1.5")
    typed = read(page)
    fail(page)

    page.go_back()
    page.goto(f"{live_server.url}{survey(world)}")

    assert until(page, typed) == []
    expect(page.locator(NOTE)).to_contain_text("stands here again")
    press(page, "Save draft", leads_to="/survey/$")
    expect(page.locator("[name=meter_position]")).to_have_value("一楼楼道表箱")
    expect(page.locator(NOTE)).to_have_count(0)
    assert kept(page) == 0


def test_another_person_at_this_browser_sees_nothing_of_it(at, world):
    mine = survey(world)
    page = at(Role.SURVEYOR, mine)
    page.fill("[name=meter_position]", "一楼楼道表箱")
    other = person(Role.SURVEYOR, username="another")
    world.keys["another"] = session(other)
    Step.objects.filter(pk=world.survey_step.pk).update(owner=other)
    assert kept(page) == 1

    page = at("another", mine)

    expect(page.locator("[name=meter_position]")).to_have_value("")
    expect(page.locator(NOTE)).to_have_count(0)
    assert kept(page) == 0
    Step.objects.filter(pk=world.survey_step.pk).update(owner=world.survey_step.owner)
    page = at(Role.SURVEYOR, mine)
    expect(page.locator("[name=meter_position]")).to_have_value("")


def test_whoever_logs_out_leaves_nothing_behind(at, world):
    page = at(Role.SURVEYOR, f"{survey(world)}photos/new/")
    page.set_input_files("[name=picture]", FILE)
    page.fill("[name=caption]", "楼道")
    assert kept(page) == 1

    page.locator("form[action$='/logout/']").evaluate("form => { form.requestSubmit() }")

    page.wait_for_url("**/login/**")
    assert (kept(page), files(page)) == (0, 0)


def test_who_logs_in_again_after_the_session_ended_finds_it(at, world, context, live_server):
    page = at(Role.SURVEYOR, survey(world))
    page.fill("[name=meter_position]", "一楼楼道表箱")
    cookie = {"name": "jiedian_user", "value": page.evaluate("document.body.dataset.user")}
    context.clear_cookies()
    context.add_cookies([cookie | {"url": live_server.url}])
    page.goto(f"{live_server.url}{survey(world)}")
    expect(page.locator("[name=username]")).to_be_visible()

    page = at(Role.SURVEYOR, survey(world))

    expect(page.locator("[name=meter_position]")).to_have_value("一楼楼道表箱")


def test_what_the_server_has_got_meanwhile_is_replaced_only_when_asked(at, world):
    page = at(Role.SURVEYOR, survey(world))
    page.fill("[name=meter_position]", "一楼楼道表箱")
    fail(page)
    step = Step.objects.get(pk=world.survey_step.pk)
    Step.objects.filter(pk=step.pk).update(sheet_edition=step.sheet_edition + 1)

    page = at(Role.SURVEYOR, survey(world))

    field = page.locator("[name=meter_position]")
    expect(field).to_have_value("")
    expect(page.locator(NOTE)).to_contain_text("was changed since")
    page.fill("[name=safety_remarks]", "无")  # nothing of either is lost meanwhile
    page = at(Role.SURVEYOR, survey(world))
    expect(page.locator("[name=safety_remarks]")).to_have_value("无")
    page.locator(f"{NOTE} [data-put-back]:visible").click()
    expect(field).to_have_value("一楼楼道表箱")
    expect(page.locator("[name=safety_remarks]")).to_have_value("无")


def test_a_new_sheet_whose_answer_was_lost_opens_one_case(at, world, live_server):
    page = at(Role.CLERK, "/applications/new/")
    page.fill("[name=customer_name]", "周小川")
    before = Case.objects.count()

    page.context.route("**/applications/new/", swallow)
    with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-error:")):
        page.locator("button[name=save]").evaluate("button => { button.click() }")
    page.context.unroute("**/applications/new/", swallow)
    page.context.clear_cookies(name=SAVED)  # came with the answer
    assert Case.objects.count() == before + 1

    page.goto(f"{live_server.url}/applications/new/")
    expect(page.locator("[name=customer_name]")).to_have_value("周小川")
    with page.expect_navigation():
        page.locator("button[name=save]").evaluate("button => { button.click() }")

    assert Case.objects.count() == before + 1
    assert Application.objects.filter(customer_name="周小川").count() == 1
    assert kept(page) == 0


NEW = "/applications/new/"
LYING = "JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"


def test_an_identity_number_leaves_with_its_window(at, world, context, live_server):
    page = at(Role.CLERK, NEW)
    page.fill("[name=id_number]", ZHAO)
    page.fill("[name=customer_name]", "周小川")
    assert ZHAO not in page.evaluate("JSON.stringify(localStorage)")
    fail(page)
    page.goto(f"{live_server.url}{NEW}")
    expect(page.locator("[name=id_number]")).to_have_value(ZHAO)
    page.close()

    page = context.new_page()
    page.goto(f"{live_server.url}{NEW}")

    expect(page.locator("[name=customer_name]")).to_have_value("周小川")
    expect(page.locator("[name=id_number]")).to_have_value("")
    page.fill("[name=id_number]", ZHAO)
    page.locator("form[action$='/logout/']").evaluate("form => { form.requestSubmit() }")
    page.wait_for_url("**/login/**")
    assert ZHAO not in page.evaluate(LYING)


def test_an_identity_number_shown_masked_is_kept_nowhere(at, world):
    page = at(Role.CLERK, f"{world.survey.get_absolute_url()}correction/")
    page.fill("[name=id_number]", ZHAO)
    page.fill("[name=reason]", "证件")

    assert kept(page) == 1
    assert ZHAO not in page.evaluate(LYING)


def customers(*pages: Page) -> list[str]:
    """Who stands on the new sheet in each window, once what lies here was put back."""
    found = []
    for page in pages:
        page.reload()
        expect(page.locator(NOTE)).to_be_visible()
        found.append(page.input_value("[name=customer_name]"))
    return found


def test_two_windows_of_a_new_application_are_two_sheets(at, world, context, live_server):
    first = at(Role.CLERK, NEW)
    first.fill("[name=customer_name]", "周小川")
    second = context.new_page()
    second.goto(f"{live_server.url}{NEW}")
    second.wait_for_function("async () => (await navigator.locks.query()).held.length === 2")
    assert second.input_value("[name=customer_name]") == ""
    second.fill("[name=customer_name]", "郑大海")

    assert customers(first, second) == ["周小川", "郑大海"]
    for page in (first, second):
        press(page, "Save draft", leads_to=r"/cases/[\d-]+/application/$")

    names = Case.objects.filter(customer_name__in=["周小川", "郑大海"])
    assert sorted(names.values_list("customer_name", flat=True)) == ["周小川", "郑大海"]
    assert kept(first) == 0


def test_a_window_that_is_doubled_keeps_its_own_too(at, world, context):
    first = at(Role.CLERK, NEW)
    first.fill("[name=customer_name]", "周小川")
    with context.expect_page() as doubled:
        first.evaluate("window.open(location.href)")
    second = doubled.value
    second.wait_for_load_state()
    second.fill("[name=customer_name]", "郑大海")

    assert customers(first, second) == ["周小川", "郑大海"]


def test_what_a_closed_window_has_left_is_put_back_in_the_next_one(at, world, context, live_server):
    at(Role.SURVEYOR, "/")
    path = f"{survey(world)}photos/new/"
    closed = context.new_page()
    closed.goto(f"{live_server.url}{path}")
    closed.set_input_files("[name=picture]", FILE | {"buffer": picture("closed").content})
    closed.fill("[name=caption]", "楼道")
    closed.close()

    page = context.new_page()
    page.goto(f"{live_server.url}{path}")

    expect(page.locator("[name=caption]")).to_have_value("楼道")
    expect(page.locator("[data-kept-file]")).to_contain_text("现场.jpg, kept")
    assert (kept(page), files(page)) == (1, 1)
    press(page, "Save", leads_to="/survey/")
    assert Photo.objects.filter(caption="楼道").exists()
    assert (kept(page), files(page)) == (0, 0)


def test_another_customer_over_a_sheet_the_server_has_already_is_not_lost(at, world, live_server):
    """The answer to the first was lost, and its typing was put back: the next one goes over it."""
    page = at(Role.CLERK, NEW)
    page.fill("[name=customer_name]", "周小川")
    page.context.route("**/applications/new/", swallow)
    with page.expect_event("framenavigated", lambda frame: frame.url.startswith("chrome-error:")):
        page.locator("button[name=save]").evaluate("button => { button.click() }")
    page.context.unroute("**/applications/new/", swallow)
    page.context.clear_cookies(name=SAVED)  # came with the answer
    page.goto(f"{live_server.url}{NEW}")
    expect(page.locator(NOTE)).to_be_visible()

    page.fill("[name=customer_name]", "郑大海")
    with page.expect_navigation():
        page.locator("button[name=save]").evaluate("button => { button.click() }")

    expect(page.locator("#errors")).to_contain_text("with other values")
    expect(page.locator("[name=customer_name]")).to_have_value("郑大海")
    press(page, "Save draft", leads_to=r"/cases/[\d-]+/application/$")
    assert Case.objects.filter(customer_name="周小川").count() == 1
    assert Case.objects.filter(customer_name="郑大海").count() == 1
    assert kept(page) == 0


def test_a_full_or_missing_store_breaks_nothing(at, world, context):
    context.add_init_script(
        """const full = new DOMException('full', 'QuotaExceededError');
        Storage.prototype.setItem = () => { throw full };
        Object.defineProperty(window, 'indexedDB', {get: () => undefined});"""
    )
    wrong = []
    page = at(Role.SURVEYOR, f"{survey(world)}photos/new/")
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_input_files("[name=picture]", FILE | {"buffer": picture("another").content})
    page.fill("[name=caption]", "楼道")
    page.select_option("[name=subject]", index=1)

    press(page, "Save", leads_to="/survey/")

    assert wrong == []
    assert Photo.objects.filter(caption="楼道").exists()


def test_a_file_of_a_refused_sheet_is_not_chosen_again(at, world):
    page = at(Role.SURVEYOR, f"{survey(world)}consents/{world.consent.pk}/")
    page.set_input_files("[name=paper]", FILE)
    with page.expect_navigation():
        page.click("main form[data-sheet] button[data-submit]")
    expect(page.locator("#errors")).to_be_visible()
    expect(page.locator("[data-kept-file]")).to_contain_text("现场.jpg, kept")

    page.locator("[name=answer][value=yes]").evaluate("radio => { radio.click() }")
    page.fill("[name=words]", "同意")
    press(page, "Record the answer", leads_to="/survey/")

    world.consent.refresh_from_db()
    assert (world.consent.answer, bool(world.consent.paper)) == ("yes", True)
    assert (kept(page), files(page)) == (0, 0)


def test_a_file_that_is_kept_can_be_taken_away(at, world):
    page = at(Role.SURVEYOR, f"{survey(world)}consents/{world.consent.pk}/")
    page.set_input_files("[name=paper]", FILE)
    with page.expect_navigation():
        page.click("main form[data-sheet] button[data-submit]")
    page.click("[data-kept-file] button")

    expect(page.locator("[data-kept-file]")).to_have_count(0)
    page.locator("[name=answer][value=yes]").evaluate("radio => { radio.click() }")
    press(page, "Record the answer", leads_to="/survey/")
    world.consent.refresh_from_db()
    assert not world.consent.paper


def test_a_bad_file_is_refused_at_its_field_and_is_not_put_back(at, world):
    page = at(Role.SURVEYOR, f"{survey(world)}consents/{world.consent.pk}/")
    page.set_input_files("[name=paper]", FILE | {"buffer": b"MZ" + bytes(200)})
    page.fill("[name=words]", "同意")
    with page.expect_navigation():
        page.click("main form[data-sheet] button[data-submit]")

    expect(page.locator("#id_paper_error")).to_contain_text("By its content")
    expect(page.locator("[name=words]")).to_have_value("同意")
    expect(page.locator("[data-kept-file]")).to_have_count(0)
    assert page.locator("[name=paper]").evaluate("field => field.files.length") == 0
    assert files(page) == 0


def test_every_sheet_that_is_refused_keeps_its_files(at, world):
    lost, rooms = [], set()
    for name, path, role, status in pages(world):
        if status != 200 or not role or name.startswith(NOT_OURS):
            continue
        page = at(role, path)
        chosen = page.locator(f":is({SHEET}) input[type=file]")
        if not chosen.count():
            continue
        for field in chosen.all():
            field.set_input_files(FILE)
        page.locator(SHEET).filter(has=page.locator("input[type=file]")).first.evaluate(
            NOTHING_ELSE
        )
        with page.expect_navigation():
            page.locator(SHEET).filter(has=page.locator("input[type=file]")).first.evaluate(
                "form => { form.requestSubmit(form.querySelector('[data-submit], [type=submit]')) }"
            )
        if not page.locator("#errors, .errors").count():
            continue  # a file alone is enough there
        rooms.add(name.split(":")[0])
        told = page.locator("[data-kept-file]")
        try:
            expect(told).to_have_count(chosen.count())
        except AssertionError:
            lost.append(f"{name}: {told.count()} of {chosen.count()}")
        held = chosen.evaluate_all("fields => fields.map(field => field.files.length)")
        if set(held) != {1}:
            lost.append(f"{name}: {held}")

    assert lost == []
    assert rooms >= {"surveys", "works", "metering", "documents", "applications"}
