"""Text as it may be typed: what a list can show, a paper can print and a person can read."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LINE_BREAKS = "\r\n\t"
# Emoji and pictographs: no paper font carries them.
PICTURES = re.compile("[\U0001f000-\U0001faff\ufe0f\u200d\u2600-\u27bf]")
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}

# Without spaces and brackets; a hyphen may stand between any two digits.
PHONE = re.compile(
    r"""
    (\+?86-?)?
    (1[3-9](-?\d){9}                                       # mobile
    |0(10|2\d|[3-9]\d\d)-?[2-9](-?\d){6,7}                  # area code and landline
    |400(-?\d){7})                                         # service number
    ((-|\#|转|ext\.?)\d{1,6})?                              # extension
    |\+(?!86)[1-9](-?\d){6,14}                             # abroad
    """,
    re.ASCII | re.VERBOSE,
)


def phone(text: str) -> None:
    """Raise ValidationError unless the text is a phone number of China, or one from abroad."""
    if not PHONE.fullmatch(re.sub(r"[\s()]", "", unicodedata.normalize("NFKC", text).casefold())):
        raise ValidationError(
            _(
                "Write a mobile number of 11 digits (139 0000 4217) or a landline with its area "
                "code (025-8800 2101), with an extension if there is one (025-8800 2101-123)."
            )
        )


def readable(text: str) -> None:
    """Raise ValidationError on control, direction and picture characters; rare hanzi pass."""
    if PICTURES.search(text):
        raise ValidationError(_("Pictures and emoji cannot be printed on the papers."))
    if any(unicodedata.category(c) in HIDDEN and c not in LINE_BREAKS for c in text):
        raise ValidationError(_("The text holds invisible control characters; type it again."))


def name(text: str) -> None:
    """A name or an address: readable, on one line, without angle brackets."""
    readable(text)
    if any(c in text for c in "<>" + LINE_BREAKS):
        raise ValidationError(_("Leave out < and > and line breaks."))
