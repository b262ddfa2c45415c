"""Files are judged by what they are, not by what they are called."""

import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django import forms
from django.core.exceptions import ValidationError
from PIL import Image

from documents.files import (
    Checked,
    clean_name,
    is_bare_jpeg,
    validate_upload,
    without_metadata,
)
from documents.forms import CheckedFileField
from tests.documents.factories import PDF, picture, upload


def zipped() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("payload.js", "alert(1)")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "truth"),
    [
        (PDF, "application/pdf"),
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (picture("HEIF"), "image/heic"),
    ],
)
def test_the_content_says_what_a_file_is_whatever_its_name(content, truth):
    assert validate_upload(upload(content, "photo.exe", "text/html")).content_type == truth


def test_a_telephone_photo_with_a_second_picture_behind_it_is_a_jpeg():
    second = Image.new("RGB", (64, 48), "red")
    content = picture("MPO", save_all=True, append_images=[second])

    assert validate_upload(upload(content)).content_type == "image/jpeg"


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ\x90\x00 this program cannot be run",
        zipped(),
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"\x00" * 200,
        b"%PDF-1.7 no end",
        PDF + zipped(),
        PDF + b"<script>alert(1)</script>",
        b"<script>alert(1)</script>" + PDF,
        b"\x89PNG\r\n\x1a\nnot a picture",
        b"\xff\xd8\xff\xe0 not a picture",
        picture("JPEG")[:4000],
        picture("PNG")[:4000],
    ],
)
def test_what_is_none_of_the_kinds_or_damaged_is_refused(content):
    with pytest.raises(ValidationError, match=r"By its content|damaged|cut off|something else"):
        validate_upload(upload(content, "扫描件.pdf"))


def test_a_picture_is_no_pdf_and_a_pdf_no_picture():
    with pytest.raises(ValidationError, match="PDF"):
        validate_upload(upload(picture()), kinds=("pdf",))
    with pytest.raises(ValidationError, match="JPEG"):
        validate_upload(upload(PDF), kinds=("image",))


def test_a_decompression_bomb_is_not_unpacked():
    bomb = BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    big = BytesIO()
    Image.new("1", (9_000, 9_000)).save(big, "PNG")

    assert len(bomb.getvalue()) < 200_000
    for content in (bomb, big):
        with pytest.raises(ValidationError, match="pixels"):
            validate_upload(upload(content.getvalue()))


def test_the_limit_and_the_empty_file(settings):
    settings.UPLOAD_LIMIT = len(PDF)
    assert validate_upload(upload(PDF)).size == len(PDF)
    with pytest.raises(ValidationError, match="too large"):
        validate_upload(upload(PDF + b"\n"))
    with pytest.raises(ValidationError, match="empty"):
        validate_upload(upload(b""))


def sent_together(rf, *sizes: int) -> list:
    """Files of these sizes on one form, as the server reads it."""
    files = {f"scan-{n}": upload(PDF.ljust(size)) for n, size in enumerate(sizes)}
    request = rf.post("/", {"remarks": "一", **files})
    assert request.POST["remarks"] == "一"
    return list(request.FILES.values())


def test_files_too_large_together_are_refused_one_by_one(rf, settings):
    settings.UPLOADS_LIMIT = 300_000
    first, second, third, fourth = sent_together(rf, 200_000, 150_000, 100_000, 1000)

    assert validate_upload(first).size == 200_000
    with pytest.raises(ValidationError, match=r"Together with the other files.*by itself"):
        validate_upload(second)
    assert validate_upload(third).size == 100_000
    with pytest.raises(ValidationError, match="Together"):
        validate_upload(fourth)


def test_of_a_file_that_is_too_large_nothing_more_is_kept(rf, settings):
    settings.UPLOAD_LIMIT = 100_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    large, small = sent_together(rf, 5_000_000, 1000)

    with pytest.raises(ValidationError, match=r"4\.8 MB"):
        validate_upload(large)
    assert large.read() == b""
    assert validate_upload(small).size == 1000
    small.close()


def test_the_proxy_lets_through_what_the_form_may_bring(settings):
    proxy = Path(settings.BASE_DIR, "deploy", "Caddyfile").read_text()
    [limit] = re.findall(r"max_size (\d+)MB", proxy)

    assert (
        int(limit) * 1_000_000 > settings.UPLOADS_LIMIT + 4 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    )
    assert settings.UPLOADS_LIMIT >= 6 * settings.UPLOAD_LIMIT


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("房产证\x00.pdf", "房产证.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\证.jpg", "证.jpg"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("\u200b\x07", "file"),
        ("", "file"),
        (None, "file"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("x." + "y" * 300, "y" * 200),
    ],
)
def test_a_name_is_cleaned_before_it_is_kept(name, shown):
    assert clean_name(name) == shown


def test_a_photo_is_kept_upright_small_and_without_its_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Secret Camera"
    taken = Checked(picture(size=(3000, 1000), exif=exif), "image/jpeg", "现场.jpg")

    kept = without_metadata(taken)

    with Image.open(BytesIO(kept.content)) as image:
        assert image.height == 2048
        assert image.width < 700
        assert not image.getexif()


@pytest.mark.parametrize("behind", [b"<script>alert(1)</script>", zipped(), picture()])
def test_what_hangs_behind_a_picture_is_not_kept(behind):
    """Also where it ends as a picture ends."""
    bare = without_metadata(Checked(picture(size=(64, 48)), "image/jpeg", "现场.jpg"))
    assert is_bare_jpeg(bare.content)
    assert without_metadata(bare).content == bare.content
    for content in (bare.content + behind, bare.content + behind + b"\xff\xd9"):
        assert not is_bare_jpeg(content)

        kept = without_metadata(Checked(content, "image/jpeg", "现场.jpg"))

        assert is_bare_jpeg(kept.content)
        assert behind not in kept.content[:-2]


def test_a_transparent_drawing_stands_on_white():
    out = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")

    kept = without_metadata(Checked(out.getvalue(), "image/png", "签名.png"))

    with Image.open(BytesIO(kept.content)) as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_that_cannot_be_read_to_its_end_is_refused():
    with pytest.raises(ValidationError, match="cut off"):
        without_metadata(Checked(picture()[:5000], "image/jpeg", "x.jpg"))


class OneFile(forms.Form):
    file = CheckedFileField()
    other = CheckedFileField(required=False, kinds=("image",))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.pdf", "empty"),
        (b"MZ", "a.pdf", "this is a program"),
        (picture()[:3000], "a.jpg", "cut off"),
    ],
)
def test_the_field_says_what_is_wrong(content, name, message):
    form = OneFile({}, {"file": upload(content, name)})

    assert not form.is_valid()
    assert message in str(form.errors["file"])


def test_the_field_takes_overlong_and_strange_names():
    form = OneFile({}, {"file": upload(PDF, "n" * 400 + "\x00.pdf")})

    assert form.is_valid(), form.errors
    assert len(form.cleaned_data["file"].name) == 200
    assert form.cleaned_data["file"].name.endswith("n.pdf")
    assert form.cleaned_data["other"] is None


def test_text_in_place_of_a_file_is_no_file():
    form = OneFile({"file": "C:\\fakepath\\x.pdf"}, {})

    assert not form.is_valid()
