"""What can happen to a case, as plain strings; each room names its own verbs where it does them."""

from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext as _

LABELS: dict[str, Any] = {}
# Verb → verbs that the same person may not have done on the same case (DOMAIN section 2).
SEPARATED: dict[str, tuple[str, ...]] = {}
# Verbs that begin a step anew though it is done: a bill that was paid wrongly.
REOPENING: set[str] = set()
# Verbs that the customer is told of, by message (news).
TOLD: set[str] = set()


def verb(
    code: str,
    label: Any,
    *,
    not_by_whom: tuple[str, ...] = (),
    reopens: bool = False,
    told: bool = False,
) -> str:
    """Name a thing that can happen; `label` is lazily translated. Returns the code.

    What is `told` goes to the customer as a message, written with the event.
    """
    LABELS[code] = label
    if not_by_whom:
        SEPARATED[code] = not_by_whom
    if reopens:
        REOPENING.add(code)
    if told:
        TOLD.add(code)
    return code


@cache
def meet_rooms() -> None:
    """A room names its verbs when it is imported; a worker has not met every room by itself."""
    for room in apps.get_app_configs():
        if module_has_submodule(room.module, "services"):
            import_module(f"{room.name}.services")


def label(code: str) -> str:
    """The verb in the reader's language."""
    if code not in LABELS:
        meet_rooms()
    return str(LABELS[code]) if code in LABELS else _(code.replace("_", " ").capitalize())
