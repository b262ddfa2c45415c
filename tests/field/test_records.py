"""A record of the tablet: it arrives whole or waits visibly, and goes onto its case once."""

from __future__ import annotations

import gc
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from documents.files import Checked
from documents.models import Attachment
from field import services
from field.models import Chunk, Record, RecordFile
from surveys.models import Candidate, Consent, Photo, Survey, Visit
from tests.documents.factories import odd_exif, saved
from tests.field import factories as tablet
from tests.surveys import factories as surveys
from workflow.models import Case, Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def test_a_record_goes_onto_its_case_when_its_last_file_has_arrived(mine, site, lina):
    photos = [tablet.picture(n, 200) for n in range(3)]
    sent = tablet.envelope(site, lina, photos=photos)

    first = tablet.post(mine, sent).json()
    assert (first["state"], first["held"], first["of"]) == ("arriving", 0, 3)
    second = tablet.put(mine, sent, photos[0]).json()
    assert (second["state"], second["held"]) == ("arriving", 1)
    assert not Survey.objects.exists()
    tablet.put(mine, sent, photos[1])
    last = tablet.put(mine, sent, photos[2]).json()

    assert last["state"] == "applied", last
    assert Step.objects.get(pk=site.pk).state == Step.State.DONE
    sums = {hashlib.sha256(content).hexdigest() for content in photos}
    kept = Photo.objects.all()
    assert {photo.sha256 for photo in kept} == sums
    for photo in kept:
        with photo.file.open() as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == photo.sha256
        assert (float(photo.longitude), photo.accuracy_m) == (114.305, 6)
    assert not Chunk.objects.exists()


def test_the_point_and_the_consent_written_on_site_stand_on_the_survey(mine, site, lina):
    values = tablet.survey_values(
        points__0__consent_needed="on",
        consents__TOTAL_FORMS=1,
        consents__INITIAL_FORMS=0,
        consents__0__point="A",
        consents__0__party_kind="owners",
        consents__0__party="业委会 王主任",
        consents__0__subject="院内电缆过绿化带",
        consents__0__asked_on=f"{timezone.localdate():%Y-%m-%d}",
        consents__0__asked_how="in_person",
        consents__0__answer="yes",
        consents__0__on=f"{timezone.localdate():%Y-%m-%d}",
    )
    paper = tablet.picture(9)
    sent = tablet.envelope(site, lina, values=values)
    sent["files"] = [tablet.listed("consents-0-paper", paper)]

    receipt = tablet.send(mine, sent, [paper])

    assert receipt["state"] == "applied", receipt
    consent = Consent.objects.get()
    assert (consent.candidate.label, consent.answer) == ("A", "yes")
    assert consent.paper_sha256 == hashlib.sha256(paper).hexdigest()
    assert Candidate.objects.get().distance_m == 42


def test_sent_again_it_is_the_same_record_and_applied_once(mine, site, lina):
    photos = [tablet.picture(1)]
    sent = tablet.envelope(site, lina, photos=photos)
    tablet.send(mine, sent, photos)
    events = Event.objects.count()

    again = tablet.send(mine, {**sent, "sent": timezone.now().isoformat()}, photos)

    assert again["state"] == "applied"
    assert (Record.objects.count(), Photo.objects.count()) == (1, 1)
    assert Event.objects.count() == events
    other = tablet.post(mine, {**sent, "fields": []})
    assert other.status_code == 409


def test_a_piece_from_elsewhere_is_told_where_to_go_on(mine, site, lina):
    content = tablet.picture(1, 300)
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)
    sha256 = sent["files"][0]["sha256"]

    tablet.piece(mine, sent, sha256, 0, content[:1000])
    twice = tablet.piece(mine, sent, sha256, 0, content[:1000])
    ahead = tablet.piece(mine, sent, sha256, 5000, content[5000:6000])

    assert [twice.status_code, ahead.status_code] == [409, 409]
    assert twice.json() == ahead.json() == {"received": 1000}
    assert tablet.piece(mine, sent, sha256, 1000, content[1000:]).json()["state"] == "applied"


def test_a_file_that_is_not_what_it_says_leaves_nothing(mine, site, lina):
    content = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)
    sha256 = sent["files"][0]["sha256"]

    spoilt = bytes([*content[:-3], content[-3] ^ 1, *content[-2:]])
    answer = tablet.piece(mine, sent, sha256, 0, spoilt)

    assert answer.status_code == 422
    assert "sent again" in answer.json()["error"]
    assert not Chunk.objects.exists()
    assert RecordFile.objects.get().received == 0
    assert tablet.put(mine, sent, content).json()["state"] == "applied"


def test_an_odd_photo_goes_onto_the_case_with_its_record(mine, site, lina):
    content = saved(Image.new("RGB", (7, 5)), exif=odd_exif(6))
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)

    assert tablet.put(mine, sent, content).json()["state"] == "applied"
    with Photo.objects.get().file as kept, Image.open(kept) as image:
        assert image.size == (5, 7)


def test_a_refused_photo_says_why_and_leaves_the_record_and_its_other_photo(mine, site, lina):
    sound, cut = tablet.picture(1), tablet.picture(2)[:900]
    sent = tablet.envelope(site, lina, photos=[sound, cut])
    tablet.post(mine, sent)

    answer = tablet.piece(mine, sent, sent["files"][1]["sha256"], 0, cut)

    assert answer.status_code == 422
    assert "cut off" in answer.json()["error"]
    assert tablet.put(mine, sent, sound).json()["held"] == 1


def test_a_page_is_no_picture_whatever_its_checksum(mine, site, lina):
    content = b"<html>not a picture</html>"
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)

    answer = tablet.piece(mine, sent, sent["files"][0]["sha256"], 0, content)

    assert answer.status_code == 422
    assert not default_storage.exists(f"field/{sent['files'][0]['sha256'][:2]}")
    assert not Survey.objects.exists()


def test_what_cannot_be_signed_is_kept_as_a_draft_and_says_why(mine, site, lina):
    values = tablet.survey_values(points__TOTAL_FORMS=0)

    receipt = tablet.send(mine, tablet.envelope(site, lina, values=values))

    assert receipt["state"] == "kept"
    assert any("No source point is measured" in text for text in receipt["errors"][""])
    assert Survey.objects.get().meter_position == "一楼楼道表箱"
    assert Step.objects.get(pk=site.pk).state == Step.State.IN_HAND


def test_a_wrong_value_comes_back_to_be_corrected_with_its_photos(mine, site, lina):
    photos = [tablet.picture(n) for n in range(2)]
    wrong = tablet.envelope(
        site, lina, photos=photos, values=tablet.survey_values(box_slots=2, box_slots_free=5)
    )
    receipt = tablet.send(mine, wrong, photos)
    assert receipt["state"] == "returned", receipt
    assert not Survey.objects.exists()

    right = tablet.envelope(
        site, lina, photos=photos, values=tablet.survey_values(), replaces=wrong["uuid"]
    )
    answer = tablet.post(mine, right).json()

    assert answer["state"] == "applied"  # its photos are here: nothing is sent twice
    assert Photo.objects.count() == 2
    assert Record.objects.get(uuid=wrong["uuid"]).state == Record.State.REPLACED


def test_both_clocks_are_kept_where_the_tablet_is_wrong(mine, site, lina):
    Case.objects.update(opened_at=timezone.now() - timedelta(days=2))
    wrong = timezone.now() - timedelta(hours=5)
    sent = tablet.envelope(site, lina, happened=wrong, sent=wrong.isoformat())

    tablet.send(mine, sent)

    record = Record.objects.get()
    assert record.clock_off < -timedelta(hours=4)
    event = Event.objects.get(verb=services.APPLIED)
    assert event.happened_at == record.happened_at
    assert event.entered_at - event.happened_at > timedelta(hours=4)
    assert event.data["sent"] == sent["sent"]


def test_a_clock_of_2015_is_no_reason_to_refuse_and_the_history_stays_in_order(mine, site, lina):
    wrong = datetime(2015, 1, 1, 8, 0, tzinfo=UTC)
    sent = tablet.envelope(site, lina, happened=wrong, sent=wrong.isoformat())

    receipt = tablet.send(mine, sent)

    assert receipt["state"] == "applied", receipt
    record = Record.objects.get()
    assert (record.happened_at, record.sent_at) == (wrong, wrong)
    event = Event.objects.get(verb=services.APPLIED)
    assert event.happened_at == Case.objects.get(pk=site.case_id).opened_at
    assert (event.data["happened"], event.data["sent"]) == (wrong.isoformat(), wrong.isoformat())
    page = mine.get(receipt["url"]).content.decode()
    assert "The tablet&#x27;s clock is wrong" in page or "The tablet's clock is wrong" in page


@pytest.mark.parametrize("ahead", [timedelta(days=-401), timedelta(hours=2), None])
def test_a_camera_with_a_wrong_date_costs_the_date_and_not_the_record(mine, site, lina, ahead):
    photo = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[photo])
    at = (timezone.now() + ahead).isoformat() if ahead else "0000-00-00"
    sent["files"][0]["taken"]["at"] = at

    assert tablet.send(mine, sent, [photo])["state"] == "applied"

    file = RecordFile.objects.get()
    assert file.taken_at is None
    assert float(file.longitude) == 114.305


@pytest.mark.parametrize("degrees", ["NaN", "Infinity", 1e999, 181, "east", [1], None])
def test_a_place_that_is_none_is_left_out(mine, site, lina, degrees):
    sent = tablet.envelope(site, lina, photos=[tablet.picture(1)])
    sent["files"][0]["taken"]["longitude"] = degrees
    body = json.dumps(sent).replace("Infinity", "1e999") if degrees == 1e999 else json.dumps(sent)

    answer = mine.post("/field/records/new/", body, content_type="application/json")

    assert answer.status_code == 200, answer.content
    assert RecordFile.objects.get().longitude is RecordFile.objects.get().latitude is None


def test_a_file_in_two_fields_is_sent_once_and_stands_in_both(mine, site, lina):
    photo = tablet.picture(1, 300)
    sent = tablet.envelope(site, lina, photos=[photo, photo])
    tablet.post(mine, sent)

    last = tablet.put(mine, sent, photo, chunk=2000)

    assert (last.json()["held"], last.json()["of"]) == (2, 2)
    assert not Chunk.objects.exists()


def test_a_correction_of_what_was_decided_meanwhile_is_a_record_like_any_other(
    mine, site, lina, boss
):
    wrong = tablet.envelope(site, lina, values=tablet.survey_values(box_slots=2, box_slots_free=5))
    assert tablet.send(mine, wrong)["state"] == "returned"
    services.drop(Record.objects.get(), why="重去一次", by=boss)

    receipt = tablet.send(mine, tablet.envelope(site, lina, replaces=wrong["uuid"]))

    assert receipt["state"] == "applied", receipt
    assert Record.objects.get(uuid=receipt["uuid"]).replaces is None
    assert Record.objects.get(uuid=wrong["uuid"]).state == "settled"


def test_who_has_two_gigabytes_waiting_is_told_what_to_do(mine, site, lina):
    first = tablet.envelope(site, lina, photos=[tablet.picture(1)])
    tablet.post(mine, first)
    RecordFile.objects.update(size=2 * 1024**3 - 100)

    answer = tablet.post(mine, tablet.envelope(site, lina, photos=[tablet.picture(2)]))

    assert answer.status_code == 413
    assert "corrected or decided" in answer.json()["error"]
    assert Record.objects.count() == 1
    Record.objects.update(state="kept", whole_at=timezone.now())
    assert tablet.post(mine, tablet.envelope(site, lina)).status_code == 200


def test_a_visit_without_result_is_noted_with_its_photo(mine, site, lina):
    photos = [tablet.picture(5)]
    values = {
        "at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "outcome": "no_access",
        "evidence": "敲门无人，电话未接",
    }
    sent = tablet.envelope(site, lina, sheet="attempt", photos=photos, values=values)

    receipt = tablet.send(mine, sent, photos)

    assert receipt["state"] == "applied", receipt
    assert Visit.objects.get().evidence == "敲门无人，电话未接"
    assert Photo.objects.get().subject == Photo.Subject.ATTEMPT
    assert Step.objects.get(pk=site.pk).sheet_edition == site.sheet_edition


def test_of_an_applied_record_no_picture_stays_in_memory(mine, site, lina):
    """Rings of objects would hold them, ten megabytes a record, until Python looks for such."""
    photos = [tablet.picture(n, 200) for n in range(3)]
    sent = tablet.envelope(site, lina, photos=photos)
    gc.collect()
    gc.disable()
    try:
        assert tablet.send(mine, sent, photos)["state"] == "applied"
        held = [o for o in gc.get_objects() if type(o) in (Checked, SimpleUploadedFile)]
    finally:
        gc.enable()

    assert held == []


# Forged ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"user": 999_999}, 403),
        ({"step": 999_999}, 404),
        ({"step": "1 OR 1=1"}, 404),
        ({"sheet": "power"}, 400),
        ({"sheet": ["survey"]}, 400),
        ({"signing": "yes"}, 400),
        ({"edition": -1}, 400),
        ({"fields": [["a", "b\x00"]]}, 400),
        ({"fields": [["a"]]}, 400),
        ({"fields": [["photos-0-picture", "x"] for _ in range(5000)]}, 400),
        ({"files": "none"}, 400),
        ({"happened": "yesterday"}, 400),
        ({"happened": "2026-11-01T08:00:00"}, 400),
        ({"happened": "1899-01-01T00:00:00+00:00"}, 400),
        ({"sent": "9999-12-31T23:59:59-12:00"}, 400),
        ({"files": [{"name": "x" * 101, "sha256": "0" * 64, "size": 5}]}, 400),
        ({"uuid": "no number"}, 400),
        ({"replaces": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"files": [{"name": "x", "sha256": "0" * 64, "size": 15 * 2**20 + 1}]}, 413),
        ({"files": [{"name": "x", "sha256": "../../etc", "size": 5}]}, 400),
        (
            {
                "files": [
                    {"name": f"photos-{n}-picture", "sha256": f"{n:064x}", "size": 9}
                    for n in range(10_000)
                ]
            },
            413,
        ),
        (
            {
                "files": [
                    {"name": f"photos-{n}-picture", "sha256": f"{n:064x}", "size": 10 * 2**20}
                    for n in range(20)
                ]
            },
            413,
        ),
    ],
)
def test_a_forged_envelope_is_refused_in_words_and_nothing_is_written(
    mine, site, lina, change, status
):
    answer = tablet.post(mine, {**tablet.envelope(site, lina), **change})

    assert answer.status_code == status, answer.content
    assert answer.json()["error"]
    assert not Record.objects.exists()
    assert not Survey.objects.exists()


def test_bare_nan_in_an_envelope_is_no_json(mine, site, lina):
    sent = tablet.envelope(site, lina, photos=[tablet.picture(1)])
    sent["files"][0]["taken"]["longitude"] = float("nan")

    body = json.dumps(sent)
    answer = mine.post("/field/records/new/", body, content_type="application/json")

    assert "NaN" in body
    assert answer.status_code == 400
    assert not Record.objects.exists()


@pytest.mark.parametrize("length", [81, 100])
def test_a_name_that_the_envelope_lets_through_has_room_in_the_database(mine, site, lina, length):
    sent = tablet.envelope(site, lina)
    sent["files"] = [tablet.listed("x" * length, tablet.picture(1))]

    assert tablet.post(mine, sent).status_code == 200
    assert RecordFile.objects.get().name == "x" * length


def test_no_json_at_all_is_refused_in_words(mine):
    for body in (b"\xff\xfe", b"[]", b"{", b"null", b"[" * 100_000, b'{"edition": NaN}'):
        answer = mine.post("/field/records/new/", body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_who_has_another_role_or_another_unit_sends_nothing(client, site, lina):
    from tests import factories

    clerk = factories.person("clerk")
    client.force_login(clerk)
    assert tablet.post(client, tablet.envelope(site, clerk)).status_code == 403
    stranger = surveys.surveyor(username="far", at="bhxc")
    client.force_login(stranger)
    assert tablet.post(client, tablet.envelope(site, stranger)).status_code == 404
    assert not Record.objects.exists()


def test_nobody_sends_to_or_reads_somebody_elses_record(mine, client, site, lina):
    content = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)
    other = surveys.surveyor(username="other")
    client.force_login(other)

    assert tablet.put(client, sent, content).status_code == 404
    assert client.get(f"/field/records/{sent['uuid']}/receipt/").status_code == 404
    assert client.get(f"/field/records/{sent['uuid']}/").status_code == 404
    assert tablet.post(client, {**sent, "user": other.pk}).status_code == 409


def test_a_forged_row_of_another_case_changes_nothing_there(mine, site, lina):
    other = surveys.at_survey(customer_name="别家", not_duplicate="别家")
    surveys.filled(tablet.step_of(other))
    theirs = surveys.asked(surveys.candidate(other))
    values = tablet.survey_values(consents__TOTAL_FORMS=1, consents__INITIAL_FORMS=1)
    values |= {"consents__0__known": theirs.pk, "consents__0__answer": "yes"}
    values |= {"consents__0__on": f"{timezone.localdate():%Y-%m-%d}"}

    receipt = tablet.send(mine, tablet.envelope(site, lina, values=values))

    assert receipt["state"] == "returned"
    assert Consent.objects.get(pk=theirs.pk).is_unanswered
    assert Consent.objects.count() == 1


def test_money_is_not_reached_by_a_record(mine, lina, site):
    """No sheet of the field is one of money: the fee gate stands before all of them."""
    for sheet in ("fees", "contract", "plan", "order"):
        answer = tablet.post(mine, {**tablet.envelope(site, lina), "sheet": sheet})
        assert answer.status_code == 400
    assert not Step.objects.filter(kind=Kind.FEES).exclude(state="waiting").exists()


def test_too_large_a_message_is_refused_in_words(mine, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = mine.post(
        "/field/records/new/", json.dumps({"x": "y" * 5000}), content_type="application/json"
    )
    assert answer.status_code == 413


def test_a_piece_larger_than_half_a_megabyte_is_refused(mine, site, lina):
    content = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[content])
    tablet.post(mine, sent)
    sha256 = sent["files"][0]["sha256"]

    assert tablet.piece(mine, sent, sha256, 0, b"x" * (services.CHUNK + 1)).status_code == 413
    assert tablet.piece(mine, sent, "f" * 64, 0, content).status_code == 404
    assert tablet.piece(mine, sent, sha256, -1, content).status_code == 400
    assert tablet.piece(mine, sent, sha256, "\u00b2", content).status_code == 400
    assert not Attachment.objects.exists()
