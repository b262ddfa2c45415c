"""Files as they come in: judged by their content, never by their ending."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

KINDS = {"image": "JPEG, PNG, WebP", "pdf": "PDF"}
# MPO is what several makers of telephones write: a JPEG with a second picture behind it.
IMAGE_FORMATS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
}
MAX_PIXELS = 60_000_000
SCAN_PIXELS = 4096  # the longer side: A4 at 350 dots an inch
NAME_LENGTH = 200
# What reading a picture that is none may raise.
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@dataclass(frozen=True)
class Checked:
    """A file that is what it should be: its bytes, true type and SHA-256."""

    content: bytes
    content_type: str
    name: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def size(self) -> int:
        return len(self.content)

    def as_file(self) -> ContentFile:
        return ContentFile(self.content, name=self.name)


def validate_upload(file: UploadedFile, kinds: Collection[str] = ("image", "pdf")) -> Checked:
    """Read an uploaded file and say what it truly is.

    `kinds` are "image" (JPEG, PNG, WebP) and "pdf". Raises ValidationError for an empty file, one
    over the limit, and one whose content is not of these kinds whatever its name says.
    """
    limit = settings.UPLOAD_LIMIT
    if file.size > limit:
        raise ValidationError(
            _("The file is too large: %(size)s MB, at most %(limit)s MB.")
            % {"size": f"{file.size / 1048576:.1f}", "limit": limit // 1048576}
        )
    file.seek(0)
    content = file.read()
    if not content:
        raise ValidationError(_("The file is empty."))
    content_type = true_type(content)
    if content_type is None or kind_of(content_type) not in kinds:
        wanted = _(", ").join(KINDS[kind] for kind in kinds)
        raise ValidationError(
            _("Not a sound file of the kind asked for (%(wanted)s), whatever its name says.")
            % {"wanted": wanted}
        )
    return Checked(content, content_type, clean_name(file.name))


def kind_of(content_type: str) -> str:
    """ "image" or "pdf"."""
    return "pdf" if content_type == "application/pdf" else "image"


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


def true_type(content: bytes) -> str | None:
    """The media type by content, or None when it is none we take or is damaged."""
    if content.startswith(b"%PDF-"):
        return "application/pdf" if _is_whole_pdf(content) else None
    try:
        return _image_type(content)
    except UNREADABLE:
        return None


def _is_whole_pdf(content: bytes) -> bool:
    """It ends as a PDF ends: what has something else behind it (an archive, a page) is none."""
    end = content[-2048:].rstrip(b"\0\t\n\x0c\r \x1a")
    return end.endswith(b"%%EOF") and b"startxref" in end


def _image_type(content: bytes) -> str | None:
    with Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as image:
        if image.format not in IMAGE_FORMATS or image.width * image.height > MAX_PIXELS:
            return None
        content_type = IMAGE_FORMATS[image.format]
        if content_type == "image/jpeg":
            # Half a photo, cut off on the way, is found only by reading it; an eighth of the size
            # is enough.
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
        else:
            image.verify()
        return content_type


def bare(checked: Checked) -> Checked:
    """A file as it is kept: of a picture nothing but the picture, legible as a scan of a page."""
    is_picture = kind_of(checked.content_type) == "image"
    return without_metadata(checked, SCAN_PIXELS) if is_picture else checked


def without_metadata(checked: Checked, longest_side: int = 2048) -> Checked:
    """A photo with the picture alone: turned upright, at most so many pixels long, no other
    metadata.

    Raises ValidationError when the picture cannot be read to its end.
    """
    try:
        with Image.open(BytesIO(checked.content), formats=["JPEG", "PNG", "WEBP"]) as image:
            image.draft("RGB", (longest_side, longest_side))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((longest_side, longest_side))
            picture = Image.new("RGB", upright.size, "white")
            picture.paste(upright, mask=upright.getchannel("A") if "A" in upright.mode else None)
    except UNREADABLE as error:
        raise ValidationError(_("The picture is damaged and cannot be read.")) from error
    out = BytesIO()
    picture.save(out, "JPEG", quality=85)
    return Checked(out.getvalue(), "image/jpeg", checked.name)
