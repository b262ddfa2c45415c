"""What can happen to a case, as plain strings; each room names its own verbs where it does them."""

from typing import Any

from django.utils.translation import gettext as _

LABELS: dict[str, Any] = {}
# Verb → verbs that the same person may not have done on the same case (DOMAIN section 2).
SEPARATED: dict[str, tuple[str, ...]] = {}
# Verbs that begin a step anew though it is done: a bill that was paid wrongly.
REOPENING: set[str] = set()


def verb(code: str, label: Any, *, not_by_whom: tuple[str, ...] = (), reopens: bool = False) -> str:
    """Name a thing that can happen; `label` is lazily translated. Returns the code."""
    LABELS[code] = label
    if not_by_whom:
        SEPARATED[code] = not_by_whom
    if reopens:
        REOPENING.add(code)
    return code


def label(code: str) -> str:
    """The verb in the reader's language."""
    return str(LABELS[code]) if code in LABELS else _(code.replace("_", " ").capitalize())
