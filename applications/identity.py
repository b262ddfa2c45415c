"""Numbers that say who somebody is: checked by their own checksum, shown masked.

Resident ID: GB 11643-1999 (18 places, MOD 11-2). Unified social credit code: GB 32100-2015
(18 places out of 31 characters, MOD 31). Only the clerk's own open form shows a number in full.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT = re.compile(rf"[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}")
OTHER = re.compile(r"[A-Z0-9][A-Z0-9()/-]{3,29}")


class IdType(models.TextChoices):
    """What the number stands on."""

    RESIDENT_ID = "resident_id", gettext_lazy("Resident ID card")
    CREDIT_CODE = "credit_code", gettext_lazy("Unified social credit code")
    PASSPORT = "passport", gettext_lazy("Passport")
    HK_MACAO = "hk_macao", gettext_lazy("Hong Kong or Macao permit")
    TAIWAN = "taiwan", gettext_lazy("Taiwan permit")
    FOREIGN_RESIDENT = "foreign_resident", gettext_lazy("Foreigner's residence card")
    MILITARY = "military", gettext_lazy("Military ID")
    OTHER = "other", gettext_lazy("Other paper")


def normal(number: str) -> str:
    """The number as it is stored and compared: half-width, upper case, without spaces."""
    return "".join(unicodedata.normalize("NFKC", number).upper().split())


def mask(number: str) -> str:
    """The number as others may see it: the first and the last four places.

    >>> mask("320104199003070428")
    '3201**********0428'
    """
    if len(number) <= 8:
        return number[:1] + "*" * max(len(number) - 2, 0) + number[-1:] if len(number) > 2 else "**"
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"


def check(id_type: str, number: str, *, today: date) -> str:
    """The number in its normal spelling; raises ValidationError with what is wrong with it."""
    number = normal(number)
    if id_type == IdType.RESIDENT_ID:
        check_resident_id(number, today=today)
    elif id_type == IdType.CREDIT_CODE:
        check_credit_code(number)
    elif not OTHER.fullmatch(number):
        raise ValidationError(_("Use 4 to 30 letters and digits, as printed on the paper."))
    return number


def check_resident_id(number: str, *, today: date) -> None:
    """Raise ValidationError unless length, birth date and check digit of a resident ID agree."""
    if not RESIDENT.fullmatch(number):
        raise ValidationError(
            _("A resident ID has 18 places: 17 digits, then a digit or X. This has %(n)s.")
            % {"n": len(number)}
        )
    try:
        born = datetime.strptime(number[6:14], "%Y%m%d").date()  # noqa: DTZ007 a birthday has no zone
    except ValueError as error:
        raise ValidationError(_("Places 7 to 14 are not a date of birth.")) from error
    if born.year < 1900 or born > today:
        raise ValidationError(_("Places 7 to 14 are not a possible date of birth."))
    total = sum(
        int(digit) * weight for digit, weight in zip(number, RESIDENT_WEIGHTS, strict=False)
    )
    if RESIDENT_CHECKS[total % 11] != number[-1]:
        raise ValidationError(
            _("The last place does not fit the others: a digit is wrong or two are swapped.")
        )


def check_credit_code(number: str) -> None:
    """Raise ValidationError unless length, alphabet and check character of a credit code agree."""
    if not CREDIT.fullmatch(number):
        raise ValidationError(
            _(
                "A unified social credit code has 18 places (digits and capital letters "
                "without I, O, S, V, Z). This has %(n)s."
            )
            % {"n": len(number)}
        )
    total = sum(
        CREDIT_ALPHABET.index(place) * pow(3, position, 31)
        for position, place in enumerate(number[:17])
    )
    if CREDIT_ALPHABET[-total % 31] != number[-1]:
        raise ValidationError(
            _("The last place does not fit the others: a digit is wrong or two are swapped.")
        )
