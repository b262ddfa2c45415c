"""Text as it may be typed: what a list can show, a paper can print and a person can read."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LINE_BREAKS = "\r\n\t"
# Emoji and pictographs: no paper font carries them.
PICTURES = re.compile("[\U0001f000-\U0001faff\ufe0f\u200d\u2600-\u27bf]")
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}

phone = RegexValidator(
    r"^\+?[0-9][0-9 ()-]{4,27}[0-9]$",
    gettext_lazy("Write a phone number in digits, such as 139 0000 4217 or 025-8800 2101."),
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
