"""The one place that decides about an upload."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from documents.files import pdfs, pictures
from documents.files.checked import Checked, Taken, clean_name
from documents.files.signatures import media_type, what

KINDS = {"image": "JPEG, PNG, WebP, HEIC", "pdf": "PDF"}
SCAN_PIXELS = 4096  # the longer side: A4 at 350 dots an inch


def validate_upload(file: UploadedFile, kinds: Collection[str] = ("image", "pdf")) -> Checked:
    """Read an uploaded file and say what it truly is.

    `kinds` are "image" (JPEG, PNG, WebP, HEIC) and "pdf". Raises ValidationError, with the reason
    and what to do, for a file that is empty, over the limit, of another kind whatever its name
    says, or cannot be read to its end. No file whatever makes it raise anything else.
    """
    limit = settings.UPLOAD_LIMIT
    if file.size > limit:
        raise ValidationError(
            _("The file is too large: %(size)s MB, at most %(limit)s MB.")
            % {"size": f"{file.size / 1048576:.1f}", "limit": limit // 1048576}
        )
    if getattr(file, "together", False):
        text = _(
            "Together with the other files this is more than %(limit)s MB. Send it by itself, "
            "after the others."
        )
        raise ValidationError(text % {"limit": settings.UPLOADS_LIMIT // 1048576})
    file.seek(0)
    content = file.read()
    if not content:
        raise ValidationError(_("The file is empty."))
    content_type = media_type(content)
    if content_type is None or kind_of(content_type) not in kinds:
        raise ValidationError(_not_taken(content, kinds))
    taken = Taken()
    if kind_of(content_type) == "pdf":
        pdfs.judge(content)
    else:
        taken = pictures.judge(content, content_type)
    # A tablet sends the bare picture, and beside it what the camera said.
    taken = getattr(file, "taken", None) or taken
    return Checked(content, content_type, clean_name(file.name), taken)


def _not_taken(content: bytes, kinds: Collection[str]) -> str:
    wanted = _(", ").join(KINDS[kind] for kind in kinds)
    if found := what(content):
        text = _(
            "By its content this is %(found)s; what can be taken is %(wanted)s. Save it as one of "
            "these, or photograph it, and send that."
        )
        return text % {"found": found, "wanted": wanted}
    text = _(
        "By its content this is no file that is known here; what can be taken is %(wanted)s. "
        "See whether it opens on your device, and save it as one of these."
    )
    return text % {"wanted": wanted}


def kind_of(content_type: str) -> str:
    """ "image" or "pdf"."""
    return "pdf" if content_type == "application/pdf" else "image"


def bare(checked: Checked) -> Checked:
    """A file as it is kept: of a picture nothing but the picture, legible as a scan of a page."""
    is_picture = kind_of(checked.content_type) == "image"
    return pictures.without_metadata(checked, SCAN_PIXELS) if is_picture else checked
