"""A file that was judged, and its name to show."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath

from django.core.files.base import ContentFile

NAME_LENGTH = 200


@dataclass(frozen=True)
class Taken:
    """When and where a picture was taken: degrees, and how certain the place is, in metres."""

    at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    accuracy_m: int | None = None


@dataclass(frozen=True)
class Checked:
    """A file that is what it should be: its bytes, true type and SHA-256."""

    content: bytes
    content_type: str
    name: str
    taken: Taken = Taken()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)

    def as_file(self) -> ContentFile:
        return ContentFile(self.content, name=self.name)


def clean_name(name: str | None) -> str:
    """A file's name to show: no folders, no invisible or direction-changing signs, at most 200
    long.

    >>> clean_name("C:\\\\scans\\\\invoice\\u202efdp.exe")
    'billfdp.exe'
    """
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    ending = PurePosixPath(shown).suffix
    if len(shown) > NAME_LENGTH:
        shown = shown[: NAME_LENGTH - len(ending)] + ending if len(ending) < 10 else shown[-200:]
    return shown or "file"
