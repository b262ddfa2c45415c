"""The system's words stand in the history in every language; a person's as they were typed."""

import pytest
from django.utils import translation
from django.utils.translation import get_language

from workflow.words import keep, said


def speak() -> str:
    return f"in {get_language()}"


@pytest.mark.parametrize("writer", ["en", "zh-hans"])
@pytest.mark.parametrize("reader", ["en", "zh-hans"])
def test_the_systems_words_are_read_in_the_readers_language(writer, reader):
    with translation.override(writer):
        kept = keep(speak)

    with translation.override(reader):
        assert said(kept) == f"in {reader}"


@pytest.mark.parametrize(
    "typed", ["", "客户要求改期", "{", '{"', '{"a": 1}', '{"en": "x"}', '["en"]', '{"en"', "{}"]
)
def test_what_a_person_typed_stays_as_it_is(typed):
    assert said(keep(typed)) == typed


def test_words_alike_in_every_language_are_kept_once():
    assert keep(lambda: "2026-000001-F1") == "2026-000001-F1"
