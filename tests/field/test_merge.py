"""Both versions of a sheet: nothing that stands is written over, nothing old comes back."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from documents.models import Attachment
from field.models import Record
from metering.models import MeterPhoto
from surveys import services as survey
from surveys.models import Candidate, Consent, Photo, Survey
from tests.field import factories as tablet
from tests.metering import factories as meters
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow import moves
from workflow.models import Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def drafted(site, lina, **more):
    return tablet.envelope(site, lina, signing=False, **more)


def test_a_photo_of_the_tablet_never_takes_the_place_of_another(client):
    first, _second = meters.fitters()
    meters.meter()
    case = meters.case_at()
    Step.objects.filter(case=case, kind=Kind.METER).update(owner=first)
    step = tablet.step_of(case, Kind.METER)
    client.force_login(first)
    photos = [tablet.picture(1), tablet.picture(2)]
    tablets = [
        drafted(step, first, sheet="order", photos=[photo], values={"remarks": "两台平板"})
        for photo in photos
    ]
    for sent, photo in zip(tablets, photos, strict=True):
        for pair in sent["fields"]:
            if pair[0].startswith("photos-0-shows"):
                pair[1] = "reading"
        receipt = tablet.send(client, sent, [photo])
    assert receipt["state"] == "conflict"

    page = reverse("field:record", args=[sent["uuid"]])
    answer = client.post(page, {"how": "taken", "edition": receipt["edition"]})
    assert answer.status_code == 302, answer.context["refusal"]

    sums = {photo.attachment.sha256 for photo in MeterPhoto.objects.select_related("attachment")}
    assert sums == {hashlib.sha256(photo).hexdigest() for photo in photos}
    assert Attachment.objects.filter(step=step).count() == 2


def test_two_signatures_of_two_tablets_both_stand_on_the_survey(mine, site, lina):
    photos = [tablet.picture(1), tablet.picture(2)]
    tablets = [drafted(site, lina, photos=[photo]) for photo in photos]
    for sent, photo in zip(tablets, photos, strict=True):
        for pair in sent["fields"]:
            if pair[0] == "photos-0-subject":
                pair[1] = "signature"
        receipt = tablet.send(mine, sent, [photo])
    assert receipt["state"] == "conflict"

    answer = mine.post(receipt["url"], {"how": "taken", "edition": receipt["edition"]})

    assert answer.status_code == 302, answer.context["refusal"]
    kept = Photo.objects.filter(subject="signature")
    assert {photo.sha256 for photo in kept} == {hashlib.sha256(p).hexdigest() for p in photos}


def test_photos_taken_out_again_leave_a_record_that_can_be_sent(mine, site, lina):
    photo = tablet.picture(1)
    sent = drafted(site, lina, photos=[photo])
    for pair in sent["fields"]:
        if pair[0] == "photos-TOTAL_FORMS":
            pair[1] = "90"
    sent["fields"] += [[f"photos-{n}-subject", "site"] for n in range(1, 90)]

    receipt = tablet.send(mine, sent, [photo])

    assert receipt["state"] == "applied", receipt["errors"]
    assert Photo.objects.count() == 1


def test_a_visit_in_vain_that_nobody_could_note_is_noted_with_its_photo_when_decided(
    mine, client, site, lina
):
    photo = tablet.picture(4)
    values = {
        "at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "outcome": "no_access",
        "evidence": "敲门无人",
    }
    sent = tablet.envelope(site, lina, sheet="attempt", photos=[photo], values=values)
    second = surveys.second()
    Step.objects.filter(pk=site.pk).update(owner=second)
    receipt = tablet.send(mine, sent, [photo])
    assert receipt["state"] == "conflict"
    client.force_login(second)

    answer = client.post(receipt["url"], {"how": "taken", "edition": receipt["edition"]})

    assert answer.status_code == 302, answer.context["refusal"]
    assert Photo.objects.get().subject == Photo.Subject.ATTEMPT


def test_a_point_corrected_at_the_desk_is_not_set_back_by_a_tablet(mine, site, lina):
    tablet.send(mine, drafted(site, lina))
    site.refresh_from_db()
    late = drafted(site, lina)  # the tablet knows the point at 42 m
    point = Candidate.objects.get()
    page = reverse("surveys:point", args=[site.case.number, point.pk])
    form = mine.get(page).context["form"]
    typed = {b.html_name: b.value() for b in form if b.value() is not None} | {"distance_m": 75}
    assert mine.post(page, typed).status_code == 302

    receipt = tablet.send(mine, late)

    assert receipt["state"] == "conflict"
    assert Record.objects.get(uuid=late["uuid"]).conflict == Record.Conflict.EDITED
    assert Candidate.objects.get().distance_m == 75


def asking(**more):
    """A survey on which the owners are asked for point A."""
    asked = {
        "points__0__consent_needed": "on",
        "consents__TOTAL_FORMS": 1,
        "consents__INITIAL_FORMS": 0,
        "consents__0__point": "A",
        "consents__0__party_kind": "owners",
        "consents__0__party": "业委会",
        "consents__0__subject": "电缆过绿化带",
        "consents__0__asked_on": f"{timezone.localdate():%Y-%m-%d}",
        "consents__0__asked_how": "in_person",
    }
    return tablet.survey_values(**(asked | more))


def test_two_parties_of_one_kind_are_two_rows_of_a_merge(mine, site, lina):
    late = drafted(site, lina, values=asking(consents__0__party="物业 李经理"))
    tablet.send(mine, drafted(site, lina, values=asking()))
    receipt = tablet.send(mine, late)
    assert receipt["state"] == "conflict"

    answer = mine.post(receipt["url"], {"how": "taken", "edition": receipt["edition"]})

    assert answer.status_code == 302, answer.context["refusal"]
    parties = set(Consent.objects.values_list("party", flat=True))
    assert parties == {"业委会", "物业 李经理"}


def test_an_answer_of_the_round_before_finds_its_party_in_this_one(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    site.refresh_from_db()
    late = drafted(site, lina, values={"consents__0__answer": "yes"})
    moves.send_back(Step.objects.get(pk=site.pk), by=lina, reason="重勘")
    now = tablet.step_of(site.case)
    Step.objects.filter(pk=now.pk).update(owner=lina)
    survey.begin(tablet.step_of(site.case), by=lina)
    receipt = tablet.send(mine, late)
    assert receipt["state"] == "conflict"
    edition = Step.objects.get(pk=now.pk).sheet_edition

    answer = mine.post(
        receipt["url"], {"how": "taken", "choice-consents-0-answer": "mine", "edition": edition}
    )

    assert answer.status_code == 302, answer.context["refusal"]
    assert Consent.objects.get(candidate__survey__step=now).answer == "yes"
    assert Consent.objects.count() == 2


def refused_at_the_desk(mine, site):
    """Meanwhile the party of the tablet's only question has said no: the point is closed."""
    page = reverse("surveys:answer", args=[site.case.number, Consent.objects.get().pk])
    said = {"answer": "no", "on": f"{timezone.localdate():%Y-%m-%d}", "options": "另选一点"}
    assert mine.post(page, said).status_code == 302
    assert Candidate.objects.get().workable is False


def test_a_refusal_taken_at_the_desk_still_closes_the_point_after_the_tablet(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    site.refresh_from_db()
    told = {"meter_position": "二楼", "points__0__workable": ""}
    late = drafted(site, lina, values=told)
    refused_at_the_desk(mine, site)

    receipt = tablet.send(mine, late)

    assert receipt["state"] == "conflict"
    choice = {"how": "taken", "choice-meter_position": "mine", "edition": receipt["edition"]}
    decided = mine.post(receipt["url"], choice)
    assert decided.status_code == 302, decided.context["refusal"]
    assert Survey.objects.get().meter_position == "二楼"
    assert (Candidate.objects.get().workable, Consent.objects.get().answer) == (False, "no")


def test_of_two_answers_of_one_party_the_one_recorded_stands(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    site.refresh_from_db()
    late = drafted(site, lina, values={"consents__0__answer": "yes"})
    refused_at_the_desk(mine, site)
    receipt = tablet.send(mine, late)
    page = mine.get(receipt["url"])
    shown = {d.name: (d.theirs, d.preset) for d in page.context["merge"].differences}
    assert shown["consents-0"] == ("业委会 · Refuses", "theirs")

    choice = {"how": "taken", "edition": receipt["edition"]}
    insisted = mine.post(receipt["url"], choice | {"choice-consents-0": "mine"})
    assert "recorded already" in str(insisted.context["refusal"])
    decided = mine.post(receipt["url"], choice)

    assert decided.status_code == 302, decided.context["refusal"]
    assert Consent.objects.get().answer == "no"


def test_a_consent_asked_for_at_the_desk_is_still_needed_after_the_tablet(mine, site, lina):
    tablet.send(mine, drafted(site, lina))
    site.refresh_from_db()
    late = drafted(site, lina)
    asked = {
        "party_kind": "owners",
        "party": "业委会",
        "subject": "电缆过绿化带",
        "asked_on": f"{timezone.localdate():%Y-%m-%d}",
        "asked_how": "in_person",
    }
    point = Candidate.objects.get()
    page = reverse("surveys:consent_new", args=[site.case.number, point.pk])
    assert mine.post(page, asked).status_code == 302

    assert tablet.send(mine, late)["state"] == "conflict"
    assert Candidate.objects.get().consent_needed


def test_a_photo_added_at_the_desk_is_no_conflict(mine, site, lina):
    tablet.send(mine, drafted(site, lina))
    site.refresh_from_db()
    late = drafted(site, lina)
    photo = {"picture": surveys.upload(tablet.picture(7)), "subject": "site"}
    page = reverse("surveys:photo_new", args=[site.case.number])
    assert mine.post(page, photo).status_code == 302

    assert tablet.send(mine, late)["state"] == "applied"


def test_a_consent_known_from_before_is_answered_on_the_tablet(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    site.refresh_from_db()
    consent = Consent.objects.get()

    receipt = tablet.send(mine, drafted(site, lina, values={"consents__0__answer": "yes"}))

    assert receipt["state"] == "applied", receipt["errors"]
    consent.refresh_from_db()
    assert (consent.answer, Consent.objects.count()) == ("yes", 1)


def test_a_consent_of_the_round_before_is_answered_in_this_one(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    moves.send_back(Step.objects.get(pk=site.pk), by=lina, reason="重勘")
    now = tablet.step_of(site.case)
    Step.objects.filter(pk=now.pk).update(owner=lina)
    before = Consent.objects.get()
    sent = drafted(now, lina, values={"consents__0__answer": "yes"})
    assert ["consents-0-known", str(before.pk)] in sent["fields"]

    receipt = tablet.send(mine, sent)

    assert receipt["state"] == "applied", receipt["errors"]
    before.refresh_from_db()
    assert before.answer == ""
    assert Consent.objects.get(carried_from=before).answer == "yes"
    assert Consent.objects.count() == 2


def test_who_answered_meanwhile_does_not_hold_up_the_record(mine, site, lina):
    tablet.send(mine, drafted(site, lina, values=asking()))
    site.refresh_from_db()
    same = drafted(site, lina, values={"meter_position": "二楼"})
    again = drafted(
        site, lina, values={"consents__0__answer": "no", "consents__0__options": "另选"}
    )
    consent = Consent.objects.get()
    Consent.objects.filter(pk=consent.pk).update(answer="yes", answered_on=timezone.localdate())

    assert tablet.send(mine, same)["state"] == "applied"
    receipt = tablet.send(mine, again | {"edition": site.sheet_edition + 1})

    assert receipt["state"] == "returned"
    assert "recorded already" in str(receipt["errors"])
    assert Consent.objects.get().answer == "yes"


def test_a_survey_of_two_is_sent_by_the_first_and_waits_for_the_second(mine, site, lina):
    site.case.customer_class = "hv_single"
    site.case.save(update_fields=["customer_class"])
    second = surveys.second()

    alone = tablet.send(mine, tablet.envelope(site, lina))
    assert alone["state"] == "kept"
    assert "two surveyors" in alone["errors"]["second_surveyor"][0]
    site.refresh_from_db()
    values = tablet.survey_values(second_surveyor=second.pk, points__0__label="A")
    receipt = tablet.send(mine, tablet.envelope(site, lina, values=values))

    assert receipt["state"] == "applied", receipt["errors"]
    sheet = Survey.objects.get(step=site)
    assert sheet.waits
    assert sheet.second == second
    late = tablet.send(mine, tablet.envelope(site, lina, values=values, edition=site.sheet_edition))
    assert late["state"] == "conflict"
    assert survey.confirm(sheet, by=second).state == "done"


def test_a_visit_to_come_is_not_noted_at_a_check_either(client):
    step = works.received(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    Step.objects.filter(pk=step.pk).update(owner=inspector)
    client.force_login(inspector)
    tomorrow = timezone.localtime() + timedelta(days=1)
    values = {"at": f"{tomorrow:%Y-%m-%dT%H:%M}", "outcome": "no_access", "evidence": "敲门无人"}

    sent = tablet.envelope(step, inspector, sheet="attempt", values=values)
    receipt = tablet.send(client, sent)

    assert receipt["state"] == "returned"
    assert "future" in str(receipt["errors"])
    assert not Event.objects.filter(verb="visit_failed").exists()
