"""What a file is by its first bytes: what is taken, and what people send instead."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"
PDF = "application/pdf"
NAMES = {JPEG: "JPEG", PNG: "PNG", WEBP: "WebP", HEIC: "HEIC", PDF: "PDF"}
OTHERS: dict[bytes, Promise] = {
    b"GIF8": _("a GIF picture"),
    b"BM": _("a BMP picture"),
    b"II*\0": _("a TIFF picture"),
    b"MM\0*": _("a TIFF picture"),
    b"8BPS": _("a Photoshop picture"),
    b"\0\0\1\0": _("an icon"),
    b"AC10": _("a CAD drawing (DWG)"),
    b"Rar!": _("a RAR archive"),
    b"7z\xbc\xaf": _("a 7z archive"),
    b"\x1f\x8b": _("a GZIP archive"),
    b"\xd0\xcf\x11\xe0": _("an older Office document"),
    b"{\\rtf": _("an RTF document"),
    b"%!PS": _("a PostScript file"),
    b"MZ": _("a program"),
    b"\x7fELF": _("a program"),
}
# A ZIP archive, by the name of what lies in it.
IN_ZIP: dict[bytes, Promise] = {
    b"OFD.xml": _("an OFD document"),
    b"word/": _("a Word document"),
    b"xl/": _("an Excel table"),
    b"ppt/": _("a PowerPoint presentation"),
}
# The brands of HEIC, in a file that begins with a box `ftyp`.
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
PDF_BEGINS_WITHIN = (
    1024  # as PDF readers have it: a BOM, blank lines or a mail's head may stand before
)
MARKUP = (b"<html", b"<!doctype html", b"<script", b"<svg", b"<?xml")


def media_type(content: bytes) -> str | None:
    """The media type, of those we take; None for another."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS and b"avif" not in content[:64]:
        return HEIC
    is_pdf = content.find(b"%PDF-", 0, PDF_BEGINS_WITHIN) >= 0 and not _other(content)
    return PDF if is_pdf else None


def what(content: bytes) -> str:
    """What it is in the reader's words; "" when nobody can tell."""
    taken = media_type(content)
    return NAMES[taken] if taken else _other(content)


def _other(content: bytes) -> str:
    if content.startswith(b"PK\3\4"):
        return str(next((IN_ZIP[name] for name in IN_ZIP if name in content), _("a ZIP archive")))
    if content[4:8] == b"ftyp":
        return str(_("an AVIF picture") if b"avif" in content[:64] else _("a video"))
    if content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(MARKUP):
        return str(_("a web page or drawing of the web"))
    return str(next((OTHERS[begin] for begin in OTHERS if content.startswith(begin)), ""))
