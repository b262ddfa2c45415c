"""What goes on without anybody asking: records caught up with, copies cleared, files lost and
sent again.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from field import services, tasks
from field.models import Chunk, Record, RecordFile
from surveys.models import Photo, Survey
from tests.field import factories as tablet
from tests.surveys import factories as surveys
from workflow.guards import Refused
from workflow.models import Step

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=31)
# A sheet that no form takes: its record comes back.
WRONG = {"box_slots": 2, "box_slots_free": 5}


def aged(**columns):
    """Every record, a month later."""
    moments = ("received_at", "whole_at", "applied_at")
    for record in Record.objects.all():
        then = {name: at - MONTH for name in moments if (at := getattr(record, name))}
        Record.objects.filter(pk=record.pk).update(**then, **columns)


def test_the_background_applies_what_a_killed_worker_left(mine, site, lina):
    photo = tablet.picture(5)
    sent = tablet.envelope(site, lina, photos=[photo])
    tablet.post(mine, sent)
    services.take_chunk(RecordFile.objects.get(), 0, photo)
    assert not Survey.objects.exists()

    assert services.catch_up() == 1
    assert services.catch_up() == 0
    assert Photo.objects.count() == 1


def test_a_record_that_cannot_be_applied_is_kept_and_keeps_nobody_waiting(mine, site, lina):
    photos = [tablet.picture(1), tablet.picture(2)]
    sent = tablet.envelope(site, lina, photos=photos)
    tablet.post(mine, sent)
    tablet.put(mine, sent, photos[0])
    path = Path(default_storage.path(RecordFile.objects.first().path))
    path.unlink()
    path.mkdir()  # there is something, and it cannot be read

    last = tablet.put(mine, sent, photos[1])

    assert last.status_code == 200
    told = last.json()
    assert (told["state"], told["held"], told["of"]) == ("arriving", 2, 2)
    assert tablet.post(mine, sent).json()["state"] == "arriving"
    assert mine.get(f"/field/records/{sent['uuid']}/receipt/").json()["state"] == "arriving"
    values = {
        "at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "outcome": "no_access",
        "evidence": "敲门无人",
    }
    other = tablet.envelope(site, lina, sheet="attempt", values=values)
    assert tablet.send(mine, other)["state"] == "applied"
    assert services.catch_up() == 0
    assert not Photo.objects.exists()

    path.rmdir()
    path.write_bytes(photos[0])
    assert services.catch_up() == 1
    assert Photo.objects.count() == 2


def test_a_file_lost_from_the_storage_is_asked_for_once_more(mine, site, lina):
    photos = [tablet.picture(1), tablet.picture(2)]
    sent = tablet.envelope(site, lina, photos=photos)
    tablet.post(mine, sent)
    tablet.put(mine, sent, photos[0])
    default_storage.delete(RecordFile.objects.first().path)

    told = tablet.put(mine, sent, photos[1]).json()

    lost = sent["files"][0]["sha256"]
    assert (told["state"], told["held"], told["files"][lost]) == ("arriving", 1, 0)
    assert tablet.put(mine, sent, photos[0]).json()["state"] == "applied"
    assert Photo.objects.count() == 2


def test_arrival_copies_go_after_a_month_and_the_case_keeps_its_own(mine, site, lina):
    photos = [tablet.picture(5)]
    tablet.send(mine, tablet.envelope(site, lina, photos=photos), photos)
    path = RecordFile.objects.get().path
    assert services.clear() == 0
    aged()

    assert tasks.clear() == 1
    assert not default_storage.exists(path)
    with Photo.objects.get().file.open() as stored:
        assert stored.read() == photos[0]
    assert RecordFile.objects.get().cleared
    assert tasks.clear() == 0


def corrected(mine, site, lina, photo):
    """A record that came back, and the one that corrects it with the same photo."""
    wrong = tablet.envelope(site, lina, photos=[photo], values=tablet.survey_values(**WRONG))
    assert tablet.send(mine, wrong, [photo])["state"] == "returned"
    right = tablet.envelope(site, lina, photos=[photo], replaces=wrong["uuid"])
    return wrong, tablet.post(mine, right).json()


def test_a_replaced_record_and_its_correction_share_a_copy_until_both_are_done(mine, site, lina):
    _wrong, receipt = corrected(mine, site, lina, tablet.picture(5))
    assert receipt["state"] == "applied"
    path = RecordFile.objects.first().path
    assert {file.path for file in RecordFile.objects.all()} == {path}
    aged()
    Record.objects.filter(uuid=receipt["uuid"]).update(applied_at=timezone.now())

    assert services.clear() == 0
    assert default_storage.exists(path)

    aged()
    assert services.clear() == 1
    assert not default_storage.exists(path)
    assert RecordFile.objects.filter(cleared=True).count() == 2


def test_a_copy_that_another_record_still_needs_stays(mine, site, lina):
    photo = tablet.picture(5)
    tablet.send(mine, tablet.envelope(site, lina, photos=[photo]), [photo])
    waits = tablet.envelope(site, lina, photos=[photo])
    assert tablet.send(mine, waits)["state"] == "conflict"  # the step is done, the photo is here
    aged()

    assert services.clear() == 0
    assert default_storage.exists(RecordFile.objects.first().path)


@pytest.mark.parametrize(("how", "goes"), [("evidence", 1), ("dropped", 0)])
def test_of_decided_records_only_what_was_left_aside_keeps_its_copy(
    mine, site, lina, boss, how, goes
):
    photo = tablet.picture(5)
    tablet.send(mine, tablet.envelope(site, lina))
    late = tablet.send(mine, tablet.envelope(site, lina, photos=[photo]), [photo])
    assert late["state"] == "conflict"
    record = Record.objects.get(uuid=late["uuid"])
    if how == "evidence":
        services.keep_evidence(record, by=boss)
    else:
        services.drop(record, why="重复", by=boss)
    assert services.clear() == 0
    aged()

    assert services.clear() == goes
    assert mine.get(late["url"]).status_code == 200


def test_what_was_not_chosen_of_both_versions_keeps_its_copy(mine, site, lina):
    photo = tablet.picture(5)
    tablet.send(mine, tablet.envelope(site, lina, signing=False))
    sent = tablet.envelope(site, lina, photos=[photo], edition=7)
    late = tablet.send(mine, sent, [photo])
    assert late["state"] == "conflict"
    chosen = mine.post(late["url"], {"how": "taken", "choice-photos-0": "theirs"})
    assert chosen.status_code == 302
    aged()

    assert services.clear() == 0
    assert not Photo.objects.exists()
    assert default_storage.exists(RecordFile.objects.get().path)


def test_a_copy_so_old_that_it_may_be_cleared_meanwhile_is_sent_again(mine, site, lina):
    photo = tablet.picture(5)
    tablet.send(mine, tablet.envelope(site, lina, photos=[photo], signing=False), [photo])
    aged()
    late = tablet.envelope(Step.objects.get(pk=site.pk), lina, photos=[photo])

    assert tablet.post(mine, late).json()["held"] == 0


def test_a_correction_of_an_old_record_finds_its_photos_there(mine, site, lina):
    photo = tablet.picture(5)
    wrong = tablet.envelope(site, lina, photos=[photo], values=tablet.survey_values(**WRONG))
    tablet.send(mine, wrong, [photo])
    aged()
    assert services.clear() == 0

    right = tablet.envelope(site, lina, photos=[photo], replaces=wrong["uuid"])

    assert tablet.post(mine, right).json()["state"] == "applied"


def test_pieces_nobody_goes_on_with_are_forgotten_and_the_tablet_begins_again(mine, site, lina):
    photo = tablet.picture(1, 300)
    sent = tablet.envelope(site, lina, photos=[photo])
    tablet.post(mine, sent)
    sha256 = sent["files"][0]["sha256"]
    tablet.piece(mine, sent, sha256, 0, photo[:1000])
    assert tasks.clear() == 0
    Chunk.objects.update(arrived_at=timezone.now() - MONTH)
    tablet.piece(mine, sent, sha256, 1000, photo[1000:2000])
    assert tasks.clear() == 0  # it goes on
    Chunk.objects.update(arrived_at=timezone.now() - MONTH)

    assert tasks.clear() == 1
    assert not Chunk.objects.exists()
    assert tablet.post(mine, sent).json()["files"] == {sha256: 0}
    assert tablet.piece(mine, sent, sha256, 2000, photo[2000:]).json() == {"received": 0}
    assert tablet.put(mine, sent, photo).json()["state"] == "applied"


def test_a_stranger_to_the_case_decides_nothing(mine, site, lina):
    tablet.send(mine, tablet.envelope(site, lina, values=tablet.survey_values(**WRONG)))
    far = surveys.surveyor(username="far", at="bhxc")

    with pytest.raises(Refused):
        services.drop(Record.objects.get(), why="x", by=far)
