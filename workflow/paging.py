"""Paging by key: a page begins behind a row, so a long list costs as little as a short one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet
from django.http import QueryDict

SIZE = 50


@dataclass(frozen=True)
class Page:
    """Rows, and the addresses of the pages beside them (empty where there is none)."""

    rows: list[Any]
    previous_url: str = ""
    next_url: str = ""


def address(asked: QueryDict, **changes: Any) -> str:
    """The query string asked for, with some parameters changed (None: left out)."""
    kept = asked.copy()
    for name in ("after", "before", "open"):
        kept.pop(name, None)
    for name, value in changes.items():
        kept.pop(name, None)
        if value not in (None, ""):
            kept[name] = value
    return f"?{kept.urlencode()}"


def by_due(
    rows: QuerySet,
    asked: QueryDict,
    dress: Callable[[QuerySet], QuerySet] = lambda rows: rows,
    size: int = SIZE,
) -> Page:
    """Pages by (due_on, pk), rows without a due date last. A key: `2026-10-16_123`, `none_123`.

    `dress` adds what the rows of the page show; only they are joined, not the whole list.
    """
    forwards = [F("due_on").asc(nulls_last=True), "pk"]
    backwards = [F("due_on").desc(nulls_first=True), "-pk"]
    return _page(rows, asked, dress, size, forwards, backwards, _behind_due, _before_due, _due_key)


def by_newest(rows: QuerySet, asked: QueryDict, size: int = SIZE) -> Page:
    """Pages by descending pk."""
    return _page(
        rows,
        asked,
        None,
        size,
        ["-pk"],
        ["pk"],
        lambda key: Q(pk__lt=_number(key)),
        lambda key: Q(pk__gt=_number(key)),
        lambda row: str(row.pk),
    )


def _page(rows, asked, dress, size, forwards, backwards, behind, before, key_of) -> Page:
    after_key, before_key = asked.get("after", ""), asked.get("before", "")
    try:
        turned = bool(before_key)
        wanted = before(before_key) if turned else behind(after_key) if after_key else Q()
    except ValueError:
        turned, after_key, wanted = False, "", Q()
    order = backwards if turned else forwards
    found = rows.filter(wanted).order_by(*order)[: size + 1]
    if dress:
        found = dress(rows.model.objects.filter(pk__in=found.values("pk"))).order_by(*order)
    found = list(found)
    more, found = len(found) > size, found[:size]
    if turned:
        found.reverse()
    if not found:
        return Page([], address(asked) if after_key or turned else "", "")
    has_previous = more if turned else bool(after_key)
    has_next = True if turned else more
    return Page(
        found,
        address(asked, before=key_of(found[0])) if has_previous else "",
        address(asked, after=key_of(found[-1])) if has_next else "",
    )


def whole_number(text: str) -> int | None:
    """A number out of an address or a form, or None for what is none that a row could have.

    Python's own test takes "²" for a digit, and refuses to read thousands of them.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _number(key: str) -> int:
    found = whole_number(key)
    if found is None:
        raise ValueError(key)
    return found


def _due_key(row: Any) -> str:
    return f"{row.due_on.isoformat() if row.due_on else 'none'}_{row.pk}"


def _read_due(key: str) -> tuple[date | None, int]:
    day, _, number = key.partition("_")
    return (None if day == "none" else date.fromisoformat(day)), _number(number)


def _behind_due(key: str) -> Q:
    day, number = _read_due(key)
    if day is None:
        return Q(due_on=None, pk__gt=number)
    return Q(due_on__gt=day) | Q(due_on=day, pk__gt=number) | Q(due_on=None)


def _before_due(key: str) -> Q:
    day, number = _read_due(key)
    if day is None:
        return Q(due_on__isnull=False) | Q(due_on=None, pk__lt=number)
    return Q(due_on__lt=day) | Q(due_on=day, pk__lt=number)
