"""PDFs: whether one can be read by anybody, and has something to read."""

from __future__ import annotations

import logging
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pypdf import PasswordType, PdfReader

from documents.files.signatures import PDF_BEGINS_WITHIN, what

PADDING = b"\0\t\n\x0c\r \x1a"
# What a file lacks is told to who sent it, not to the log.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def judge(content: bytes) -> None:
    """Raise ValidationError, with the reason, for a PDF that no reader could show.

    It may begin with other bytes and end with padding; its own bytes are kept as they are, because
    a signature may stand on them.
    """
    _demand_end(content)
    try:
        reader = PdfReader(BytesIO(content[content.find(b"%PDF-", 0, PDF_BEGINS_WITHIN) :]))
        # What is only protected against changes opens with the empty password.
        is_locked = reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED
        pages = 0 if is_locked else len(reader.pages)
    except Exception as error:  # decoders raise anything: this one file is refused, nothing else
        text = _(
            "The PDF is damaged and cannot be read. Save or download it anew and send it again."
        )
        raise ValidationError(text) from error
    if is_locked:
        text = _(
            "The PDF needs a password to be read. Save or print it to a PDF without one, or "
            "photograph its pages, and send that."
        )
        raise ValidationError(text)
    if not pages:
        raise ValidationError(
            _("The PDF has no pages. Save or download it anew and send it again.")
        )


def _demand_end(content: bytes) -> None:
    """Raise ValidationError where the end is missing, or something else (an archive, a web page)
    hangs behind it.
    """
    _before, end, behind = content.rpartition(b"%%EOF")
    if end and not (behind := behind.strip(PADDING)):
        return
    if end and what(behind):
        text = _(
            "Behind the end of the PDF there is something else. Print it to a new PDF and send "
            "that."
        )
    else:
        text = _(
            "The PDF is cut off: its end is missing. Save or download it anew and send it again."
        )
    raise ValidationError(text)
