"""The pages of papers: who may see and do what, what is served; hostile input does nothing."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from documents import services
from documents.models import Attachment, Paper, PaperItem
from tests.documents.factories import (
    PDF,
    counter_case,
    odd_exif,
    papers_of,
    pdf,
    picture,
    rendered,
    saved,
    scan,
    upload,
)
from tests.factories import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    person(Role.CLERK, language="en", name="孙悦", phone="8800-2101")
    return counter_case()


@pytest.fixture
def clerk(client, case):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    return clerk


def log_in(client, role, at):
    client.force_login(person(role, at=at, language="en"))


def url(case, name="papers", *args):
    return reverse(f"documents:{name}", args=[case.number, *args])


def owed(case) -> PaperItem:
    return case.papers_owed.get(requirement__code="title")


# Looking ------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_owed_and_what_was_issued(client, case, clerk):
    page = client.get(url(case)).content.decode()

    assert "Proof of ownership" in page
    assert url(case, "receive", owed(case).pk) in page
    assert "Application receipt" in page
    assert "being made" in page
    assert "Not needed…" not in page


def test_a_paper_can_be_fetched_as_soon_as_it_is_rendered(client, case, clerk):
    receipt = papers_of(case, "receipt")["en"]
    assert client.get(receipt.get_absolute_url()).status_code == 404

    receipt = rendered(receipt)
    response = client.get(receipt.get_absolute_url())

    content = b"".join(response.streaming_content)
    assert content.startswith(b"%PDF-1.7")
    assert len(content) == receipt.size
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{case.number}-01-1-en.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_picture_handed_in_is_shown_and_can_run_nothing(client, case, clerk):
    client.post(
        url(case), {"title": "现场", "file": upload(picture(), "页\x00面.html", "text/html")}
    )

    kept = Attachment.objects.get()
    response = client.get(kept.get_absolute_url())

    with kept.file.open() as file:
        assert b"".join(response.streaming_content) == file.read()
    assert response["Content-Type"] == "image/jpeg"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_picture_in_small_is_served_as_harmlessly_as_the_whole(client, case, clerk):
    whole = upload(picture(size=(1600, 1200)))
    client.post(url(case), {"title": "现场", "file": whole})
    address = url(case, "thumbnail", Attachment.objects.get().pk)

    response = client.get(address)

    with Image.open(BytesIO(b"".join(response.streaming_content))) as small:
        assert max(small.size) == 320
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    other = counter_case(not_duplicate="别家")
    assert client.get(address.replace(case.number, other.number)).status_code == 404
    log_in(client, Role.CLERK, "bhxc")
    assert client.get(address).status_code == 404


def test_of_a_paper_that_is_no_picture_there_is_nothing_in_small(client, case, clerk):
    client.post(url(case), {"title": "产权证", "file": upload(PDF, "证.pdf")})

    assert client.get(url(case, "thumbnail", Attachment.objects.get().pk)).status_code == 404


@pytest.mark.parametrize("name", ["attachment", "thumbnail"])
def test_a_file_gone_from_the_store_is_not_there(client, case, clerk, caplog, name):
    client.post(url(case), {"title": "现场", "file": upload(picture())})
    kept = Attachment.objects.get()
    default_storage.delete(kept.file.name)

    assert client.get(url(case, name, kept.pk)).status_code == 404
    assert kept.file.name in caplog.text


@pytest.mark.parametrize(("role", "at"), [(Role.CLERK, "bhxc"), (Role.SUPERVISOR, "bh")])
def test_another_office_finds_nothing(client, case, role, at):
    kept = services.attach(case, scan(), title="证", by=person(Role.CLERK))
    receipt = rendered(papers_of(case, "receipt")["en"])
    log_in(client, role, at)

    for address in (
        url(case),
        url(case, "receive", owed(case).pk),
        url(case, "waive", owed(case).pk),
        kept.get_absolute_url(),
        receipt.get_absolute_url(),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address, {"reason": "x"}).status_code == 404, address
    assert owed(case).state == PaperItem.State.OWED


def test_a_stranger_is_sent_to_the_door(client, case):
    receipt = rendered(papers_of(case, "receipt")["en"])

    for address in (url(case), receipt.get_absolute_url()):
        response = client.get(address)
        assert response.status_code == 302
        assert "/login/" in response["Location"]


def test_what_belongs_to_one_case_is_not_reached_through_another(client, case, clerk):
    other = counter_case(
        customer_name="李四", id_number="32010219851106441X", phone="13900001111", room="9-901"
    )
    kept = services.attach(case, scan(), title="证", by=clerk)
    receipt = rendered(papers_of(case, "receipt")["en"])

    assert client.get(url(other, "attachment", kept.pk)).status_code == 404
    assert client.get(url(other, "paper", receipt.pk)).status_code == 404
    assert client.get(url(other, "receive", owed(case).pk)).status_code == 404
    for number in ("2026-999999", "%00", "2026-000001%00", "%E2%80%AE"):
        assert client.get(f"/cases/{number}/papers/").status_code == 404
        assert client.post(f"/cases/{number}/papers/").status_code == 404


def test_the_page_costs_the_same_however_many_papers_there_are(client, case, clerk):
    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url(case)).status_code == 200
        return len(queries)

    cost()
    few = cost()
    for number in range(8):
        services.attach(case, scan(), title=f"证 {number}", by=clerk)
        services.issue(case, "receipt", by=clerk, step=case.step("application"))
    for item in case.papers_owed.filter(state="owed"):
        services.receive(item, by=clerk, file=scan())

    assert cost() == few <= 10


# Taking in ----------------------------------------------------------------------------------------


def test_a_paper_is_taken_in_with_its_scan(client, case, clerk):
    response = client.post(url(case, "receive", owed(case).pk), {"scan": upload(PDF)}, follow=True)

    assert "Received: Proof of ownership." in response.content.decode()
    assert owed(case).attachment.original_name == "扫描件.pdf"


def test_a_paper_can_be_taken_in_without_a_scan(client, case, clerk):
    client.post(url(case, "receive", owed(case).pk))

    assert owed(case).state == PaperItem.State.RECEIVED
    assert owed(case).attachment is None


def test_the_second_press_is_told_that_the_paper_is_there(client, case, clerk):
    address = url(case, "receive", owed(case).pk)
    client.post(address)

    assert "already" in client.post(address).content.decode()
    assert case.events.filter(verb="paper_received").count() == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"MZ not a pdf", "this is a program"),
        (picture()[:2000], "cut off"),
        (PDF + b"<script>alert(1)</script>" * 20, "something else"),
        (pdf(user_password="1", algorithm="AES-256"), "needs a password"),
        (pdf(0), "no pages"),
    ],
)
def test_a_wrong_file_is_refused_and_nothing_written(client, case, clerk, content, message):
    for address, name in ((url(case, "receive", owed(case).pk), "scan"), (url(case), "file")):
        page = client.post(
            address, {name: upload(content, "证.pdf"), "title": "证"}
        ).content.decode()
        assert message in page
    assert owed(case).state == PaperItem.State.OWED
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "content",
    [saved(Image.new("RGB", (64, 48)), exif=odd_exif(6)), saved(Image.new("RGB", (1, 7)))],
)
def test_an_odd_photo_of_a_paper_is_received(client, case, clerk, content):
    client.post(url(case), {"title": "证", "file": upload(content, "证.jpg")})
    client.post(url(case, "receive", owed(case).pk), {"scan": upload(content, "证.jpg")})

    assert case.attachments.filter(content_type="image/jpeg").count() >= 1
    assert owed(case).state == PaperItem.State.RECEIVED
    small = client.get(url(case, "thumbnail", case.attachments.first().pk))
    assert Image.open(BytesIO(small.getvalue())).format == "JPEG"


def test_a_picture_is_kept_as_it_was_sent_beside_what_is_shown(client, case, clerk):
    content = saved(Image.new("RGB", (64, 48)), exif=odd_exif(6))
    for _twice in range(2):
        client.post(url(case), {"title": "现场", "file": upload(content, "现场.jpg")})
    client.post(url(case), {"title": "合同", "file": upload(PDF)})
    pdf, _again, picture_ = case.attachments.all()
    page = client.get(url(case)).content.decode()

    assert page.count("?original") == 2
    as_sent = client.get(url(case, "attachment", picture_.pk), {"original": ""})
    assert as_sent.getvalue() == content
    assert as_sent.headers["Content-Disposition"].startswith("attachment")
    assert client.get(url(case, "attachment", pdf.pk), {"original": ""}).status_code == 404


def test_what_was_sent_for_one_case_is_not_shown_in_another(client, case, clerk):
    content = saved(Image.new("RGB", (64, 48)), exif=odd_exif(6))
    client.post(url(case), {"title": "现场", "file": upload(content, "现场.jpg")})
    with case.attachments.get().file as file:
        shown = file.read()
    other = counter_case(street="人民路 2 号", not_duplicate="另一户")

    client.post(url(other), {"title": "下载的", "file": upload(shown, "下载.jpg")})

    copy = other.attachments.get()
    assert copy.sha256 == case.attachments.get().sha256
    assert "?original" not in client.get(url(other)).content.decode()
    assert client.get(url(other, "attachment", copy.pk), {"original": ""}).status_code == 404


def test_a_file_over_the_limit_is_refused(client, case, clerk, settings):
    settings.UPLOAD_LIMIT = 1024
    large = upload(picture("PNG"), "大.png", "image/png")

    page = client.post(url(case, "receive", owed(case).pk), {"scan": large}).content.decode()

    assert "too large" in page
    assert owed(case).state == PaperItem.State.OWED


HOSTILE = [
    "",
    "   ",
    "x" * 10_000,
    "a\x00b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_title_must_be_a_title(client, case, clerk, text):
    page = client.post(url(case), {"title": text, "file": upload(PDF)})

    assert page.status_code == 200
    assert "invalid-feedback" in page.content.decode() or "errors" in page.content.decode()
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("text", ['<b onclick="x">\'"&', "🔌⚡", "\u202eقلب", "'; DROP TABLE--"])
def test_a_strange_title_is_kept_and_shown_as_it_was_typed(client, case, clerk, text):
    page = client.post(url(case), {"title": text, "file": upload(PDF)}, follow=True)

    assert Attachment.objects.get().title == text.strip()
    assert "<b onclick" not in page.content.decode()


# Waiving ------------------------------------------------------------------------------------------


def test_only_who_steers_decides_that_a_paper_is_not_needed(client, case, clerk):
    address = url(case, "waive", owed(case).pk)
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "x"}).status_code == 403

    log_in(client, Role.SUPERVISOR, "lh")
    assert "Not needed…" in client.get(url(case)).content.decode()
    client.post(address, {"reason": "政府已核验"})

    assert owed(case).state == PaperItem.State.WAIVED


@pytest.mark.parametrize("text", HOSTILE)
def test_a_waiver_without_a_proper_reason_changes_nothing(client, case, text):
    log_in(client, Role.SUPERVISOR, "lh")

    page = client.post(url(case, "waive", owed(case).pk), {"reason": text})

    assert page.status_code == 200
    assert owed(case).state == PaperItem.State.OWED


def test_an_auditor_looks_and_changes_nothing(client, case):
    log_in(client, Role.AUDITOR, "js")

    assert client.get(url(case)).status_code == 200
    assert "look, not change" in client.post(url(case, "receive", owed(case).pk)).content.decode()
    page = client.post(url(case), {"title": "x", "file": upload(PDF)})
    assert "look, not change" in page.content.decode()
    assert owed(case).state == PaperItem.State.OWED
    assert not Attachment.objects.exists()


# Verifying ----------------------------------------------------------------------------------------


def test_anybody_with_the_code_can_verify_a_paper_and_learns_nothing_personal(client, case):
    receipt = rendered(papers_of(case, "receipt")["en"])

    response = client.get(f"/verify/{receipt.code}/")

    page = response.content.decode()
    assert response.status_code == 200
    assert receipt.sha256 in page
    assert receipt.number in page
    assert "later paper" not in page
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    for personal in (case.customer_name, case.phone, case.address, "3201", "孙悦"):
        assert personal not in page


def test_a_paper_replaced_by_a_later_one_says_so(client, case):
    receipt = papers_of(case, "receipt")["en"]
    services.issue(case, "receipt", by=person(Role.CLERK), step=case.step("application"))

    assert (
        "later paper"
        in client.get(
            f"/verify/{receipt.code}/", headers={"accept-language": "en"}
        ).content.decode()
    )


@pytest.mark.parametrize("code", ["x", "a" * 24, "%00", "' or 1=1", "../../admin"])
def test_a_code_that_is_none_verifies_nothing(client, case, code):
    assert client.get(f"/verify/{code}/").status_code == 404


def test_a_code_is_long_and_never_the_same(case):
    codes = Paper.objects.values_list("code", flat=True)

    assert len(set(codes)) == len(codes) == 4
    assert min(map(len, codes)) >= 16
