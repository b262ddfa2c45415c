"""A customer with nothing but the receipt's QR, on a phone, through the whole life of a case."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.roles import Role
from applications.services import code_of
from fees import services as money
from plans.models import Plan, PlanSource
from surveys.models import Candidate
from tests.browser import PATIENCE, follow
from tests.browser.test_pages import LANGUAGES, overflow, violations
from tests.documents import factories as papers
from tests.factories import person
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from workflow import moves
from workflow.models import Case, Step
from workflow.process import Kind

PHONE = {"width": 390, "height": 844}
SAYS = {
    "en": {
        "survey": "We come and look how you can be supplied with power.",
        "drawing": "We are drawing up your supply plan.",
        "ready": "Your supply plan is ready.",
        "again": "You objected to the plan before; we change it.",
        "nothing": "You need not pay anything now.",
        "bill": "This bill is to be paid.",
        "thanks": "Thank you, we have received it",
        "confirmed": "Thank you: the plan is confirmed.",
        "tick": "Tick the box if you agree.",
        "refused": "By its content this is",
    },
    "zh-hans": {
        "survey": "我们上门查看怎样给您供电。",
        "drawing": "我们正在编制您的供电方案。",
        "ready": "供电方案已出",
        "again": "您对上一版方案提出了异议",
        "nothing": "您目前不需要付任何费用。",
        "bill": "请支付以下账单。",
        "thanks": "谢谢，已收到",
        "confirmed": "谢谢，方案已确认",
        "tick": "如同意，请勾选。",
        "refused": "从内容看",
    },
}


class Phone:
    """The customer's telephone: what it shows is looked at as a whole every time."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page, self.url, self.says = page, url, SAYS[language]
        self.lang = LANGUAGES[language]
        self.complaints: list[str] = []
        page.on("console", self._heard)

    def _heard(self, message) -> None:
        # The browser itself notes that a page answered with 422.
        if message.type == "error" and "422" not in message.text:
            self.complaints.append(message.text)

    def scan(self, case: Case) -> None:
        """The QR of the receipt."""
        code = code_of(case)
        self.page.goto(f"{self.url}/track/{case.number}/{code.code}/")
        assert code.code not in self.page.url

    def look(self, *words: str) -> None:
        """The page anew: it says so, in the language chosen, without a barrier."""
        self.page.goto(self.page.url)
        self.sees(*words)

    def sees(self, *words: str) -> None:
        for word in words:
            expect(self.page.locator("body")).to_contain_text(self.says[word])
        assert self.page.locator("html").get_attribute("lang") == self.lang
        assert self.barriers() == []
        assert overflow(self.page, 390) == []
        self.page.set_viewport_size(PHONE)

    def barriers(self) -> list[str]:
        return violations(self.page)


@pytest.fixture(params=LANGUAGES)
def phone(request, live_server, browser: Browser) -> Iterator[Phone]:
    """A phone in the customer's language, with nobody logged in."""
    context = browser.new_context(viewport=PHONE, locale=LANGUAGES[request.param])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield Phone(page, live_server.url, request.param)
    context.close()


def two_sources(plan: Plan) -> list[PlanSource]:
    """Main and standby: such a plan causes a fee."""
    points = Candidate.objects.filter(survey=plan.survey)
    roles = (PlanSource.Role.MAIN, PlanSource.Role.STANDBY)
    return [
        PlanSource(candidate=point, role=role, capacity_kva=plan.total_kva)
        for point, role in zip(points, roles, strict=False)
    ]


def test_a_customer_walks_the_whole_life_of_a_case_with_the_receipts_qr(phone: Phone):
    case = plans.accepted(
        plans.company(630, customer_class="hv_dual", sources_wanted=2, not_duplicate="同址另一户"),
        papers={"id", "form", "licence_hv_dual"},
    )
    page = phone.page
    phone.scan(case)
    phone.sees("survey", "nothing")

    # A paper that was missing: first a program, then the photo.
    page.locator(".asks .btn").first.click()
    page.set_input_files(
        "input[type=file]",
        {
            "name": "photo.jpg",
            "mimeType": "image/jpeg",
            "buffer": b"MZ" * 500,
        },
    )
    page.click("main form button.btn")
    phone.sees("refused")
    assert case.attachments.count() == 0
    owed = case.papers_owed.owed().count()
    page.set_input_files(
        "input[type=file]",
        {
            "name": "photo.jpg",
            "mimeType": "image/jpeg",
            "buffer": papers.picture(),
        },
    )
    page.click("main form button.btn")
    phone.sees("thanks")
    # It counts once somebody has looked at it.
    assert case.papers_owed.owed().filter(attachment=None).count() == owed - 1

    # The office surveys, draws up the plan, approves and answers it.
    for item in case.papers_owed.owed():
        papers.services.receive(item, by=person(Role.CLERK))
    case = plans.surveyed(case, plans.line("开发 2# 环网柜"), plans.line("滨河 5# 开关站"))
    phone.look("drawing", "nothing")
    plans.answered(case)
    phone.look("ready", "nothing")
    assert page.locator(".bill").count() == 0

    # The customer objects once.
    page.locator(".asks .btn").first.click()
    page.fill("textarea[name=reason]", "备用电源请走南侧。")
    page.click("button[value=object]")
    phone.sees("again", "nothing")
    assert plans.step_of(case).round == 2

    # The second version is confirmed by name, not without the tick.
    plans.answered(Case.objects.get(pk=case.pk))
    phone.look("ready")
    page.locator(".asks .btn").first.click()
    page.fill("input[name=signed_name]", "周敏")
    page.click("button[value=accept]")
    phone.sees("tick")
    assert page.input_value("input[name=signed_name]") == "周敏"
    page.check("input[name=agreed]")
    page.click("button[value=accept]")
    phone.sees("confirmed")
    assert page.locator(".bill").count() == 0
    assert plans.plan_of(case).accepted_how == "online"

    # Only now the bill.
    fees = Case.objects.get(pk=case.pk).step(Kind.FEES)
    money.issue(fees, by=person(Role.BILLER))
    phone.look("bill")
    assert page.locator(".bill").count() == 1
    assert phone.complaints == []


def test_every_ending_of_a_case_is_told_without_a_barrier(phone: Phone):
    refused = papers.counter_case()
    moves.refuse(refused, by=person(Role.SUPERVISOR), reason="电源点容量不足")
    stopped = surveys.at_survey(street="人民路 9 号院", not_duplicate="另一户")
    late = papers.counter_case(street="人民路 12 号院", not_duplicate="另一户")
    Step.objects.filter(case=late, kind=Kind.SURVEY).update(due_on="2026-01-05")
    for case in (refused, stopped, late):
        phone.scan(case)
        phone.sees()
        follow(phone.page, f"a[href='/track/{case.number}/word/']")
        phone.sees()
    phone.page.goto(f"{phone.url}/track/")
    phone.sees()
    phone.page.goto(f"{phone.url}/track/2026-999999/")
    phone.sees()


def test_the_page_is_light_works_without_scripts_and_at_twice_the_size(
    live_server, browser: Browser
):
    case = papers.counter_case()
    context = browser.new_context(
        viewport=PHONE, locale="zh-CN", java_script_enabled=False, device_scale_factor=1
    )
    page, sizes = context.new_page(), []
    page.on(
        "response",
        lambda response: sizes.append(len(response.body())) if response.status == 200 else None,
    )
    page.goto(f"{live_server.url}/track/{case.number}/{code_of(case).code}/")
    page.wait_for_load_state("networkidle")

    assert 0 < sum(sizes) <= 100_000, sizes
    assert page.locator("script").count() == 0
    page.click(".lang button[value=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_contain_text("your request")
    page.locator(".asks .btn").first.click()
    page.set_input_files(
        "input[type=file]",
        {
            "name": "photo.jpg",
            "mimeType": "image/jpeg",
            "buffer": papers.picture(),
        },
    )
    page.click("main form button.btn")
    expect(page.locator("body")).to_contain_text("Thank you, we have received it")
    context.close()

    # Twice the size is half the width.
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en")
    page = context.new_page()
    page.goto(f"{live_server.url}/track/{case.number}/{code_of(case).code}/")
    for width in (195, 320, 1024):
        assert overflow(page, width) == []
    context.close()
