"""Files as people send them, and cases with papers."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pypdf import PdfWriter

from accounts.roles import Role
from applications import services as applications
from documents import services
from documents.files import Checked
from documents.models import Paper
from tests.applications.factories import rows, sheet
from tests.factories import person
from tests.made_once import made_once
from workflow.models import Case

# Names that many systems cannot write.
RARE = "㛃䶮𬸦"


def pdf(pages: int = 1, **encryption: str) -> bytes:
    writer = PdfWriter()
    for _page in range(pages):
        writer.add_blank_page(210, 297)
    if encryption:
        writer.encrypt(**encryption)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


PDF = pdf()


def picture(form: str = "JPEG", size: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    return saved(Image.effect_noise(size, 40).convert("RGB"), form, **options)


def saved(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(out, **options)
    else:
        image.save(out, form, **options)
    return out.getvalue()


def odd_exif(orientation: int, *entries: bytes) -> bytes:
    """EXIF as some cameras write it: the orientation, and a number where text is announced."""
    width = struct.pack(">HHII", 0x011A, 2, 4, 0x41424300)
    turned = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    tags = (turned, width, *entries)
    head = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, len(tags))
    return head + b"".join(tags) + b"\0\0\0\0"


def upload(
    content: bytes, name: str = "扫描件.pdf", said: str = "application/pdf"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=said)


def scan() -> Checked:
    return Checked(PDF, "application/pdf", "产权证.pdf")


@made_once
def counter_case(*, papers: tuple[str, ...] = ("id", "form"), **columns: Any) -> Case:
    """A household's case accepted at the counter; its proof of ownership is owed unless given."""
    clerk = person(Role.CLERK, name="孙悦", phone="8800-2101")
    return applications.take(sheet(**columns), rows(), by=clerk, papers=papers)


def papers_of(case: Case, kind: str) -> dict[str, Paper]:
    """The newest papers of a kind, by language."""
    return {p.language: p for p in case.papers.filter(kind=kind).order_by("pk")}


def rendered(paper: Paper) -> Paper:
    """The paper as the worker leaves it."""
    from documents import pdf

    services.keep(paper, *pdf.render(paper))
    return Paper.objects.get(pk=paper.pk)
