"""QR codes, as inline SVG: no file to fetch, nothing to run. Without the weight of what makes PDFs,
so that pages may use them, too.
"""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def qr(url: str, *, title: str, border: int = 0) -> SafeString:
    """The address as a QR code, with a name for those who do not see it; `border` in modules."""
    svg = segno.make(url, error="m").svg_inline(border=border, omitsize=True, title=title)
    return mark_safe(svg)  # noqa: S308 - our own SVG
