"""Whatever is sent: it is taken and can be shown, or refused with a reason, and nothing else."""

import random
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import PIL
import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from documents.files import bare, validate_upload, without_metadata
from tests.documents.factories import PDF, odd_exif, pdf, picture, saved, upload

FORMS = ["JPEG", "PNG", "WEBP", "HEIF"]
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]
SIZES = [(1, 1), (2, 1), (1, 7), (7, 8), (8, 9), (17, 31), (1, 2000), (333, 77)]
# Tags that a camera writes, and the types that EXIF knows, right or wrong for them.
TAGS = [0x0112, 0x011A, 0x0128, 0x0132, 0x010F, 0x8769, 0x8825, 0x9003]
TYPES = range(14)
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".pdf", ".heic", ".svg", ".ico", ".bmp"}


def of_every_mode() -> Iterator[bytes]:
    for form in FORMS:
        for mode in MODES:
            for size in SIZES:
                try:
                    yield saved(Image.new(mode, size), form)
                except (OSError, KeyError):
                    continue  # no file of this form has this mode


def with_odd_exif() -> Iterator[bytes]:
    for tag in TAGS:
        for kind in TYPES:
            entry = struct.pack(">HHII", tag, kind, 4, 0x41424300)
            yield picture(size=(40, 30), exif=odd_exif(6, entry))
    for form in FORMS:
        for orientation in range(12):
            yield saved(Image.new("RGB", (9, 5)), form, exif=odd_exif(orientation))
        yield saved(Image.new("RGB", (9, 5)), form, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")


def spoilt() -> Iterator[bytes]:
    """Cut off and changed on the way, the same in each run."""
    chance = random.Random(2026)
    whole = [picture(form, size=(64, 48)) for form in FORMS]
    whole += [picture(exif=odd_exif(3)), picture(progressive=True), picture("MPO"), PDF, pdf(9)]
    for content in whole:
        for part in range(1, 20):
            yield content[: len(content) * part // 20]
        for _ in range(30):
            changed = bytearray(content)
            for _ in range(chance.randint(1, 12)):
                changed[chance.randrange(min(len(changed), 900))] = chance.randrange(256)
            yield bytes(changed)
        yield content + content
        yield content[::-1]


def installed() -> Iterator[bytes]:
    """The pictures and papers that installed packages bring along."""
    site = Path(PIL.__file__).parent.parent
    for path in sorted(site.rglob("*")):
        if path.suffix.lower() in ENDINGS and path.is_file():
            yield path.read_bytes()


def papers() -> Iterator[bytes]:
    """PDFs with this before them and that behind."""
    locked = [pdf(user_password="1", algorithm=name) for name in ("RC4-128", "AES-128", "AES-256")]
    for content in (PDF, pdf(0), pdf(30), *locked):
        for before in (b"", b"\xef\xbb\xbf", b"\r\n" * 9, b"From: x\r\n\r\n", b"\0" * 1500):
            for behind in (b"", b"\0" * 5000, b" \r\n", PDF, b"<html>", b"%%EOF"):
                yield before + content + behind


FILES = [of_every_mode, with_odd_exif, spoilt, papers, installed]


@pytest.mark.parametrize("files", FILES, ids=lambda files: files.__name__)
def test_every_file_is_kept_and_shown_or_refused_with_a_reason(files):
    for number, content in enumerate(files()):
        try:
            checked = validate_upload(upload(content))
        except ValidationError as refusal:
            (reason,) = refusal.messages
            assert len(reason) > 15, number
            continue
        # What was taken never fails later, where it would cost the sheet it stands on.
        whole = bare(checked)
        if checked.content_type != "application/pdf":
            small = without_metadata(checked, 320)
            for shown, side in ((whole, 4096), (small, 320)):
                with Image.open(BytesIO(shown.content)) as image:
                    assert (image.format, max(image.size) <= side) == ("JPEG", True), number
                    image.load()


def test_there_are_enough_of_them():
    assert sum(1 for files in FILES for _ in files()) > 600
