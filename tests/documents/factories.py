"""Files as people send them, and cases with papers."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.roles import Role
from applications import steps as applications
from documents import steps
from documents.files import Checked
from documents.models import Paper
from tests.applications.factories import rows, sheet
from tests.factories import person
from workflow.models import Case

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\nstartxref\n0\n%%EOF\n"
# Names that many systems cannot write.
RARE = "㛃䶮𬸦"


def picture(form: str = "JPEG", size: tuple[int, int] = (320, 240), **options: Any) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, form, **options)
    return out.getvalue()


def upload(
    content: bytes, name: str = "扫描件.pdf", said: str = "application/pdf"
) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=said)


def scan() -> Checked:
    return Checked(PDF, "application/pdf", "产权证.pdf")


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

    steps.keep(paper, *pdf.render(paper))
    return Paper.objects.get(pk=paper.pk)
