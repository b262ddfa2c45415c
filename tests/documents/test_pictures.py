"""Pictures of every make: they are kept as they look, or refused with the true reason."""

import struct
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from PIL import Image

from documents.files import Taken, apart, bare, pictures, validate_upload, without_metadata
from tests.documents.factories import odd_exif, picture, saved, upload

CORNERS = {  # where the red corner of a picture stored in this orientation is, once it is upright
    1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
    5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left",
}  # fmt: skip


def kept(content: bytes) -> Image.Image:
    """The picture as it is kept with the case."""
    return Image.open(BytesIO(bare(validate_upload(upload(content))).content))


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationError) as refused:
        validate_upload(upload(content))
    (reason,) = refused.value.messages
    return reason


def red_corner(image: Image.Image) -> str:
    right, bottom = image.width - 3, image.height - 3
    places = {"top left": (2, 2), "top right": (right, 2), "bottom left": (2, bottom)}
    places["bottom right"] = (right, bottom)
    return next(name for name, at in places.items() if image.getpixel(at)[1] < 100)


@pytest.mark.parametrize("orientation", range(10))
def test_a_picture_is_turned_upright_though_the_rest_of_its_exif_is_broken(orientation):
    image = Image.new("RGB", (64, 48), "white")
    image.paste("red", (0, 0, 16, 16))

    upright = kept(saved(image, exif=odd_exif(orientation)))

    assert upright.size == ((48, 64) if orientation in range(5, 9) else (64, 48))
    assert red_corner(upright) == CORNERS.get(orientation, "top left")


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (3, 900), (900, 3), (5000, 1), (8, 8)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_may_be_as_small_as_it_likes(size, form):
    assert max(kept(saved(Image.new("RGB", size), form)).size) == min(max(size), 4096)
    with_exif = saved(Image.new("RGB", size), form, exif=odd_exif(1))
    small = without_metadata(validate_upload(upload(with_exif)), 320)
    assert max(Image.open(BytesIO(small.content)).size) == min(max(size), 320)


def test_grey_of_65536_shades_is_scaled_not_clipped():
    image = Image.new("I;16", (256, 8))
    image.putdata([column * 257 for column in range(256)] * 8)

    shades = kept(saved(image, "PNG")).convert("L")

    for column in (0, 64, 128, 192, 255):
        assert shades.getpixel((column, 4)) == pytest.approx(column, abs=4)


def test_a_picture_for_the_printing_press_keeps_its_colours():
    image = kept(saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0))))

    assert image.mode == "RGB"
    red, green, blue = image.getpixel((9, 9))
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_paper_stays_white_and_ink_black_in_every_mode(mode):
    sheet = Image.new("L", (40, 40), 255)
    sheet.paste(0, (0, 0, 20, 40))

    image = kept(saved(sheet.convert(mode), "PNG")).convert("L")

    assert image.getpixel((5, 5)) < 10
    assert image.getpixel((35, 5)) > 245


def test_what_is_transparent_by_palette_stands_on_white():
    image = Image.new("P", (20, 20), 1)
    image.putpalette([255, 0, 0, 0, 0, 0])

    assert kept(saved(image, "PNG", transparency=1)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(9248, 6936), (12032, 9024), (30_000, 3000)])
def test_photos_of_64_and_108_megapixels_are_decoded_reduced(size, monkeypatch):
    decoded = []
    load = pictures._load
    monkeypatch.setattr(
        pictures, "_load", lambda image, side: load(image, side) or decoded.append(image.size)
    )

    image = kept(saved(Image.new("L", size, 128), quality=30))

    assert max(image.size) == 4096
    assert [width * height < 32_000_000 for width, height in decoded] == [True, True]


def test_pictures_are_decoded_one_at_a_time(monkeypatch):
    seen = []
    load = pictures._load
    monkeypatch.setattr(
        pictures,
        "_load",
        lambda image, side: seen.append(pictures.ONE_AT_A_TIME.locked()) or load(image, side),
    )

    kept(picture("PNG"))

    assert seen == [True, True]
    assert not pictures.ONE_AT_A_TIME.locked()


@pytest.mark.parametrize(
    ("form", "options", "said"),
    [
        ("PNG", {}, "12000 × 6000 pixels; PNG may have 40 million"),
        ("WEBP", {}, "12000 × 6000 pixels; WebP may have 30 million"),
        ("JPEG", {"progressive": True}, "pixels; progressive JPEG may have 60 million"),
    ],
)
def test_what_can_only_be_decoded_whole_has_a_lower_limit_and_is_told_it(form, options, said):
    assert said in refusal(saved(Image.new("L", (12_000, 6000)), form, **options))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (saved(Image.new("L", (9, 9)), "GIF"), "this is a GIF picture"),
        (saved(Image.new("L", (9, 9)), "BMP"), "this is a BMP picture"),
        (saved(Image.new("L", (9, 9)), "TIFF"), "this is a TIFF picture"),
        (b"PK\3\4 word/document.xml", "this is a Word document"),
        (b"PK\3\4 OFD.xml", "this is an OFD document"),
        (b"PK\3\4 photo.jpg", "this is a ZIP archive"),
        (b"\0\0\0\x20ftypisom", "this is a video"),
        (b"\0\0\0\x20ftypavif", "this is an AVIF picture"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "this is a web page"),
        (b"whatever", "no file that is known here"),
        (picture("JPEG")[:4000], "(JPEG) is cut off"),
        (picture("PNG")[:4000], "(PNG) is cut off"),
        (picture("WEBP")[:4000], "(WebP) is cut off"),
        (picture("HEIF")[:4000], "(HEIC) is cut off"),
        (picture("PNG").replace(b"IHDR", b"IHDX"), "(PNG) is damaged"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 90 + b"\xff\xd9", "(JPEG) is damaged"),
    ],
)
def test_a_refusal_says_what_the_file_is_and_what_is_wrong_with_it(content, said):
    assert said in refusal(content)


@pytest.mark.parametrize(
    "error", [TypeError, ZeroDivisionError, struct.error, RecursionError, MemoryError, KeyError]
)
def test_whatever_a_decoder_raises_refuses_the_file_only(error, monkeypatch):
    def fail(*args):
        raise error("anything")

    content = picture()
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)

    assert ("too large" if error is MemoryError else "damaged") in refusal(content)


def test_a_photo_of_apples_telephones_is_kept_upright_as_a_jpeg_with_time_and_place():
    image = Image.new("RGB", (64, 48), "white")
    image.paste("red", (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "2026:05:01 10:00:00"

    checked = validate_upload(upload(saved(image, "HEIF", exif=exif.tobytes())))

    assert f"{checked.taken.at:%Y-%m-%d %H:%M}" == "2026-05-01 10:00"
    upright = Image.open(BytesIO(bare(checked).content))
    assert (upright.format, upright.size, red_corner(upright)) == ("JPEG", (48, 64), "top right")


@pytest.mark.parametrize("moment", ["0000:00:00 00:00:00", "0001:01:01 00:00:00", "gestern", 7])
def test_a_clock_that_was_never_set_costs_no_photo(moment):
    exif = Image.Exif()
    exif[0x0132] = moment

    assert validate_upload(upload(picture(exif=exif))).taken == Taken()


def large(form: str = "PNG") -> bytes:
    """More pixels than are read in the web process, in few bytes; its left half is red."""
    image = Image.new("RGB", (5000, 4000), "white")
    image.paste("red", (0, 0, 2500, 4000))
    return saved(image, form, **({"progressive": True} if form == "JPEG" else {}))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_a_large_picture_is_read_outside_the_web_process(form, monkeypatch):
    def fail(*args):
        raise AssertionError("read here")

    content = large(form)
    monkeypatch.setattr(pictures, "_load", fail)

    shown = bare(validate_upload(upload(content)))

    image = Image.open(BytesIO(shown.content))
    assert (image.format, image.size) == ("JPEG", (4096, 3277))
    assert image.getpixel((100, 100))[0] > 200 > 100 > image.getpixel((100, 100))[1]
    assert min(image.getpixel((4000, 100))) > 200


@pytest.mark.parametrize("limit", [{"PATIENCE": 0.001}, {"MEMORY": 2**20}])
def test_a_picture_that_takes_too_much_ends_its_own_process_only(limit, monkeypatch):
    [(name, value)] = limit.items()
    monkeypatch.setattr(apart, name, value)

    assert "too large to be read here" in refusal(large())


def test_why_a_large_picture_was_refused_there_is_read_in_the_readers_language():
    content = large()[:-2000]
    with translation.override("en"):
        assert "(PNG) is cut off" in refusal(content)
    with translation.override("zh-hans"):
        assert "cut off" not in refusal(content)
