"""What the system itself writes into a row, in every language of the house, for whoever reads it.

A person's own words are kept as they were typed. The system's words are given as a function, which
is asked once in each language; what it said is kept together and read in the reader's language. So
the history stays what was written, whatever becomes of the catalogues.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import get_language, override

Words = str | Callable[[], str]


def keep(words: Words) -> str:
    """What goes into the row: typed words as they are, the system's in every language."""
    if isinstance(words, str):
        return words
    kept = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            kept[code] = str(words())
    first = next(iter(kept.values()))
    same = all(text == first for text in kept.values())
    return first if same else json.dumps(kept, ensure_ascii=False)


class Said(str):
    """What was said in one language, with all that is kept: written back, nothing is lost."""

    kept: str


def said(kept: str) -> str:
    """What stands in the row, in the reader's language."""
    if not kept or not kept.startswith('{"'):
        return kept
    try:
        found = json.loads(kept)
    except ValueError:
        return kept
    if set(found) != {code for code, _name in settings.LANGUAGES}:
        return kept
    text = Said(found.get(get_language() or "") or found["en"])
    text.kept = kept
    return text


class _Kept:
    """A column that holds such words; whoever reads the row reads them in their own language."""

    def from_db_value(self, value: str, expression: Any, connection: Any) -> str:
        return said(value)

    def get_prep_value(self, value: Any) -> Any:
        return value.kept if isinstance(value, Said) else super().get_prep_value(value)  # type: ignore[misc]

    def deconstruct(self) -> tuple:
        """To the database it is a plain column."""
        name, _path, args, kwargs = super().deconstruct()  # type: ignore[misc]
        base = models.CharField if isinstance(self, models.CharField) else models.TextField
        return name, f"django.db.models.{base.__name__}", args, kwargs


class WordsField(_Kept, models.TextField):
    """Words of a person or of the system, of any length."""


class ShortWordsField(_Kept, models.CharField):
    """Words of a person or of the system, of a limited length in all languages together."""
