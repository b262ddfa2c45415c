"""Papers as PDF: one HTML template a kind, laid out by WeasyPrint with our own font.

Rendering never happens in a web process. The same data gives the same bytes, so the checksum proves
a paper.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.request import url2pathname

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from PIL import ImageFile
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from documents import rooms
from documents.letterhead import letterhead
from documents.models import Paper
from documents.qr import qr

# WeasyPrint makes Pillow content with half a picture, in the whole process; uploads must not be.
ImageFile.LOAD_TRUNCATED_IMAGES = False
STATIC = Path(settings.BASE_DIR) / "static"


class Unprintable(Exception):
    """A paper asks for something that is not in our static folder."""


def render(paper: Paper) -> tuple[bytes, str]:
    """The bytes of a paper and their SHA-256."""
    with translation.override(paper.language):
        content = to_pdf(html(paper))
    return content, hashlib.sha256(content).hexdigest()


def html(paper: Paper) -> str:
    """The paper as HTML, in the language that is switched on."""
    return render_to_string(
        rooms.template(paper.kind),
        {
            "paper": paper,
            "case": rooms.case_of(paper),
            "step": paper.step,
            "letterhead": letterhead(paper.case.unit),
            "qr": qr(paper.verify_url, title=_("Code to verify this paper")),
            **rooms.context(paper),
        },
    )


def to_pdf(text: str, **options: bool) -> bytes:
    """Lay out HTML; only files of our own static folder are fetched.

    `options` are WeasyPrint's. Raises Unprintable for anything else and for what is missing there.
    """
    document = weasyprint.HTML(string=text, base_url=f"{STATIC}/", url_fetcher=_Fetcher())
    try:
        return document.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True, **options)
    except FatalURLFetchingError as error:
        # Not an Exception: it would end the whole worker.
        raise Unprintable(str(error)) from error


class _Fetcher(URLFetcher):
    """Fetches from the static folder, and pictures that stand in the text itself; nothing else."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols={"file", "data"}, fail_on_errors=True)

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url.startswith("data:image/jpeg;base64,"):
            return super().fetch(url, headers)
        path = Path(url2pathname(url.removeprefix("file://").split("?")[0])).resolve()
        if not url.startswith("file://") or not path.is_relative_to(STATIC.resolve()):
            raise ValueError(f"not a file of the static folder: {url}")
        return super().fetch(url, headers)
