"""What could be lost on the tablet itself: photos still being read, a second tab, a full disk."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, expect

from accounts.roles import Role
from field.models import Record
from surveys.models import Photo, SourcePoint
from tests.browser import tablet as hand
from tests.factories import person
from tests.field import factories as make
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow.models import Step
from workflow.process import Kind
from works.models import CheckPhoto

tablets = hand.tablets
PHOTOS = 12
SHOWN = "form:not([hidden]) .fshot canvas:not([hidden])"


def large(folder: Path, count: int) -> list[Path]:
    """Photos as a camera writes them: nine million pixels, about a megabyte."""
    found = []
    for number in range(count):
        noise = Image.effect_noise((375, 375), 40 + number).convert("RGB")
        found.append(folder / f"{number}.jpg")
        noise.resize((3000, 3000)).save(found[-1], "JPEG", quality=85)
    return found


def _visit() -> tuple[Step, hand.User]:
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    return step, lina


def _pressed(page) -> None:
    """The button that closes the sheet, at once, whatever goes on."""
    page.locator("#tabs button:not(.sheet-tab)").last.tap()
    page.locator("#next").tap()


def _kept(page, name: str, value: str, seconds: int = 20) -> None:
    """What was written lies in the store of the tablet."""
    hand.until(
        page,
        f"""Field.records().then((all) => all.some(({{ fields }}) =>
            fields.some(([name, value]) => name === "{name}" && value === "{value}")))""",
        seconds,
    )


def _read_or_gone(page, count: int) -> None:
    """All photos lie on the sheet, or the sheet is closed."""
    hand.until(
        page,
        f"""location.pathname === "/field/"
            || !document.querySelector("#next").disabled
                && document.querySelectorAll("{SHOWN}").length >= {count}""",
        seconds=60,
    )


def test_a_sheet_closed_at_once_takes_every_photo_still_being_read(tablets, tmp_path):
    step, lina = _visit()
    tablet = tablets(lina)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step, "attempt")
    hand.put(page, {"at": hand.minute(), "outcome": "no_access", "evidence": "敲门无人应"})
    hand.to(page, "photos-TOTAL_FORMS")
    page.set_input_files("#attempt-many", large(tmp_path, PHOTOS))
    _pressed(page)
    _read_or_gone(page, PHOTOS)
    if "/visits/" in page.url:  # it said that photos are still being read
        hand.close(page)
    page.wait_for_url("**/field/")
    assert [(r["state"], r["files"]) for r in hand.records(page)] == [("waiting", PHOTOS)]

    hand.sent(tablet)

    assert Record.objects.get().state == Record.State.APPLIED
    assert Photo.objects.count() == PHOTOS


def test_a_check_signed_at_once_takes_every_photo_still_being_read(tablets, tmp_path):
    step = works.received(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    SourcePoint.objects.update(rated_kva=100_000)
    inspector = works.worker(Kind.MID_CHECK)
    Step.objects.filter(pk=step.pk).update(owner=inspector)
    tablet = tablets(inspector)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step)
    for number in range(step.check_items.count()):
        hand.put(page, {f"items-{number}-result": "ok"})
    hand.put(page, {"inspector": inspector.pk, "result": "passed", "may_cover": "True"})
    hand.to(page, "photos-TOTAL_FORMS")
    sheet = page.locator("form.fform:not([hidden])").get_attribute("data-sheet")
    page.set_input_files(f"#{sheet}-many", large(tmp_path, PHOTOS))
    _pressed(page)
    _read_or_gone(page, PHOTOS)
    if "/visits/" in page.url:  # what each photo shows is still to be said
        for number in range(PHOTOS):
            hand.put(page, {f"photos-{number}-shows": "电缆沟"})
        hand.put(page, {"photos-0-before_covering": True})
        hand.close(page)
    page.wait_for_url("**/field/")
    assert [(r["state"], r["files"]) for r in hand.records(page)] == [("waiting", PHOTOS)]

    hand.sent(tablet)

    assert CheckPhoto.objects.count() == PHOTOS


def test_a_second_tab_of_the_visit_overwrites_nothing_and_says_why(tablets):
    step, lina = _visit()
    tablet = tablets(lina)
    first = tablet.page
    tablet.offline()
    first.reload()
    hand.begin(first, step)
    hand.put(first, {"meter_position": "一楼"})
    _kept(first, "meter_position", "一楼")

    second = first.context.new_page()
    second.set_default_timeout(3000)
    second.goto(first.url)
    second.wait_for_load_state()
    hand.put(first, {"meter_position": "二楼表箱"})
    _kept(first, "meter_position", "二楼表箱")
    with suppress(Error, AssertionError):  # it may refuse to be written on
        hand.ready(second)
        hand.put(second, {"load_grade": 3})
        _kept(second, "load_grade", "3", seconds=3)

    written = [dict(map(tuple, r["fields"])).get("meter_position") for r in hand.records(first)]
    assert "二楼表箱" in written
    expect(second.locator("#notes")).not_to_be_empty()
    first.reload()
    hand.ready(first)
    assert hand.to(first, "meter_position").input_value() == "二楼表箱"


def test_a_full_disk_is_said_until_it_is_better_and_keeps_the_earlier_photos(tablets):
    step, lina = _visit()
    context, wire = tablets.fresh(lina)
    # Said before anything is opened: Chromium asks for the room only every half minute.
    session = context.new_cdp_session(context.new_page())
    full = {"origin": wire.url, "quotaSize": 8_000_000}
    session.send("Storage.overrideQuotaForOrigin", full)
    tablet = hand.Tablet(hand.today(context, wire.url), wire)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step, "attempt")
    hand.put(page, {"at": hand.minute(), "outcome": "no_access", "evidence": "敲门无人应"})
    hand.shoot(page, [make.picture(n, 300) for n in range(3)])
    note, shown = page.locator("[data-note=photo]"), page.locator(SHOWN)
    for _photo in range(8):  # of two megabytes each, until the disk is full
        count = shown.count()
        page.set_input_files("#attempt-many", [_heavy(_photo)])
        hand.until(
            page,
            f"""document.querySelector("[data-note=photo]")
                || document.querySelectorAll("{SHOWN}").length > {count}""",
        )
        if note.count():
            break

    expect(note).to_contain_text("NOT kept")
    [before] = hand.records(page)
    assert 3 <= before["files"] == shown.count()
    usage = page.evaluate("navigator.storage.estimate().then((it) => it.usage)")
    a_little_room = {"origin": wire.url, "quotaSize": usage + 500_000}
    session.send("Storage.overrideQuotaForOrigin", a_little_room)
    hand.put(page, {"evidence": "敲门无人应，电话不通"})
    _kept(page, "evidence", "敲门无人应，电话不通")
    expect(page.locator("#notes")).to_contain_text("NOT kept")  # the photo still is not
    [after] = hand.records(page)
    assert after["sums"] == before["sums"]

    session.send("Storage.overrideQuotaForOrigin", {"origin": wire.url})
    page.set_input_files("#attempt-many", [_heavy(100)])
    expect(shown).to_have_count(before["files"] + 1)
    expect(note).to_have_count(0)
    hand.close(page)
    page.wait_for_url("**/field/")
    hand.sent(tablet)
    assert Photo.objects.count() == before["files"] + 1


def _heavy(number: int) -> dict:
    """A photo that stays heavy: two megabytes of noise."""
    out = BytesIO()
    Image.effect_noise((1800, 1800), 100 + number).save(out, "JPEG", quality=95)
    return {"name": f"heavy-{number}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


# The rescue file ----------------------------------------------------------------------------------


def _rescued(tablet: hand.Tablet, folder: Path) -> Path:
    """The rescue file as the browser writes it."""
    with tablet.page.expect_download() as download:
        tablet.page.click("[data-rescue]")
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_rescue_file_goes_on_from_another_tablet_and_nothing_is_doubled(tablets, tmp_path):
    step, lina = _visit()
    broken = tablets(lina)
    broken.offline()
    broken.page.reload()
    hand.attempt(broken.page, step, "敲门无人应", [make.picture(n, 90) for n in range(3)])
    file = _rescued(broken, tmp_path)

    other = tablets(lina)
    other.page.set_input_files("[data-take-in]", file)
    expect(other.page.locator("[data-note=rescue]")).to_be_visible()
    hand.all_gone(other.page)
    hand.sent(broken)  # found again, and switched on

    assert Record.objects.get().files.count() == 3
    stored = hand.stored()
    assert len(stored) == 3
    assert all(named == found for named, found in stored.items())


def test_a_rescue_file_is_taken_in_by_nobody_else_and_a_broken_one_says_so(tablets, tmp_path):
    step, lina = _visit()
    tablet = tablets(lina)
    tablet.offline()
    tablet.page.reload()
    hand.attempt(tablet.page, step, "敲门无人应", [make.picture(1, 90)])
    file = _rescued(tablet, tmp_path)
    cut = tmp_path / "cut.zip"
    cut.write_bytes(file.read_bytes()[:-200])

    other = tablets(person(Role.SURVEYOR, username="matao"))
    for wrong in (file, cut):
        other.page.set_input_files("[data-take-in]", wrong)
        expect(other.page.locator("[data-note=rescue]")).to_be_visible()
        assert hand.records(other.page) == []
        other.page.reload()
        hand.until(other.page, "document.body.dataset.kept !== undefined")
    assert not Record.objects.exists()


# Read again ---------------------------------------------------------------------------------------


def test_a_closed_sheet_that_waits_can_be_read_and_not_written_on(tablets):
    step, lina = _visit()
    tablet = tablets(lina)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step)
    hand.put(page, {"neighbour_meter": "表 0042"})
    hand.put_aside(page)

    page.click(f"[data-step='{step.pk}'] [data-open]")
    hand.ready(page)

    control = hand.to(page, "neighbour_meter")
    assert control.input_value() == "表 0042"
    assert page.locator("form[data-sheet='survey']").evaluate("form => form.inert")
    expect(page.locator("[data-note=closed]")).to_be_visible()
    page.locator("#tabs button:not(.sheet-tab)").last.tap()
    expect(page.locator("#next")).to_be_disabled()
    expect(page.locator("#draft")).to_be_hidden()


def test_signing_asks_for_what_it_decides_and_a_mended_field_is_marked_no_more(tablets):
    step, lina = _visit()
    page = tablets(lina).page
    hand.begin(page, step)
    tabs = page.locator("#tabs button:not(.sheet-tab)")
    tabs.last.tap()
    page.locator("#next").tap()

    expect(page.locator("[data-note=check]")).to_be_visible()
    hand.to(page, "can_supply")
    decision = page.locator(".f.bad:has([name=can_supply])")
    expect(decision).to_have_count(1)
    page.locator("[name=can_supply][value=True]").locator("xpath=ancestor::label").tap()
    expect(decision).to_have_count(0)
    assert page.locator("#tabs .wrong").count() > 0
