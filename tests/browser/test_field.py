"""The field in a real browser: four sheets without a signal, and a wire cut again and again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import User
from documents.models import Attachment
from field.models import Chunk, Record
from metering import services as metering
from metering.models import Energization, Installation, Meter, Removal
from surveys.models import Photo, SourcePoint, Survey, Visit
from tests.browser import follow
from tests.browser import tablet as hand
from tests.browser.test_pages import violations
from tests.field import factories as make
from tests.metering import factories as meters
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow.models import Step
from workflow.process import BusinessType, ExistingSupply, Kind

tablets = hand.tablets
PHOTOS = 12


def offline(tablet) -> None:
    """No signal, and the page begun anew without it."""
    tablet.offline()
    tablet.page.reload()


# Buttons, and links and labels that look like one, below 48 pixels.
SMALL = """() => [...document.querySelectorAll("button, a.btn, label.btn")]
    .map((e) => [e.textContent.trim() || e.getAttribute("aria-label"), e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < 47.5 || box.width < 47.5))
    .map(([name, box]) => `${name}: ${Math.round(box.width)} × ${Math.round(box.height)}`)"""


@dataclass
class Look:
    """How a walk looks at what it passes: a language and a size."""

    language: str
    size: tuple[int, int]

    def at(self, page, name: str) -> None:
        """axe has nothing against it, a glove finds every button, nothing scrolls sideways."""
        assert violations(page) == [], name
        assert page.evaluate(SMALL) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= self.size[0], name
        if folder := os.environ.get("JIEDIAN_SCREENSHOTS"):
            name = f"field-{name}.{self.language}.{self.size[0]}.png"
            page.screenshot(path=Path(folder) / name)

    def at_every_section(self, page, name: str) -> None:
        tabs = page.locator("#tabs button:not(.sheet-tab)")
        for number in range(tabs.count()):
            tabs.nth(number).tap()
            self.at(page, f"{name}-{number}")

    def says(self, text: str) -> str:
        with translation.override(self.language):
            return gettext(text)


def of(look: Look, user: User) -> User:
    """The person, who reads that language."""
    User.objects.filter(pk=user.pk).update(language=look.language)
    return User.objects.get(pk=user.pk)


def done(step: Step) -> bool:
    return Step.objects.get(pk=step.pk).state == Step.State.DONE


def closed(page) -> None:
    hand.close(page)
    page.wait_for_url("**/field/")


EN, ZH = "en", "zh-hans"
WALKED = [Look(EN, hand.ACROSS), Look(ZH, hand.UPRIGHT)]
LOOKED_AT = [Look(EN, hand.UPRIGHT), Look(ZH, hand.ACROSS)]


def named(look: Look) -> str:
    return f"{look.language}-{look.size[0]}"


@pytest.mark.parametrize("look", WALKED, ids=named)
def test_every_sheet_is_done_without_a_signal_and_the_cases_move_on(tablets, look):
    steps = _a_day_of_work()
    photos = [make.picture(n, 600) for n in range(PHOTOS)]
    _survey(tablets, steps["survey"], look, photos)
    _checks(tablets, steps, look, photos)
    _meter(tablets, steps[Kind.METER], look, photos)
    _removal(tablets, steps["removal"], look, photos)


@pytest.mark.parametrize("look", LOOKED_AT, ids=named)
def test_every_section_of_every_sheet_reads_well_the_other_way_round(tablets, look):
    steps = _a_day_of_work()
    workers = {}
    for name, step in steps.items():
        workers.setdefault(Step.objects.get(pk=step.pk).owner, []).append((name, step))
    for user, visits in workers.items():
        tablet = tablets(of(look, user), look.size)
        page = tablet.page
        look.at(page, "today")
        tablet.offline()
        for name, step in visits:
            page.goto(f"{tablet.wire.url}/field/")
            hand.begin(page, step)
            look.at_every_section(page, str(name))
        hand.begin_attempt(page)
        look.at_every_section(page, f"attempt-{name}")


def begin_survey(page) -> None:
    """What is found on site, and the point to connect to."""
    hand.put(
        page,
        {
            "found_supply": "none",
            "load_grade": 3,
            "phase": "single",
            "meter_position": "一楼楼道表箱",
        },
    )
    hand.row(page, "points")
    hand.put(
        page,
        {
            "points-0-name": "院内 2# 分支箱",
            "points-0-rated_kva": 100,
            "points-0-committed_kva": 20,
            "points-0-distance_m": 42,
            "points-0-workable": "True",
        },
    )


def _survey(tablets, step: Step, look: Look, photos: list[bytes]) -> None:
    tablet = tablets(of(look, surveys.surveyor()), look.size)
    page = tablet.page
    look.at(page, "today")
    offline(tablet)
    hand.begin(page, step)
    begin_survey(page)
    hand.shoot(page, photos)
    hand.put(page, {"can_supply": "True", "customer_signed_name": "王小明"})
    hand.draw(page, look.says("Customer's signature"))
    page.reload()  # what was written is there again, photos included
    hand.ready(page)
    assert hand.to(page, "meter_position").input_value() == "一楼楼道表箱"
    assert page.locator(".fshot canvas:not([hidden])").count() == PHOTOS + 1
    look.at_every_section(page, "survey")
    closed(page)
    assert [(r["state"], r["files"]) for r in hand.records(page)] == [("waiting", PHOTOS + 1)]
    look.at(page, "waiting")
    assert not Record.objects.exists()

    hand.sent(tablet)

    told = [
        (r["state"], r["receipt"] and r["receipt"]["errors"], r["files"])
        for r in hand.records(page)
    ]
    assert told == [("applied", {}, 0)]
    assert done(step)
    assert Photo.objects.count() == PHOTOS + 1
    assert {p.longitude is not None and p.accuracy_m for p in Photo.objects.all()} == {6}


def _checks(tablets, steps: dict[str, Step], look: Look, photos: list[bytes]) -> None:
    tablet = tablets(of(look, works.worker(Kind.MID_CHECK)), look.size)
    page = tablet.page
    offline(tablet)
    for kind in (Kind.MID_CHECK, Kind.ACCEPTANCE):
        hand.begin(page, steps[kind])
        _check(page, steps[kind], look, photos)
        look.at_every_section(page, kind.value)
        closed(page)
    before = Record.objects.count()

    hand.sent(tablet)

    assert Record.objects.count() == before + 2
    for kind in (Kind.MID_CHECK, Kind.ACCEPTANCE):
        assert done(steps[kind]), hand.records(page)


def _check(page, step: Step, look: Look, photos: list[bytes]) -> None:
    for number in range(step.check_items.count()):
        hand.put(page, {f"items-{number}-result": "ok"})
    hand.put(page, {"inspector": works.worker(step.kind).pk, "result": "passed"})
    hand.shoot(page, photos[:2])
    for number in range(2):
        hand.put(page, {f"photos-{number}-shows": "电缆沟"})
    if step.kind == Kind.MID_CHECK:
        hand.put(page, {"may_cover": "True", "photos-0-before_covering": True})
    else:
        hand.row(page, "equipment")
        hand.put(
            page,
            {
                "equipment-0-type": "transformer",
                "equipment-0-kva": 800,
                "papers_not_needed": "无继电保护",
            },
        )
    hand.put(page, {"customer_present": "王小明"})
    signature = look.says("Customer's signature")
    here = page.locator("form:not([hidden]) .fsec:not([hidden])")
    if here.get_by_role("button", name=signature).count():
        hand.draw(page, signature)


def _meter(tablets, step: Step, look: Look, photos: list[bytes]) -> None:
    fitter, second = meters.fitters()
    tablet = tablets(of(look, fitter), look.size)
    page = tablet.page
    offline(tablet)
    hand.begin(page, step)
    hand.put(
        page,
        {
            "meter": "3200000001",
            "reading_total": 0,
            "installer": fitter.pk,
            "second_installer": second.pk,
            "customer_signed_name": "王小明",
            "customer_signed_at": hand.minute(),
        },
    )
    hand.row(page, "seals")
    hand.put(page, {"seals-0-place": "meter", "seals-0-number": "S-1"})
    hand.shoot(page, photos[:1])
    hand.put(page, {"photos-0-shows": "signature"})
    look.at_every_section(page, "order")
    hand.close(page)
    hand.put(
        page,
        {
            "operator": fitter.pk,
            "phase_order_ok": "True",
            "meter_runs": "True",
            "result": "on",
        },
    )
    look.at_every_section(page, "power")
    closed(page)
    assert len(hand.records(page)) == 2

    hand.sent(tablet)

    # Power on waits as a draft until the second technician has confirmed the work order.
    assert [r["state"] for r in hand.records(page)] == ["applied", "kept"], hand.records(page)
    metering.confirm(Installation.objects.get(step=step), by=second)
    assert Energization.objects.get(step=step).result == "on"


def _removal(tablets, step: Step, look: Look, photos: list[bytes]) -> None:
    fitter, second = meters.fitters()
    tablet = tablets(of(look, fitter), look.size)
    page = tablet.page
    offline(tablet)
    hand.begin(page, step)
    hand.put(
        page,
        {
            "asset_number": "3200000009",
            "reading_total": 4821,
            "installer": fitter.pk,
            "second_installer": second.pk,
            "customer_signed_name": "王小明",
            "customer_signed_at": hand.minute(),
        },
    )
    hand.shoot(page, photos[:1])
    hand.put(page, {"photos-0-shows": "signature"})
    look.at_every_section(page, "removal")
    closed(page)

    hand.sent(tablet)

    assert [r["state"] for r in hand.records(page)] == ["applied"], hand.records(page)
    metering.confirm(Removal.objects.get(step=step), by=second)
    assert done(step)
    assert Meter.objects.get(asset_number="3200000009").state == Meter.State.REMOVED


def _a_day_of_work() -> dict[str, Step]:
    """A case at each step on site, each with its worker."""
    found = {"survey": make.step_of(surveys.at_survey())}
    for kind in (Kind.MID_CHECK, Kind.ACCEPTANCE):
        found[kind] = works.received(works.case_at(kind), kind)
        SourcePoint.objects.update(rated_kva=100_000)
    meters.meter()
    found[Kind.METER] = meters.case_at(not_duplicate="第四户").step(Kind.METER)
    meters.meter("3200000009", state=Meter.State.INSTALLED)
    leaving = meters.case_at(
        business_type=BusinessType.CLOSING,
        existing_supply=ExistingSupply.OWN,
    )
    found["removal"] = leaving.step(Kind.METER)
    fitter = meters.fitters()[0]
    owners = {"survey": surveys.surveyor(), Kind.METER: fitter, "removal": fitter}
    for kind, step in found.items():
        owner = owners.get(kind) or works.worker(kind)
        Step.objects.filter(pk=step.pk).update(owner=owner)
    return found


# Cut off ------------------------------------------------------------------------------------------

# `JIEDIAN_CUTS=200` takes three minutes.
CUTS = int(os.environ.get("JIEDIAN_CUTS", "40"))


def _whole_or_nothing(page) -> None:
    """Never silently short: the server has all photos of a record or none, or says how many."""
    assert Photo.objects.count() == PHOTOS * Visit.objects.count()
    for record in hand.records(page):
        if record["state"] == "waiting":
            assert record["files"] == PHOTOS  # the tablet keeps its copy
    applied = Record.objects.filter(state=Record.State.APPLIED)
    assert applied.count() == Visit.objects.count()
    for record in Record.objects.filter(state=Record.State.ARRIVING):
        assert record.files.count() == PHOTOS


def test_a_wire_cut_at_every_other_place_loses_nothing_and_doubles_nothing(tablets):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    tablet = tablets(lina)
    page, wire = tablet.page, tablet.wire
    page.evaluate("window.Field.send = () => null")
    sums: set[str] = set()
    round_ = 0
    while len(wire.cuts) < CUTS:
        round_ += 1
        photos = [make.picture(1000 * round_ + n, 72) for n in range(PHOTOS)]
        tablet.offline()
        page.goto(f"{wire.url}/field/")
        hand.attempt(page, step, f"第 {round_} 次", photos)
        kept = page.evaluate(
            """async () => {
              const files = (await Field.records()).map((record) => Field.files(record.uuid));
              return (await Promise.all(files)).flat().map((file) => file.sha256);
            }"""
        )
        sums |= set(kept)
        tablet.online()
        for _try in range(1000):
            wire.arm(12_000)
            page.evaluate("Field.sync()")
            hand.quiet(page)
            _whole_or_nothing(page)
            if all(r["state"] == "applied" for r in hand.records(page)):
                break
        left = [(r["state"], r["error"]) for r in hand.records(page) if r["state"] != "applied"]
        assert left == [], (page.locator("#notes").inner_text(), len(wire.cuts))
        wire.mend()

    assert len(wire.cuts) >= CUTS
    assert {way for way, _left in wire.cuts} == {"up", "down"}
    assert Visit.objects.count() == Record.objects.count() == round_
    stored = hand.stored()
    assert set(stored) == sums
    assert all(named == found for named, found in stored.items())
    assert Photo.objects.count() == len(sums) == PHOTOS * round_
    assert not Chunk.objects.exists()


# Interrupted --------------------------------------------------------------------------------------


def test_reload_restart_and_an_ended_session_lose_nothing(tablets, tmp_path):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    photos = [make.picture(n, 200) for n in range(PHOTOS)]
    wire = tablets.wire()
    context = tablets.persistent(tmp_path)
    hand.sign_in(context, wire.url, lina)
    tablet = hand.Tablet(hand.today(context, wire.url), wire)
    offline(tablet)
    hand.attempt(tablet.page, step, "第 1 次", photos)

    context.close()  # the browser is gone, and back, with everything it had not sent
    context = tablets.persistent(tmp_path)
    Session.objects.all().delete()
    tablet = hand.Tablet(context.new_page(), wire)
    page = tablet.page
    tablet.offline()
    page.goto(f"{wire.url}/field/")
    assert [(r["state"], r["files"]) for r in hand.records(page)] == [("waiting", PHOTOS)]
    tablet.online()
    page.evaluate("Field.sync()")
    assert not Record.objects.exists()
    page.wait_for_selector("[data-note=login]")
    assert [(r["state"], r["files"]) for r in hand.records(page)] == [("waiting", PHOTOS)]

    hand.sign_in(context, wire.url, lina)
    wire.stays_cut, wire.next = True, ("up", 60_000)  # in the middle of the photos
    page.evaluate("Field.sync()")
    for _try in range(600):
        if wire.cuts:
            break
        page.wait_for_timeout(100)
    assert len(wire.cuts) == 1
    arrived = Record.objects.get()
    assert 0 < arrived.held < PHOTOS
    receipt = hand.records(page)[0]["receipt"]
    assert receipt["of"] == PHOTOS
    wire.mend()
    page.reload()
    hand.sent(tablet)
    assert Record.objects.get().state == Record.State.APPLIED
    assert Photo.objects.count() == PHOTOS


def test_a_signal_that_stalls_in_the_middle_of_a_page_shows_the_kept_one(tablets):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    tablet = tablets(lina)

    tablet.wire.stall()
    tablet.page.goto(f"{tablet.wire.url}/field/visits/{step.pk}/")
    hand.ready(tablet.page)

    assert "王小明" in tablet.page.locator("h1").inner_text()


def test_another_person_on_the_tablet_sees_nothing_of_the_first(tablets):
    step = make.step_of(surveys.at_survey())
    lina, other = surveys.surveyor(), surveys.second()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    tablet = tablets(lina)
    page, url = tablet.page, tablet.wire.url
    offline(tablet)
    hand.attempt(page, step, "第 1 次", [make.picture(1)])
    page.context.clear_cookies()
    page.goto(f"{url}/field/")
    assert "王小明" not in page.content()

    page.goto("about:blank")
    tablet.online()
    hand.sign_in(page.context, url, other)
    page.goto(f"{url}/field/")
    hand.until(page, "document.body.dataset.kept !== undefined")
    assert hand.records(page) == []
    tablet.offline()
    page.goto(f"{url}/field/visits/{step.pk}/")
    assert "王小明" not in page.locator("body").inner_text()
    assert not Record.objects.exists()


def test_two_tablets_on_one_visit_end_at_the_page_of_both_versions(tablets):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    first, second = tablets(lina), tablets(lina)
    for tablet, place in ((first, "一楼"), (second, "二楼")):
        offline(tablet)
        hand.begin(tablet.page, step)
        hand.put(tablet.page, {"meter_position": place})
        hand.put_aside(tablet.page)
    hand.sent(first)
    hand.sent(second)
    two = second.page
    assert Survey.objects.get().meter_position == "一楼"
    follow(two, "[data-list] a")
    assert violations(two) == []
    if folder := os.environ.get("JIEDIAN_SCREENSHOTS"):
        two.screenshot(path=Path(folder) / "field-conflict.en.712.png", full_page=True)
    two.locator("[name='choice-meter_position'][value=mine]").check(force=True)
    two.locator("button[value=taken]").click()
    two.wait_for_load_state()
    assert Survey.objects.get().meter_position == "二楼"
    assert Record.objects.filter(state=Record.State.SETTLED).count() == 1
    assert Attachment.objects.count() == 0
