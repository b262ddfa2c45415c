"""The words of a message: what may stand in them, how long an SMS is, when nobody is disturbed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow import clocks

PLACEHOLDERS = {
    "number": gettext_lazy("number of the case"),
    "customer": gettext_lazy("name of the customer"),
    "office": gettext_lazy("the office"),
    "step": gettext_lazy("the link of the process it is about"),
    "note": gettext_lazy("what was found, asked for or decided"),
    "options": gettext_lazy("what the customer can do instead"),
    "on": gettext_lazy("day and time agreed, or when it happened"),
    "old": gettext_lazy("the date that was expected before"),
    "new": gettext_lazy("the date that is expected now"),
    "next": gettext_lazy("what comes next, and by when"),
    "who": gettext_lazy("who looks after it"),
    "phone": gettext_lazy("their office telephone"),
    "link": gettext_lazy("address of the tracking page"),
}
# Words of people, of any length: an SMS that is too long is cut here, never in the address.
FREE = ("note", "options", "customer", "office", "next")
PLACE = re.compile(r"\{([^{}]*)\}")
MOST_PARTS = 3
LEAST = 8  # characters that are left of a text that is cut
CUT = "..."
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€")
MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)


def check(**texts: str) -> None:
    """Raise ValidationError, by field, for placeholders nobody knows and braces left open."""
    faults = {}
    for name, text in texts.items():
        unknown = sorted({found for found in PLACE.findall(text) if found not in PLACEHOLDERS})
        if unknown:
            faults[name] = _("There is no placeholder %(unknown)s. There are: %(known)s.") % {
                "unknown": ", ".join(f"{{{found}}}" for found in unknown),
                "known": ", ".join(f"{{{known}}}" for known in PLACEHOLDERS),
            }
        elif set("{}") & set(PLACE.sub("", text)):
            faults[name] = _("A brace is opened and not closed, or closed and not opened.")
    if faults:
        raise ValidationError(faults)


def check_length(body: str, language: str) -> None:
    """Raise ValidationError for an SMS that the words of the house alone make too long."""
    least = {**sample(language), **dict.fromkeys(FREE, "电" * LEAST + CUT)}
    if (needed := parts(fill(body, least))) > MOST_PARTS:
        raise ValidationError(
            {
                "body": _("This would be %(n)s SMS; write it so that it fits into %(most)s.")
                % {"n": needed, "most": MOST_PARTS}
            }
        )


def fill(text: str, values: dict[str, str]) -> str:
    """The text with what stands for its placeholders; values are never read for placeholders."""
    return PLACE.sub(lambda place: values.get(place[1], ""), text)


def line(text: str, values: dict[str, str], limit: int) -> str:
    """A subject: on one line, and not longer than its column."""
    return " ".join(fill(text, values).split())[:limit]


def fit(text: str, values: dict[str, str]) -> str:
    """The text of an SMS in at most three parts: the longest words of people are cut."""
    values = dict(values)
    while parts(found := fill(text, values)) > MOST_PARTS:
        free = [name for name in FREE if f"{{{name}}}" in text]
        longest = max(free, key=lambda name: len(values.get(name, "")), default="")
        words = values.get(longest, "").removesuffix(CUT)
        if len(words) <= LEAST:
            break
        values[longest] = words[: max(len(words) - 5, LEAST)].rstrip() + CUT
    return found


def parts(text: str) -> int:
    """How many SMS a text is: 160 or 153 signs of the GSM alphabet each, 70 or 67 of any other."""
    if all(sign in GSM or sign in GSM_TWICE for sign in text):
        length, one, several = len(text) + sum(sign in GSM_TWICE for sign in text), 160, 153
    else:
        length, one, several = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= one else ceil(length / several)


def mobile(phone: str) -> str:
    """The eleven digits of a mobile number of China; empty for any other."""
    found = MOBILE.fullmatch(re.sub(r"[\s()\-]", "", phone))
    return found[1] if found else ""


def after_quiet(now: datetime) -> datetime:
    """The moment itself, or the morning after the quiet hours that it falls into."""
    if not (settings.QUIET_HOURS and clocks.is_quiet(now)):
        return now
    local, end = timezone.localtime(now), settings.QUIET_HOURS[1]
    morning = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return morning if morning > local else morning + timedelta(days=1)


def sample(language: str) -> dict[str, str]:
    """What a preview stands on: a case that nobody has."""
    english = language == "en"
    return {
        "number": "2026-000123",
        "customer": "王小明",
        "office": "城东营业厅",
        "step": "Site survey" if english else "现场勘查",
        "note": "proof of ownership of the premises" if english else "房屋产权证明",
        "options": "another point of the network" if english else "改用其他电源点",
        "on": "2026-10-22 14:30",
        "old": "2026-10-20",
        "new": "2026-10-27",
        "next": "Supply plan, by 2026-10-27" if english else "供电方案，2026-10-27 前",
        "who": "李娜",
        "phone": "025-88002101",
        "link": f"{settings.BASE_URL}/track/2026-000123/ABCDEFGHJKMN/",
    }
