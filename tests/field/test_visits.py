"""The visits of a day: their order, what is near, what was photographed before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from applications.models import Application
from documents.services import attach
from field import visits
from metering.models import MeterPhoto
from surveys.models import Photo, SourcePoint
from tests import factories
from tests.field import factories as tablet
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow.models import Step
from workflow.process import Kind
from works.models import CheckPhoto

pytestmark = pytest.mark.django_db


def at(site, longitude, latitude):
    """The site where the application declares it."""
    Application.objects.filter(step__case=site.case_id).update(
        longitude=Decimal(longitude), latitude=Decimal(latitude)
    )
    return visits.visit_of(site)


def point(name, longitude=None, latitude=None):
    place = (None, None) if longitude is None else (Decimal(longitude), Decimal(latitude))
    return surveys.source_point(name, longitude=place[0], latitude=place[1])


def test_visits_stand_by_deadline_or_street_by_street(mine, lina):
    streets = {"乙路 9 号": "2026-12-01", "甲路 1 号": "2026-12-03", "乙路 1 号": "2026-12-02"}
    for street, due_on in streets.items():
        case = surveys.at_survey(street=street, not_duplicate=street)
        Step.objects.filter(case=case, kind=Kind.SURVEY).update(owner=lina, due_on=due_on)
    Step.objects.filter(case__address__contains="人民路").update(due_on=None)

    def order(address):
        page = mine.get(address)
        return [visit.application.street for visit in page.context["visits"]]

    assert order("/field/") == ["乙路 9 号", "乙路 1 号", "甲路 1 号", "人民路 8 号院"]
    by_place = order("/field/?by=place")
    assert by_place == sorted(by_place)
    assert set(by_place) == {*streets, "人民路 8 号院"}
    assert order("/field/?by=nonsense") == order("/field/")


def test_of_hundreds_of_points_the_nearest_are_shown_with_their_metres(site):
    SourcePoint.objects.bulk_create(
        SourcePoint(
            unit=factories.unit(),
            name=f"A{n:03}",
            rated_kva=100,
            longitude=Decimal(115),
            latitude=Decimal(31),
        )
        for n in range(600)
    )
    far = point("远", "114.302", "30.600")
    near = point("Z 近", "114.300", "30.601")
    nowhere = point("无坐标")

    found = visits.points_near(at(site, "114.300", "30.600"))

    assert len(found) == visits.NEAR
    assert [(p, metres) for p, metres in found[:2]] == [(near, 111), (far, 191)]
    assert nowhere not in [p for p, _metres in found]


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude(site):
    east, north = point("东", "114.3011", "30.600"), point("北", "114.300", "30.601")

    found = visits.points_near(at(site, "114.300", "30.600"))

    assert [p for p, _metres in found] == [east, north]


def test_points_of_another_unit_or_out_of_use_are_not_near(site):
    elsewhere = point("别处", "114.300", "30.600")
    SourcePoint.objects.filter(pk=elsewhere.pk).update(unit=factories.unit("bhxc"))
    point("停用", "114.300", "30.600")
    SourcePoint.objects.filter(name="停用").update(active=False)

    assert visits.points_near(at(site, "114.300", "30.600")) == []


def test_where_the_site_has_no_place_the_points_have_no_metres(site):
    made = point("有坐标", "114.300", "30.600")

    assert visits.points_near(visits.visit_of(site)) == [(made, None)]


def test_what_was_photographed_before_is_shown_by_every_room_the_latest_first(client):
    case = works.case_at(Kind.MID_CHECK)
    step = works.received(case, Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    kept = [
        attach(case, works.picture(name), title=name, by=inspector, step=step)
        for name in ("沟", "表计读数")
    ]
    CheckPhoto.objects.create(step=step, attachment=kept[0], shows="电缆沟")
    MeterPhoto.objects.create(step=step, attachment=kept[1], shows="reading")

    found = visits.photos_of(step)

    assert [what for _small, _whole, what in found] == ["Reading", "电缆沟"]
    client.force_login(inspector)
    for small, whole, _what in found:
        assert b"".join(client.get(whole).streaming_content).startswith(b"\xff\xd8")
        answer = client.get(small)
        assert b"".join(answer.streaming_content).startswith(b"\xff\xd8")
        assert answer["Content-Type"] == "image/jpeg"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-store"
    assert found[0][0] == reverse("documents:thumbnail", args=[case.number, kept[1].pk])


def test_photos_of_the_survey_stand_under_their_subject(mine, site, lina):
    photo = tablet.picture(1)
    tablet.send(mine, tablet.envelope(site, lina, photos=[photo], signing=False), [photo])

    [(small, whole, what)] = visits.photos_of(site)

    assert what == Photo.objects.get().get_subject_display()
    assert b"".join(mine.get(whole).streaming_content) == photo
    assert b"".join(mine.get(small).streaming_content).startswith(b"\xff\xd8")
