"""While the surveyor had no signal, the office went on: both versions are kept, and shown."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.storage import default_storage

from accounts.models import User
from accounts.roles import Role
from field import services
from field.models import Record
from surveys.models import Photo, Survey
from tests import factories
from tests.browser import tablet as hand
from tests.browser.test_field import begin_survey
from tests.browser.test_pages import violations
from tests.field import factories as make
from tests.surveys import factories as surveys
from workflow import moves
from workflow.models import Event, Step

tablets = hand.tablets
PLACE = "一楼楼道表箱"


def _send_back(step: Step, boss: User) -> None:
    moves.send_back(step, by=surveys.surveyor(), reason="照片不清")


def _reassign(step: Step, boss: User) -> None:
    moves.assign(step, surveys.second(), by=boss)


def _withdraw(step: Step, boss: User) -> None:
    moves.withdraw(step.case, by=boss, reason="客户不办了")


MEANWHILE = [
    pytest.param(_send_back, Record.Conflict.ROUND, id="sent back"),
    pytest.param(_reassign, Record.Conflict.REASSIGNED, id="reassigned"),
    pytest.param(_withdraw, Record.Conflict.CLOSED, id="withdrawn"),
]


def _visit() -> tuple[Step, User, User]:
    """A survey in hand, its surveyor, and who steers."""
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    return make.step_of(step.case), lina, factories.person(Role.SUPERVISOR)


def _is_kept_beside_the_other_version(page, step: Step, sums: list[str], conflict: str) -> None:
    """The record waits for a decision, its photos with it; nothing of it is on the case."""
    record = Record.objects.get()
    assert (record.state, record.conflict) == (Record.State.CONFLICT, conflict)
    assert ["meter_position", PLACE] in record.fields
    held = {}
    for file in record.files.all():
        with default_storage.open(file.path) as stored:
            held[file.sha256] = hashlib.sha256(stored.read()).hexdigest()
    assert set(held) == set(sums)
    assert all(named == found for named, found in held.items())
    assert not Photo.objects.exists()
    assert not Survey.objects.filter(meter_position=PLACE).exists()
    assert Event.objects.filter(verb=services.CONFLICT).count() == 1

    assert [r["state"] for r in hand.records(page)] == ["conflict"]
    page.click("[data-list] a")
    page.wait_for_url(f"**{record.get_absolute_url()}")
    told = page.locator("main").inner_text()
    assert PLACE in told
    assert record.get_conflict_display() in told
    pictures = page.locator("main .photos img")
    assert pictures.count() == len(sums)
    for number in range(len(sums)):
        pictures.nth(number).scroll_into_view_if_needed()
    hand.until(page, "[...document.querySelectorAll('.photos img')].every((i) => i.naturalWidth)")
    assert violations(page) == []


@pytest.mark.parametrize(("happens", "conflict"), MEANWHILE)
def test_a_closed_record_waits_with_its_photos_for_a_decision(tablets, happens, conflict):
    step, lina, boss = _visit()
    tablet = tablets(lina)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step)
    begin_survey(page)
    hand.shoot(page, [make.picture(n, 300) for n in range(3)])
    hand.put(page, {"can_supply": "True", "customer_signed_name": "王小明"})
    hand.close(page)
    page.wait_for_url("**/field/")
    [kept] = hand.records(page)
    assert (kept["state"], kept["files"]) == ("waiting", 3)

    happens(step, boss)
    hand.sent(tablet)

    _is_kept_beside_the_other_version(page, step, kept["sums"], conflict)
    rounds = Step.objects.filter(case=step.case, kind=step.kind)
    if happens is _send_back:  # both versions stand side by side, to choose
        assert rounds.count() == 2
        page.locator("[name='choice-meter_position'][value=mine]").check(force=True)
        page.locator("button[value=taken]").click()
        page.wait_for_load_state()
        assert Survey.objects.get(step=rounds.last()).meter_position == PLACE
    else:
        assert page.locator("button[value=taken]").count() == 0
        assert page.locator("button[value=evidence]").count() == 1


@pytest.mark.parametrize(("happens", "conflict"), MEANWHILE)
def test_a_draft_begun_before_can_still_be_opened_closed_and_sent(tablets, happens, conflict):
    step, lina, boss = _visit()
    tablet = tablets(lina)
    page = tablet.page
    tablet.offline()
    page.reload()
    hand.begin(page, step)
    hand.put(page, {"meter_position": PLACE})
    hand.shoot(page, [make.picture(n, 300) for n in range(3)])
    page.goto(f"{tablet.wire.url}/field/")
    [kept] = hand.records(page)
    assert (kept["state"], kept["files"]) == ("draft", 3)

    happens(step, boss)
    tablet.online()
    page.reload()
    hand.until(page, "document.body.dataset.kept !== undefined")
    page.click("[data-list] a")
    hand.ready(page)
    assert hand.to(page, "meter_position").input_value() == PLACE
    assert page.locator(".fshot canvas:not([hidden])").count() == 3
    hand.put_aside(page)
    hand.all_gone(page)

    _is_kept_beside_the_other_version(page, step, kept["sums"], conflict)
