"""A record of twelve photos, cut off at every message: before it is whole, and unanswered."""

from __future__ import annotations

import re

from django.test import Client

from accounts.roles import Role
from field.models import Chunk, Record
from surveys.models import Photo, Visit
from tests import factories
from tests.browser import tablet as hand
from tests.field import factories as make
from tests.surveys import factories as surveys
from workflow.models import Step

tablets = hand.tablets
PHOTOS = 12
PIECE = 256 * 1024
# Places where both sides are asked what they say: early, inside a photo, late.
LOOKED_AT = (2, 5, 12, 20, 24)


def test_a_record_cut_off_at_every_message_is_whole_in_the_end_and_once(tablets):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    boss = factories.person(Role.SUPERVISOR)
    tablet = tablets(lina)
    page, wire = tablet.page, tablet.wire
    page.evaluate("window.Field.send = () => null")
    photos = [make.picture(3 * n, 780 if n % 4 else 300) for n in range(PHOTOS)]
    tablet.offline()
    page.reload()
    hand.attempt(page, step, "第 1 次", photos)
    [kept] = hand.records(page)
    # The envelope, and each piece of each photo; some photos are one piece.
    messages = 1 + sum(-(-size // PIECE) for size in kept["sizes"])
    assert messages > 1 + PHOTOS
    assert any(size < PIECE for size in kept["sizes"])

    for message in range(1, messages + 1):
        for moment in (hand.UNASKED, hand.UNANSWERED):
            _cut(tablet, message, moment)
            _never_short_and_never_doubled(page, kept, last=(messages, hand.UNANSWERED))
            if message in LOOKED_AT:
                _both_sides_say_what_is_missing(page, (lina, boss))
    assert len(wire.cuts) == 2 * messages, (messages, wire.cuts)

    hand.sent(tablet)

    assert Record.objects.get().state == Record.State.APPLIED
    assert Visit.objects.count() == 1
    assert Photo.objects.count() == PHOTOS
    stored = hand.stored()
    assert set(stored) == set(kept["sums"])
    assert all(named == found for named, found in stored.items())
    assert not Chunk.objects.exists()


def _cut(tablet: hand.Tablet, message: int, moment: str) -> None:
    """The tablet goes on from where it is; the wire is cut at this message of the whole.

    Each time it begins with its envelope, which then is no news: what was answered before is not
    asked again, so that the message after it is the next piece.
    """
    page, wire = tablet.page, tablet.wire
    # Whatever still sends has noticed that the wire is dead.
    hand.quiet(page)
    before = len(wire.cuts)
    wire.cut_at(1 if message == 1 else 2, moment)
    tablet.online_as_armed()
    for _try in range(3000):
        page.evaluate("Field.sync()")
        if len(wire.cuts) > before:
            break
        page.wait_for_timeout(20)
    assert len(wire.cuts) == before + 1, (message, moment)
    hand.quiet(page)


def _never_short_and_never_doubled(page, kept, last) -> None:
    assert Record.objects.count() <= 1
    [mine] = hand.records(page)
    assert (mine["state"], mine["sums"]) == ("waiting", kept["sums"])  # the tablet keeps its copy
    record = Record.objects.first()
    if record is None:
        return
    assert record.files.count() == PHOTOS
    assert Photo.objects.count() == PHOTOS * Visit.objects.count()
    if record.state == Record.State.APPLIED:
        assert record.held == PHOTOS
        assert Visit.objects.count() == 1
    else:
        assert record.state == Record.State.ARRIVING
        assert record.held < PHOTOS
        assert not Visit.objects.exists()


def _both_sides_say_what_is_missing(page, people) -> None:
    held = Record.objects.get().held
    for person in people:
        client = Client()
        client.force_login(person)
        told = client.get("/field/records/").content.decode()
        assert f"server holds {held} of {PHOTOS} files" in told
    told = page.locator("#waiting").inner_text()
    found = re.search(rf"holds (\d+) of {PHOTOS} photos", told)
    assert found, told
    # What the server took and could not say any more is not known here yet.
    assert held - 1 <= int(found[1]) <= held
    chip = page.locator("[data-list] .chip").first.inner_text()
    assert f"holds {found[1]} of {PHOTOS}" in chip
