"""Files as they come in: judged by their content, never by their ending."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

IMAGE_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MAX_PIXELS = 60_000_000


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

    `kinds` are "image" (JPEG, PNG, WebP) and "pdf". Raises ValidationError for an empty file,
    one over the limit, and one whose content is not of these kinds whatever its name says.
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
    if (
        content_type is None
        or content_type.split("/")[0 if "image" in content_type else 1] not in kinds
    ):
        wanted = " / ".join({"image": "JPEG, PNG, WebP", "pdf": "PDF"}[kind] for kind in kinds)
        raise ValidationError(
            _("This is not a file of the kind asked for (%(wanted)s), whatever its name says.")
            % {"wanted": wanted}
        )
    return Checked(content, content_type, (file.name or "file").replace("\x00", "")[-200:])


def true_type(content: bytes) -> str | None:
    """The media type by content, or None when it is none we take."""
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return "application/pdf"
    try:
        with Image.open(BytesIO(content)) as image:
            if image.format not in IMAGE_FORMATS or image.width * image.height > MAX_PIXELS:
                return None
            image.verify()
            return IMAGE_FORMATS[image.format]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def without_metadata(checked: Checked, longest_side: int = 2048) -> Checked:
    """A photo with the picture alone: turned upright, at most so many pixels long, no other
    metadata.
    """
    with Image.open(BytesIO(checked.content)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((longest_side, longest_side))
        out = BytesIO()
        upright.save(out, "JPEG", quality=85)
    return Checked(out.getvalue(), "image/jpeg", checked.name)
