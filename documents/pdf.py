"""Papers as PDF: one HTML template a kind, laid out by WeasyPrint with our own font.

Rendering never happens in a web process. The same data gives the same bytes, so the checksum proves
a paper.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path

import segno
import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import mark_safe

from documents.models import Paper, PaperKind

STATIC = Path(settings.BASE_DIR) / "static"
# The room that knows what a paper says; found by name, as papers are made left of most rooms.
ROOMS = {
    PaperKind.RECEIPT: "applications",
    PaperKind.SURVEY: "surveys",
    PaperKind.PLAN: "plans",
    PaperKind.BILL: "fees",
    PaperKind.PAYMENT: "fees",
    PaperKind.CONTRACT: "contracts",
    PaperKind.WORK_ORDER: "metering",
    PaperKind.REFUSAL: "documents",
    PaperKind.DEFICIENCY: "documents",
}


def render(paper: Paper) -> tuple[bytes, str]:
    """The bytes of a paper and their SHA-256."""
    with translation.override(paper.language):
        content = to_pdf(html(paper))
    return content, hashlib.sha256(content).hexdigest()


def html(paper: Paper) -> str:
    """The paper as HTML, in the language that is switched on."""
    room = ROOMS[PaperKind(paper.kind)]
    context = import_module(f"{room}.paper").context(paper)
    return render_to_string(
        f"{room}/papers/{paper.kind}.html",
        {
            "paper": paper,
            "case": paper.case,
            "step": paper.step,
            "qr": qr(paper.verify_url),
            **context,
        },
    )


def qr(url: str) -> str:
    """A QR code as inline SVG."""
    return mark_safe(segno.make(url, error="m").svg_inline(scale=3, border=0))  # noqa: S308 - our own SVG


def to_pdf(text: str) -> bytes:
    """Lay out HTML; only files of our own static folder are fetched, and a missing one is
    an error.
    """
    return weasyprint.HTML(string=text, base_url=f"{STATIC}/", url_fetcher=_fetcher()).write_pdf(
        pdf_variant="pdf/ua-1", pdf_tags=True
    )


def _fetcher() -> weasyprint.URLFetcher:
    return weasyprint.URLFetcher(allowed_protocols={"file"}, fail_on_errors=True)
