"""The journey: one case of each class from the counter to the archive, through the pages alone.

Each link is done by its own role, in a browser window of their own. Nothing here touches the
database between the first page and the last; only the office itself (people, source points, meters,
the register of firms) stands there before, as it does on any morning.
"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from accounts.models import Unit, User
from demo import office as utility
from metering.models import Meter
from tests.applications.factories import COMPANY, WANG
from tests.browser import follow
from tests.browser.office import Office, fill, press, tick
from workflow.models import Case
from works.models import Acceptance, Grade, Licence

CASE = r"/cases/[0-9-]+/$"
FIRMS = {"contractor": "三级", "designer": "乙级"}


@pytest.fixture
def office(live_server, browser):
    """The utility of the demo, with meters in store and firms in the register."""
    utility.build()
    User.objects.update(language="en")
    hall = Unit.objects.get(code="lhcd")
    for number, phase, rating, voltage, accuracy in (
        ("3201-1", "single", "5(60)", "220", "2.0"),
        ("3201-3", "three", "5(60)", "3×220/380", "1.0"),
        ("3201-10", "three", "1.5(6)", "3×100", "0.5S"),
    ):
        Meter.objects.create(
            asset_number=number,
            unit=hall,
            phase=phase,
            rating_a=rating,
            voltage_v=voltage,
            accuracy=accuracy,
            maker="华立",
        )
    for kind, code in FIRMS.items():
        Licence.objects.create(
            kind=kind,
            number=f"{kind}-417",
            grade=Grade.objects.get(kind=kind, code=code),
            firm=f"江城电力{kind}公司",
            unified_code="91320102MA1XYZ1239",
            installs=kind == "contractor",
            issued_by="国家能源局江苏监管办公室",
            valid_from=timezone.localdate() - timedelta(days=700),
            valid_to=timezone.localdate() + timedelta(days=900),
        )
    made = Office(browser, live_server.url)
    yield made
    made.close()


def now(**ago: int) -> str:
    return f"{timezone.localtime() - timedelta(**ago):%Y-%m-%dT%H:%M}"


def photo(colour: str = "grey") -> dict:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def someone(name: str) -> dict:
    """The person in a list of people, by the name shown."""
    return {"value": str(User.objects.get(username=name).pk)}


# One link after the other ---------------------------------------------------------------------


HOUSEHOLD = {
    "customer_class": "lv_residential",
    "customer_type": "person",
    "customer_name": "王小明",
    "id_type": "resident_id",
    "id_number": WANG,
    "room": "3-201",
    "category": "residential",
    "voltage": "220v",
    "new_kw": "8",
}
SHOP = {
    "customer_class": "lv_other",
    "customer_type": "company",
    "customer_name": "江城春风餐饮有限公司",
    "id_type": "credit_code",
    "id_number": COMPANY,
    "legal_representative": "周敏",
    "contact_name": "冯磊",
    "category": "commercial",
    "trade": "餐饮",
    "voltage": "380v",
    "new_kw": "45",
    "customer_works": True,
}
PLANT = {
    **SHOP,
    "customer_class": "hv_single",
    "customer_name": "江城裕丰冷链物流有限公司",
    "voltage": "10kv",
    "new_kw": "300",
    "new_kva": "400",
    "concealed_works": True,
}
HOSPITAL = {
    **PLANT,
    "customer_class": "hv_dual",
    "customer_name": "江城第二医院",
    "sources_wanted": "2",
    "importance": "second",
}


def take_application(office: Office, sheet: dict) -> None:
    """The clerk takes the application with every paper, and accepts it."""
    page = office.window("sunyue")
    page.goto(f"{office.url}/")
    follow(page, "header.bar a[href$='/applications/new/']")
    fill(
        page,
        {
            "business_type": "new",
            "phone": "13900004217",
            "district": "临湖区",
            "street": "人民路 8 号院",
            "existing_supply": "none",
            **sheet,
            "equipment-0-name": "空调",
            "equipment-0-quantity": "2",
            "equipment-0-unit_kw": "1.5",
        },
    )
    press(page, "Check", leads_to="new/$")
    tick(page, "paper")
    press(page, "Accept", leads_to=CASE)
    office.case_url = page.url
    office.signer = sheet.get("legal_representative") or sheet["customer_name"]


def take_in_papers(office: Office) -> None:
    """The customer brings what is owed, and the clerk takes it in."""
    page = office.case("sunyue")
    follow(page, "main a[href$='/papers/'] >> nth=0")
    while (link := page.locator("main a:has-text('Take in')")).count():
        with page.expect_navigation():
            link.first.click()
        press(page, "Record", leads_to="/papers/$")


def survey(office: Office, *points: str, high: bool = False, **found) -> None:
    """The surveyor measures, photographs and signs."""
    page = office.sheet("lina", "Site survey", "survey")
    for name in points:
        follow(page, "main a[href$='/survey/points/new/'] >> nth=0")
        fill(page, {"source_point": {"label": point_label(page, name)}, "distance_m": 20})
        fill(page, {"cable_m": 25, "works_days": 3, "workable": "True"})
        press(page, "Save", leads_to="/survey/$")
    follow(page, "main a[href$='/survey/photos/new/'] >> nth=0")
    fill(page, {"picture": photo(), "caption": "接户点"})
    press(page, "Save", leads_to="/survey/")
    page.goto(f"{office.case_url}survey/")
    fill(
        page,
        {
            "on_site_at": now(minutes=40),
            "surveyor": someone("lina"),
            "found_supply": "none",
            "load_grade": "2" if high else "3",
            "phase": "three" if high else "single",
            "meter_position": "单元表箱",
            "box_slots": 6,
            "box_slots_free": 2,
            "can_supply": "True",
            "customer_signed_name": office.signer,
            "signature": photo("white"),
            "loads-0-name": "空调",
            "loads-0-quantity": 2,
            "loads-0-unit_kw": "1.5",
            **({"second_surveyor": someone("matao")} if high else {}),
            **found,
        },
    )
    press(page, "Sign the survey", leads_to=CASE)
    if high:
        confirm(office, "matao", "survey")


def confirm(office: Office, second: str, sheet: str) -> None:
    """The second person finds it on their desk and confirms what the first has signed."""
    page = office.window(second)
    page.goto(f"{office.url}/")
    follow(page, f"main a[href$='/{sheet}/confirm/']")
    fill(page, {"decision": "confirm"})
    press(page, "Hand in", leads_to=CASE)


def point_label(page, name: str) -> str:
    """How the list of source points writes this one."""
    options = page.locator("[name=source_point] option").all_inner_texts()
    return next(text for text in options if name in text)


def plan(office: Office, kva: int, approvers: tuple[str, ...] = ("wuguohua",), **more) -> None:
    """Drawn, approved, answered, accepted."""
    page = office.sheet("chenzhiqiang", "Supply plan", "plan")
    if "sources-1-candidate" in more:
        page.click("main button:has-text('One source more')")
    fill(
        page,
        {
            "total_kva": kva,
            "property_boundary": "表箱出线开关",
            "primary_wiring": "单电源放射式",
            "meter_type": "智能表",
            "meter_accuracy": "2.0",
            "protection": "过流、剩余电流",
            "sources-0-candidate": {"index": 1},
            "sources-0-capacity_kva": kva,
            **more,
        },
    )
    press(page, "Submit for approval", leads_to=CASE)
    for username in approvers:
        page = office.sheet(username, "Supply plan", "plan/approve")
        fill(page, {"remark": "同意"})
        press(page, "Approve the plan", leads_to=CASE)
    page = office.sheet("chenzhiqiang", "Supply plan", "plan/answer")
    fill(page, {"how": "counter"})
    press(page, "Answer the customer", leads_to=CASE)
    page = office.sheet("sunyue", "Supply plan", "plan/decide")
    fill(page, {"decision": "accept", "signed_name": office.signer, "how": "signature"})
    fill(page, {"evidence": photo()})
    press(page, "Record the decision", leads_to=CASE)


def hand_in(office: Office, username: str, step: str, place: str):
    """The customer's turn: the file or the request is recorded; the sheet opens."""
    page = office.sheet(username, step, place)
    fill(page, {"from_whom": "冯磊", "what": "资料一套"})
    press(page, "Record", leads_to=f"/{place}/$")
    return page


def qualify(office: Office, step: str, kind: str, voltage: str, kva: str) -> None:
    page = hand_in(office, "hejing", step, kind)
    fill(
        page,
        {
            "licence": f"{kind}-417",
            "checked_voltage": voltage,
            "checked_kva": kva,
            "scope_ok": "True",
            "grade_ok": "True",
            "stamp_ok": "True",
            "originals": "seen",
            "decision": "passed",
        },
    )
    press(page, "Sign", leads_to=CASE)


def drawings(office: Office) -> None:
    page = hand_in(office, "hejing", "Drawing review", "drawings")
    fill(
        page,
        {
            "title": "10 kV 配电所",
            "licence": "designer-417",
            "drawings-0-kind": {"index": 1},
            "drawings-0-number": "A-01",
            "drawings-0-title": "一次接线图",
            "drawings-0-file": photo("white"),
            "follows_plan": "True",
            "power_quality_ok": "True",
            "protection_ok": "True",
            "own_source_ok": "True",
            "decision": "passed",
        },
    )
    press(page, "Sign", leads_to=CASE)


def check(office: Office, step: str, place: str, **more) -> None:
    """An inspection on site: every item in order."""
    page = hand_in(office, "zhengkai", step, place)
    for control in page.locator("main select[name^='items-'][name$='-result']").all():
        row = (control.get_attribute("name") or "").rsplit("-", 1)[0]
        if page.locator(f"[name='{row}-item']").input_value():
            control.select_option("ok")
    fill(page, {"inspected_at": now(), "inspector": someone("zhengkai"), **more})
    fill(page, {"result": "passed"})
    press(page, "Sign", leads_to=CASE)


def acceptance(office: Office, *, high: bool) -> None:
    equipment = {
        "equipment-0-type": "transformer",
        "equipment-0-kva": 400,
        "equipment-0-maker": "苏变",
        "equipment-0-serial": "T-417",
    }
    check(
        office,
        "Completion acceptance",
        "acceptance",
        **dict.fromkeys(Acceptance.PAPERS, True),
        **(equipment if high else {}),
    )


def no_fee(office: Office) -> None:
    page = office.sheet("tangli", "Fees", "fees")
    press(page, "Confirm that nothing is due", leads_to=CASE)


def fee(office: Office) -> None:
    """Billed by one, collected by another."""
    page = office.sheet("tangli", "Fees", "fees")
    press(page, "Issue the bill", leads_to="/fees/$")
    page = office.sheet("xumin", "Fees", "fees")
    follow(page, "main a[href$='/fees/payment/']")
    fill(page, {"method": "transfer", "reference": "0417", "payer": "江城第二医院"})
    press(page, "Receive payment", leads_to="/fees/$")


def contract(office: Office) -> None:
    """Drawn from the accepted plan, signed by both."""
    page = office.sheet("gaomin", "Supply contract", "contract")
    press(page, "Draw the contract", leads_to="/contract/$")
    follow(page, "main a[href$='/contract/customer/']")
    fill(page, {"signed_how": {"index": 1}, "evidence": photo()})
    press(page, "Record the signature", leads_to="/contract/$")
    press(page, "Sign for the utility", leads_to=CASE)


def meter(office: Office, asset: str) -> None:
    """The meter hangs, sealed and read; then the power is switched on."""
    page = office.sheet("luogang", "Meter and power on", "meter")
    fill(
        page,
        {
            "meter": asset,
            "reading_total": 0,
            "seals-0-place": "meter",
            "seals-0-number": f"F-{asset}",
            "installed_at": now(minutes=2),
            "installer": someone("luogang"),
            "second_installer": someone("fangyong"),
            "customer_signed_name": office.signer,
            "customer_signed_at": now(minutes=1),
            "photos-0-shows": "signature",
            "photos-0-file": photo(),
        },
    )
    press(page, "Sign", leads_to="/meter/$")
    confirm(office, "fangyong", "meter")
    page = office.sheet("luogang", "Meter and power on", "meter")
    fill(
        page,
        {
            "energized_at": now(),
            "operator": someone("luogang"),
            "phase_order_ok": "True",
            "meter_runs": "True",
            "result": "on",
        },
    )
    press(page, "", leads_to=CASE)


def call_back(office: Office) -> None:
    page = office.sheet("sunyue", "Call-back", "callback")
    fill(
        page,
        {
            "spoke_with": "王小明",
            "reached": True,
            "satisfaction": "5",
            "power_quality_ok": "True",
            "on_time": "True",
            "charged_beyond_bill": "False",
        },
    )
    press(page, "", leads_to=CASE)


def assert_archived(office: Office) -> None:
    """The case is closed, its chain verifies, and no page complained on the way."""
    take_in_papers(office)
    page = office.case("auditor")
    assert "Archived" in page.locator("main").inner_text()
    case = Case.objects.get()
    assert case.state == "archived"
    assert office.complaints == []


# The four classes -----------------------------------------------------------------------------


def test_a_household(office):
    take_application(office, HOUSEHOLD)
    survey(office, "育才街")
    take_in_papers(office)
    plan(office, 8)
    contract(office)
    meter(office, "3201-1")
    call_back(office)
    assert_archived(office)


def test_a_shop_that_builds_its_own_works(office):
    take_application(office, SHOP)
    survey(office, "育才街", phase="three", customer_works=True)
    take_in_papers(office)
    plan(office, 45)
    qualify(office, "Contractor qualification", "contractor", "380v", "45")
    acceptance(office, high=False)
    contract(office)
    meter(office, "3201-3")
    call_back(office)
    assert_archived(office)


def test_a_plant_with_concealed_works(office):
    take_application(office, PLANT)
    survey(office, "工业大道", high=True, customer_works=True, concealed_works=True)
    take_in_papers(office)
    plan(office, 400, ct_ratio="50/5", pt_ratio="10/0.1", power_factor="0.90")
    qualify(office, "Designer qualification", "designer", "10kv", "400")
    qualify(office, "Contractor qualification", "contractor", "10kv", "400")
    covered = {"photos-0-file": photo("brown"), "photos-0-shows": "电缆沟"}
    covered |= {"photos-0-before_covering": True, "may_cover": "True", "works": "电缆沟"}
    check(office, "Mid-check", "mid-check", **covered)
    acceptance(office, high=True)
    contract(office)
    meter(office, "3201-10")
    call_back(office)
    assert_archived(office)


def test_a_hospital_with_two_sources(office):
    take_application(office, HOSPITAL)
    found = {"customer_works": True, "concealed_works": True}
    survey(office, "工业大道", "健康 115", high=True, **found)
    take_in_papers(office)
    second = {"sources-1-candidate": {"index": 2}, "sources-1-role": "standby"}
    two = {**second, "sources-1-capacity_kva": 400, "emergency_kva": 200, "power_factor": "0.90"}
    plan(office, 400, ("wuguohua", "qianwei"), ct_ratio="50/5", pt_ratio="10/0.1", **two)
    qualify(office, "Designer qualification", "designer", "10kv", "400")
    drawings(office)
    qualify(office, "Contractor qualification", "contractor", "10kv", "400")
    covered = {"photos-0-file": photo("brown"), "photos-0-shows": "电缆沟"}
    covered |= {"photos-0-before_covering": True, "may_cover": "True", "works": "电缆沟"}
    check(office, "Mid-check", "mid-check", **covered)
    acceptance(office, high=True)
    fee(office)
    contract(office)
    meter(office, "3201-10")
    call_back(office)
    assert_archived(office)
