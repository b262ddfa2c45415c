"""Photos: judged by content, stripped, kept with time, place and checksum."""

import hashlib
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from surveys.models import Photo
from tests import factories as people
from tests.documents.factories import odd_exif, saved
from tests.surveys import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return factories.at_survey()


@pytest.fixture
def surveyor(client):
    client.force_login(factories.surveyor(language="en"))
    return client


def add(client, case, content, name="photo.jpg", **values):
    address = reverse("surveys:photo_new", args=[case.number])
    return client.post(
        address, {"picture": factories.upload(content, name), "subject": "site", **values}
    )


def test_a_photo_is_kept_without_metadata_and_with_time_place_and_checksum(surveyor, case):
    content = factories.jpeg(taken="2026:10:12 10:05:00", gps=True)
    assert b"SecretCamera" in content

    response = add(surveyor, case, content, caption="单元表箱")
    assert response.status_code == 302, response.context["form"].errors

    photo = Photo.objects.get()
    with photo.file as file:
        stored = file.read()
    assert photo.sha256 == hashlib.sha256(stored).hexdigest()
    assert b"SecretCamera" not in stored
    assert not Image.open(BytesIO(stored)).getexif()
    assert photo.taken_at == datetime(2026, 10, 12, 10, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert (float(photo.longitude), float(photo.latitude)) == (118.8, 32.06)
    with Image.open(photo.thumbnail) as small:
        assert max(small.size) <= 320
    photo.thumbnail.close()
    assert case.events.get(verb="photo_added").data["sha256"] == photo.sha256


def test_the_bytes_of_the_camera_are_kept_beside_the_photo(surveyor, case):
    content = factories.jpeg(taken="2026:10:12 10:05:00", gps=True)
    add(surveyor, case, content, name="IMG_1.jpg")
    photo = Photo.objects.get()
    address = reverse("surveys:photo", args=[case.number, photo.pk])
    sheet = surveyor.get(reverse("surveys:survey", args=[case.number])).content.decode()
    assert f'href="{address}?original"' in sheet

    as_sent = surveyor.get(address, {"original": ""})

    assert as_sent.getvalue() == content
    name = f"{case.number}-{photo.pk}-original"
    assert as_sent.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    told = case.events.get(verb="photo_added").data
    assert told["original"] == hashlib.sha256(content).hexdigest() != told["sha256"]
    surveyor.force_login(people.person(Role.SURVEYOR, at="bhxc", username="elsewhere"))
    assert surveyor.get(address, {"original": ""}).status_code == 404


def test_a_photo_that_is_shown_as_it_was_sent_is_kept_once(surveyor, case):
    add(surveyor, case, factories.jpeg(taken="2026:10:12 10:05:00"))
    with Photo.objects.get().file as file:
        bare = file.read()
    Photo.objects.all().delete()
    add(surveyor, case, bare)
    photo = Photo.objects.get()

    assert photo.sha256 == photo.original_sha256
    assert "?original" not in surveyor.get(reverse("surveys:survey", args=[case.number])).text


def test_a_camera_without_a_fix_gives_a_photo_without_a_place(surveyor, case):
    response = add(surveyor, case, factories.jpeg(gps=True, fix=False))

    assert response.status_code == 302, response.context["form"].errors
    assert Photo.objects.get().latitude is None


def test_a_photo_lost_from_the_store_is_not_found(surveyor, case, caplog):
    add(surveyor, case, factories.jpeg())
    photo = Photo.objects.get()
    photo.file.storage.delete(photo.file.name)

    response = surveyor.get(reverse("surveys:photo", args=[case.number, photo.pk]))

    assert response.status_code == 404
    assert photo.file.name in caplog.text


def test_a_photo_is_served_to_those_who_see_the_case_only(surveyor, case, client):
    add(surveyor, case, factories.jpeg())
    photo = Photo.objects.get()

    for name in ("photo", "thumbnail"):
        address = reverse(f"surveys:{name}", args=[case.number, photo.pk])
        client.force_login(people.person(Role.CLERK))
        response = client.get(address)
        assert response.status_code == 200
        assert response["Content-Type"] == "image/jpeg"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response.getvalue().startswith(b"\xff\xd8")
        client.force_login(people.person(Role.SURVEYOR, at="bhxc"))
        assert client.get(address).status_code == 404


def test_a_photo_of_another_case_is_not_found_under_this_one(surveyor, case):
    add(surveyor, case, factories.jpeg())
    other = factories.at_survey(phone="13911112222", id_number="32010219851106441X", room="9")

    address = reverse("surveys:photo", args=[other.number, Photo.objects.get().pk])

    assert surveyor.get(address).status_code == 404


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90 this is a program", "photo.jpg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "photo.png"),
        (b"%PDF-1.7 x %%EOF", "photo.jpg"),
        (b"", "photo.jpg"),
    ],
)
def test_what_is_no_photo_is_refused_whatever_its_name_says(surveyor, case, content, name):
    response = add(surveyor, case, content, name, caption="typed")

    assert response.status_code == 200
    assert response.context["form"].errors["picture"]
    assert "typed" in response.content.decode()
    assert not Photo.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        saved(Image.new("RGB", (64, 48)), exif=odd_exif(6)),
        saved(Image.new("RGB", (7, 7))),
        saved(Image.new("I;16", (64, 48)), "PNG"),
        saved(Image.new("CMYK", (64, 48))),
    ],
)
def test_an_odd_photo_is_kept_like_any_other(surveyor, case, content):
    response = add(surveyor, case, content)

    assert response.status_code == 302, response.context["form"].errors
    assert Photo.objects.get().content_type == "image/jpeg"


def test_a_photo_over_the_limit_is_refused(surveyor, case, settings):
    settings.UPLOAD_LIMIT = 100

    assert "picture" in add(surveyor, case, factories.jpeg()).context["form"].errors


def test_the_same_photo_is_taken_in_once(surveyor, case):
    content = factories.jpeg()
    add(surveyor, case, content)

    response = add(surveyor, case, content)

    assert "already" in str(response.context["form"].errors)
    assert Photo.objects.count() == 1
