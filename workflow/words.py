"""What the system itself writes into a row, in every language of the house, for whoever reads it.

A person's own words are kept as they were typed. The system's words are given as a function, which
is asked once in each language; what it said is kept together and read in the reader's language. So
the history stays what was written, whatever becomes of the catalogues.

Which of the two a row holds is never guessed from what it says. In a column of text the system's
words stand behind `MARK`, with which nothing typed can begin; in a column of JSON they are an
object, and what was typed is a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, override

Words = str | Callable[[], str]
# The record separator of ASCII: no key types it.
MARK = "\x1e"


class Said(str):
    """The system's words in the reader's language, with all that is kept: nothing is lost when they
    are written back.
    """

    kept: dict[str, str]


def keep(words: Words) -> str:
    """What goes into the row: typed words as they are, the system's in every language."""
    if isinstance(words, str):
        return words
    kept = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            kept[code] = str(words())
    first = next(iter(kept.values()))
    return first if all(text == first for text in kept.values()) else _said(kept)


def as_data(value: Any) -> Any:
    """Such words as they stand in a column of JSON; anything else as it is."""
    return value.kept if isinstance(value, Said) else value


def from_data(value: Any) -> str:
    """Words out of a column of JSON, the system's in the reader's language."""
    return _said(value) if isinstance(value, dict) else str(value)


def from_column(value: str) -> str:
    """Words out of a column of text, the system's in the reader's language."""
    return _said(json.loads(value[1:])) if value and value[0] == MARK else value


def _said(kept: dict[str, str]) -> Said:
    text = Said(kept.get(get_language() or "") or kept["en"])
    text.kept = kept
    return text


class _Kept:
    """A column that holds such words; whoever reads the row reads them in their own language."""

    def from_db_value(self, value: str, expression: Any, connection: Any) -> str:
        return from_column(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Said):
            return MARK + json.dumps(value.kept, ensure_ascii=False)
        value = super().get_prep_value(value)  # type: ignore[misc]
        return value.lstrip(MARK) if isinstance(value, str) else value

    def deconstruct(self) -> tuple:
        """To the database it is a plain column."""
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        base = models.CharField if isinstance(self, models.CharField) else models.TextField
        return name, f"django.db.models.{base.__name__}", args, kwargs


class WordsField(_Kept, models.TextField):
    """Words of a person or of the system, of any length."""


class ShortWordsField(_Kept, models.CharField):
    """Words of a person or of the system, of a limited length in all languages together."""
