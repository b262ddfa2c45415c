"""Transformer ratios as on the nameplate, written alike in every room: a CT in amperes, `50/5`; a
PT in kilovolts, `10/0.1`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

CT = re.compile(r"[1-9]\d{0,4}(\.\d)?/[15]")
PT = re.compile(r"[1-9]\d{0,2}/0\.1")
UNITS = re.compile(r"\s|kv|v|a|千伏|伏|安", re.IGNORECASE)
VOLTS = re.compile(r"(\d+?)(?:000)?/100")


def normalized(text: str) -> str:
    """The ratio in half-width, without blanks and units; one in volts becomes kilovolts."""
    text = UNITS.sub("", unicodedata.normalize("NFKC", text)).replace(":", "/")
    in_volts = VOLTS.fullmatch(text)
    return f"{in_volts[1]}/0.1" if in_volts else text


def is_ct(text: str) -> bool:
    return bool(CT.fullmatch(normalized(text)))


def is_pt(text: str) -> bool:
    return bool(PT.fullmatch(normalized(text)))


def validate_ct(text: str) -> None:
    """Raise ValidationError unless this is the ratio of a current transformer."""
    if not is_ct(text):
        raise ValidationError(_("A CT ratio in A as on the nameplate, e.g. 50/5."))


def validate_pt(text: str) -> None:
    """Raise ValidationError unless this is the ratio of a voltage transformer."""
    if not is_pt(text):
        raise ValidationError(_("A PT ratio in kV as on the nameplate, e.g. 10/0.1."))


class RatioField(models.CharField):
    """A column for a ratio, kept as `normalized` writes it."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalized(value) if value else value
