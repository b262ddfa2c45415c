"""The zip of a dossier: its paper, the log as the hash covers it, every file, and the program that
checks them without us.

Only the worker makes it. It is written to a file of its own, never held in memory: a case may hold
hundreds of photos.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.core.files import File
from django.utils import timezone, translation

from documents import tasks as documents
from documents.models import Paper
from dossier import contents, pdf
from dossier.contents import Contents
from dossier.models import Dossier
from workflow.queue import label

log = logging.getLogger(__name__)
ENCLOSED = Path(__file__).resolve().parent / "enclosed"
PIECE = 1024 * 1024


@contextmanager
def written(dossier: Dossier) -> Iterator[tuple[File, int, str]]:
    """The zip of a dossier as a file, gone after the block; its events, and the last one's hash."""
    _render_papers(dossier)
    with translation.override(dossier.language), TemporaryFile() as file:
        found = contents.read(dossier.case.number)
        with ZipFile(file, "w") as archive:
            Writer(dossier, found, archive).write()
        yield File(file), len(found.events), found.head


def _render_papers(dossier: Dossier) -> None:
    """Papers that nobody has asked to see yet, or that the worker still owes, are made now."""
    for paper_id in dossier.case.papers.filter(rendered_at=None).values_list("pk", flat=True):
        documents.render(paper_id)


class Writer:
    """Puts one file after the other into the zip and keeps the list of them."""

    def __init__(self, dossier: Dossier, found: Contents, archive: ZipFile) -> None:
        self.dossier, self.found, self.archive = dossier, found, archive
        self.files: list[dict[str, Any]] = []
        self.missing: list[dict[str, Any]] = []
        at = timezone.localtime(dossier.asked_at)
        self.stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)

    def write(self) -> None:
        """Everything, the list of it last."""
        for path in sorted(ENCLOSED.iterdir()):
            if path.is_file():
                self.text(path.name, path.read_bytes(), what="enclosed")
        self.text("events.jsonl", _lines(self.found), what="log")
        for paper in self.found.papers:
            self.paper(paper)
        for file in self.found.received:
            event = self.found.event_of(file.sha256)
            self.stored(
                file.path,
                file.file,
                file.sha256,
                what="received",
                title=file.title,
                name=file.name,
                event=event and event.seq,
            )
        missing = {entry["path"] for entry in self.missing}
        told = pdf.render(self.dossier, self.found, missing)
        self.text("dossier.pdf", told, what="dossier", packed=ZIP_STORED)
        manifest = json.dumps(self.manifest(), ensure_ascii=False, indent=1).encode()
        self.archive.writestr(self._entry("manifest.json", ZIP_DEFLATED), manifest)

    def paper(self, paper: Paper) -> None:
        """A paper issued, with the number that stands on it."""
        self.stored(
            pdf.path_of(paper),
            paper.file,
            paper.sha256,
            what="paper",
            title=paper.get_kind_display(),
            number=paper.number,
            code=paper.code,
        )

    def text(self, path: str, content: bytes, *, what: str, packed: int = ZIP_DEFLATED) -> None:
        """A file that is made here."""
        self.archive.writestr(self._entry(path, packed), content)
        self.files.append(
            {
                "path": path,
                "sha256": hashlib.sha256(content).hexdigest(),
                "size": len(content),
                "what": what,
            }
        )

    def stored(self, path: str, file: Any, sha256: str, *, what: str, **said: Any) -> None:
        """A file of the store, listed under the checksum it had when it was taken in or issued.

        One that is gone from the store is listed as missing: the dossier hides nothing.
        """
        entry = {"path": path, "sha256": sha256, "what": what, **said}
        try:
            source = file.open("rb")
        except (FileNotFoundError, ValueError):
            log.error("Stored file is missing: %s", file.name)
            self.missing.append(entry)
            return
        with source, self.archive.open(self._entry(path, ZIP_STORED), "w") as target:
            size = 0
            while piece := source.read(PIECE):
                target.write(piece)
                size += len(piece)
        self.files.append({**entry, "size": size})

    def _entry(self, path: str, packed: int) -> ZipInfo:
        """The same dossier gives the same bytes: its time is that of the asking."""
        entry = ZipInfo(path, self.stamp)
        entry.compress_type, entry.external_attr = packed, 0o644 << 16
        return entry

    def manifest(self) -> dict[str, Any]:
        """What the folder holds, and by what it is verified."""
        case = self.found.case
        return {
            "dossier": self.dossier.number,
            "case": case.number,
            "case_id": case.pk,
            "asked_by": str(self.dossier.asked_by),
            "asked_at": self.dossier.asked_at.isoformat(),
            "language": self.dossier.language,
            "events": {"count": len(self.found.events), "head": self.found.head},
            "people": {number: str(who) for number, who in sorted(self.found.people.items())},
            "steps": {step.pk: label(step) for step in case.all_steps},
            "files": self.files,
            "missing": self.missing,
        }


def _lines(found: Contents) -> bytes:
    """An event a line: the columns that the hash covers, then the hash."""
    return b"".join(
        json.dumps({**event.columns, "hash": event.hash}, ensure_ascii=False).encode() + b"\n"
        for event in found.events
    )
