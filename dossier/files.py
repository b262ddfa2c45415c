"""Every file that was received for a case, whichever room keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Original
from surveys.models import Consent, Photo
from workflow import clocks
from workflow.models import Case

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "application/pdf": "pdf",
}


@dataclass(frozen=True)
class Received:
    """A file as it was taken in: what it is, from whom, when, and its checksum of that day."""

    number: int
    title: str
    name: str
    content_type: str
    sha256: str
    at: datetime | None
    by: str
    file: FieldFile

    @property
    def path(self) -> str:
        """Where it lies in the dossier: no word of a stranger's in it."""
        return f"received/{self.number:04d}.{ENDINGS.get(self.content_type, 'bin')}"


def received(case: Case) -> list[Received]:
    """Scans and papers handed in, photos of the site, papers of third parties; oldest first. Of
    pictures also what was sent, where what is shown was made anew.
    """
    rows = [*_attachments(case), *_photos(case), *_consents(case)]
    rows += _originals(rows)
    rows.sort(key=lambda row: row["at"] or timezone.now())
    return [Received(number, **row) for number, row in enumerate(rows, start=1)]


def _originals(rows: list[dict]) -> list[dict]:
    shown = {(row["sha256"], original): row for row in rows if (original := row.pop("original"))}
    found = Original.objects.filter(sha256__in=[original for _shown, original in shown])
    return [
        {
            **row,
            "title": _("As sent: %(title)s") % {"title": row["title"]},
            "content_type": original.content_type,
            "sha256": original.sha256,
            "file": original.file,
        }
        for original in found.order_by("pk")
        if (row := shown.get((original.shown_sha256, original.sha256)))
    ]


def _attachments(case: Case) -> list[dict]:
    return [
        {
            "title": row.title,
            "name": row.original_name,
            "content_type": row.content_type,
            "sha256": row.sha256,
            "original": row.original_sha256,
            "at": row.uploaded_at,
            "by": str(row.uploaded_by or _("Customer")),
            "file": row.file,
        }
        for row in case.attachments.select_related("uploaded_by").order_by("pk")
    ]


def _photos(case: Case) -> list[dict]:
    photos = Photo.objects.filter(survey__step__case=case).select_related("uploaded_by")
    return [
        {
            "title": str(row),
            "name": "",
            "content_type": row.content_type,
            "sha256": row.sha256,
            "original": row.original_sha256,
            "at": row.uploaded_at,
            "by": str(row.uploaded_by),
            "file": row.file,
        }
        for row in photos.order_by("pk")
    ]


def _consents(case: Case) -> list[dict]:
    """The papers of third parties, each once: a new round carries the same paper along."""
    consents = Consent.objects.filter(candidate__survey__step__case=case).exclude(paper="")
    papers = {row.paper.name: row for row in consents.select_related("recorded_by").order_by("-pk")}
    return [
        {
            "title": _("Consent: %(party)s") % {"party": row},
            "name": "",
            "content_type": row.paper_type,
            "sha256": row.paper_sha256,
            "original": "",
            "at": row.answered_on and clocks.morning(row.answered_on),
            "by": str(row.recorded_by or _("Customer")),
            "file": row.paper,
        }
        for row in papers.values()
    ]
