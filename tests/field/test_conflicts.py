"""The step went on without the tablet: nothing is thrown away, somebody decides, it is noted."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.roles import Role
from documents.models import Attachment
from field import services
from field.models import Record, RecordFile
from surveys.models import Candidate, Photo, Survey
from tests import factories
from tests.field import factories as tablet
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow import clocks, moves
from workflow.models import Event, Step, StopReason
from workflow.process import Kind
from workflow.sheets import counted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("walls_down")]


def drafted(site, lina, **values):
    """The first of two tablets: its sheet is on the case as a draft."""
    told = tablet.survey_values(**values)
    return tablet.envelope(site, lina, values=told, signing=False)


def test_two_tablets_on_one_visit_are_both_kept_and_merged_as_chosen(mine, site, lina):
    photo = tablet.picture(3)
    second = tablet.envelope(
        site,
        lina,
        photos=[photo],
        values=tablet.survey_values(meter_position="二楼", points__0__name="街边 3# 箱"),
    )
    assert tablet.send(mine, drafted(site, lina))["state"] == "applied"

    receipt = tablet.send(mine, second, [photo])

    assert receipt["state"] == "conflict"
    assert receipt["conflict"] == "The sheet was saved by somebody else meanwhile."
    assert Survey.objects.get().meter_position == "一楼楼道表箱"
    page = mine.get(receipt["url"])
    shown = {d.name: (d.mine, d.theirs) for d in page.context["merge"].differences}
    assert shown["meter_position"] == ("二楼", "一楼楼道表箱")
    assert "街边 3# 箱" in shown["points-0"][0]
    assert "photos-0" in shown
    assert b"choice-meter_position" in page.content

    choice = {"how": "taken", "choice-meter_position": "mine", "choice-points-0": "mine"}
    answer = mine.post(receipt["url"], choice)

    assert answer.status_code == 302, answer.context["refusal"]
    assert Survey.objects.get().meter_position == "二楼"
    assert [c.name for c in Candidate.objects.order_by("label")] == ["院内 2# 分支箱", "街边 3# 箱"]
    assert Photo.objects.get().sha256 == hashlib.sha256(photo).hexdigest()
    record = Record.objects.get(uuid=second["uuid"])
    assert (record.state, record.settled_how) == ("settled", "taken")
    assert Event.objects.filter(verb=services.SETTLED).count() == 1
    assert Step.objects.get(pk=site.pk).state == Step.State.IN_HAND
    again = mine.post(receipt["url"], choice)
    assert again.status_code == 403  # there is nothing to choose any more


def test_the_server_stands_where_nothing_else_is_chosen(mine, site, lina):
    second = tablet.envelope(site, lina, values=tablet.survey_values(meter_position="二楼"))
    tablet.send(mine, drafted(site, lina))
    receipt = tablet.send(mine, second)

    mine.post(receipt["url"], {"how": "taken"})

    assert Survey.objects.get().meter_position == "一楼楼道表箱"


def test_sent_back_while_offline_the_record_goes_onto_the_new_round(mine, site, lina):
    photo = tablet.picture(4)
    late = tablet.envelope(
        site, lina, photos=[photo], values=tablet.survey_values(meter_position="二楼")
    )
    tablet.send(mine, drafted(site, lina))
    case = Step.objects.get(pk=site.pk).case
    moves.send_back(Step.objects.get(pk=site.pk), by=lina, reason="照片不清")
    now = tablet.step_of(case)
    assert now.round == 2
    Step.objects.filter(pk=now.pk).update(owner=lina)

    receipt = tablet.send(mine, late, [photo])

    assert receipt["state"] == "conflict"
    assert "another round" in receipt["conflict"]
    page = mine.get(receipt["url"])
    assert page.context["may_take"]
    names = {d.name for d in page.context["merge"].differences}
    assert "meter_position" in names
    assert "points-0" not in names  # the same point, carried into the new round
    answer = mine.post(receipt["url"], {"how": "taken", "choice-meter_position": "mine"})
    assert answer.status_code == 302, answer.context["refusal"]
    assert Survey.objects.get(step=now).meter_position == "二楼"
    assert Survey.objects.get(step=site).meter_position == "一楼楼道表箱"


@pytest.mark.parametrize("what", ["reassigned", "finished", "withdrawn"])
def test_whatever_became_of_the_step_the_record_waits_for_both(
    mine, client, site, lina, boss, what
):
    photo = tablet.picture(4)
    late = tablet.envelope(site, lina, photos=[photo])
    if what == "reassigned":
        Step.objects.filter(pk=site.pk).update(owner=surveys.second())
    elif what == "finished":
        tablet.send(mine, tablet.envelope(site, lina))
    else:
        moves.withdraw(site.case, by=boss, reason="不办了")

    receipt = tablet.send(mine, late, [photo])

    assert receipt["state"] == "conflict", receipt
    assert Photo.objects.count() == 0
    for person in (lina, boss):
        client.force_login(person)
        assert late["uuid"] in client.get("/field/records/").content.decode()
        page = client.get(receipt["url"])
        assert page.status_code == 200
        assert "一楼楼道表箱" in page.content.decode()
        assert "photos-0" in {d.name for d in page.context["merge"].differences}
        assert not page.context["may_take"]
        assert b'value="taken"' not in page.content
        forged = client.post(receipt["url"], {"how": "taken"})
        assert forged.status_code == 403
    assert Event.objects.filter(verb=services.CONFLICT).count() == 1
    client.force_login(boss)
    empty = client.post(receipt["url"], {"how": "dropped", "why": ""})
    assert empty.status_code == 422
    if what == "withdrawn":
        done = client.post(receipt["url"], {"how": "dropped", "why": "客户已撤回"})
    else:
        done = client.post(receipt["url"], {"how": "evidence"})
        assert Attachment.objects.filter(sha256=hashlib.sha256(photo).hexdigest()).exists()
    assert done.status_code == 302
    assert Record.objects.get(uuid=late["uuid"]).state == "settled"
    assert client.get(receipt["url"]).status_code == 200


def test_a_survey_goes_on_while_the_customers_answer_is_awaited(mine, site, lina):
    late = tablet.envelope(site, lina)
    moves.hand_over(site, by=lina, note="等客户")

    assert tablet.send(mine, late)["state"] == "applied"


def test_a_check_whose_clock_was_stopped_meanwhile_waits_for_a_decision(client):
    step = works.check_ready(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    late = tablet.envelope(step, inspector, sheet="mid_check", values={})
    moves.stop(
        step,
        by=inspector,
        reason=StopReason.objects.get(code="third_party"),
        party="业委会 王主任",
        evidence="征询函 2026-0188",
        review_on=clocks.calendar().add(timezone.localdate(), 3),
    )
    client.force_login(inspector)

    receipt = tablet.send(client, late)

    assert receipt["state"] == "conflict"
    assert Record.objects.get().conflict == Record.Conflict.NOT_OPEN
    page = client.get(receipt["url"])
    assert page.context["merge"] is not None
    assert not page.context["may_take"]


def test_who_has_the_new_round_sees_the_record_and_decides_it(mine, client, site, lina):
    late = tablet.envelope(site, lina, values=tablet.survey_values(meter_position="二楼"))
    tablet.send(mine, drafted(site, lina))
    moves.send_back(Step.objects.get(pk=site.pk), by=lina, reason="照片不清")
    now, other = tablet.step_of(site.case), surveys.surveyor(username="next")
    Step.objects.filter(pk=now.pk).update(owner=other)
    Step.objects.filter(pk=site.pk).update(owner=lina)
    receipt = tablet.send(mine, late)
    assert receipt["state"] == "conflict"
    client.force_login(surveys.surveyor(username="nobody"))
    assert client.get(receipt["url"]).status_code == 404

    client.force_login(other)

    assert late["uuid"] in client.get("/field/records/").content.decode()
    assert client.get(receipt["url"]).context["may_take"]
    choice = {"how": "taken", "choice-meter_position": "mine", "edition": now.sheet_edition}
    assert client.post(receipt["url"], choice).status_code == 302
    assert Survey.objects.get(step=now).meter_position == "二楼"


def test_what_was_chosen_beside_an_older_sheet_is_refused_and_stays_chosen(mine, site, lina):
    second = tablet.envelope(site, lina, values=tablet.survey_values(meter_position="二楼"))
    tablet.send(mine, drafted(site, lina))
    receipt = tablet.send(mine, second)
    seen = Step.objects.get(pk=site.pk).sheet_edition
    assert f'name="edition" value="{seen}"' in mine.get(receipt["url"]).content.decode()
    with counted(site, surveys.second()):
        Survey.objects.update(meter_position="三楼")

    choice = {"how": "taken", "choice-meter_position": "mine", "edition": seen}
    answer = mine.post(receipt["url"], choice)

    assert answer.status_code == 422
    assert "saved this sheet after you had opened this page" in answer.context["refusal"][0]
    assert Survey.objects.get().meter_position == "三楼"
    page = answer.content.decode()
    assert 'name="choice-meter_position" value="mine" checked' in page
    assert f'name="edition" value="{seen + 1}"' in page
    assert mine.post(receipt["url"], choice | {"edition": seen + 1}).status_code == 302
    assert Survey.objects.get().meter_position == "二楼"


def returned(mine, site, lina, photos=()):
    """A record that came back to be corrected."""
    values = tablet.survey_values(box_slots=2, box_slots_free=5, meter_position="二楼")
    wrong = tablet.envelope(site, lina, photos=photos, values=values)
    receipt = tablet.send(mine, wrong, photos)
    assert receipt["state"] == "returned"
    return receipt


@pytest.mark.parametrize("what", ["open", "reassigned", "finished"])
def test_a_record_to_be_corrected_can_also_be_decided(mine, client, site, lina, boss, what):
    photo = tablet.picture(4)
    receipt = returned(mine, site, lina, [photo])
    if what == "reassigned":
        Step.objects.filter(pk=site.pk).update(owner=surveys.second())
    elif what == "finished":
        tablet.send(mine, tablet.envelope(Step.objects.get(pk=site.pk), lina))
    client.force_login(boss)

    page = client.get(receipt["url"])
    assert page.context["may_decide"]
    assert "corrects it on the tablet" in page.content.decode()
    answer = client.post(receipt["url"], {"how": "evidence"})

    assert answer.status_code == 302
    record = Record.objects.get(uuid=receipt["uuid"])
    assert (record.state, record.settled_how, record.settled_by) == ("settled", "evidence", boss)
    assert Attachment.objects.filter(sha256=hashlib.sha256(photo).hexdigest()).exists()
    assert client.post(receipt["url"], {"how": "dropped", "why": "x"}).status_code == 422


def test_a_record_to_be_corrected_is_put_onto_the_open_sheet_as_chosen(mine, site, lina):
    receipt = returned(mine, site, lina)

    wrong = {"how": "taken", "choice-box_slots": "mine", "choice-box_slots_free": "mine"}
    refused = mine.post(receipt["url"], wrong)
    right = mine.post(
        receipt["url"],
        {"how": "taken", "choice-meter_position": "mine"}
        | {
            "choice-box_slots": "theirs",
            "choice-box_slots_free": "theirs",
        },
    )

    assert refused.status_code == 422
    assert right.status_code == 302
    assert Survey.objects.get().meter_position == "二楼"
    assert Record.objects.get().settled_how == "taken"


def test_a_record_whose_picture_is_lost_can_still_be_left_aside(mine, site, lina):
    receipt = returned(mine, site, lina, [tablet.picture(4)])
    default_storage.delete(RecordFile.objects.get().path)

    page = mine.get(receipt["url"])
    evidence = mine.post(receipt["url"], {"how": "evidence"})
    dropped = mine.post(receipt["url"], {"how": "dropped", "why": "照片丢失"})

    assert (page.status_code, page.context["merge"]) == (200, None)
    assert evidence.status_code == 422
    assert dropped.status_code == 302


def test_who_only_looks_decides_nothing(mine, client, site, lina):
    second = tablet.envelope(site, lina, values=tablet.survey_values(meter_position="二楼"))
    tablet.send(mine, drafted(site, lina))
    receipt = tablet.send(mine, second)
    client.force_login(factories.person(Role.AUDITOR))

    page = client.get(receipt["url"])
    answer = client.post(receipt["url"], {"how": "dropped", "why": "x"})

    assert page.status_code == 200
    assert not page.context["may_decide"]
    assert answer.status_code == 422
    assert "You may look, not change." in answer.context["refusal"]
    assert Record.objects.get(uuid=second["uuid"]).state == "conflict"
