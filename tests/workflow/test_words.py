"""The system's words stand in the history in every language; a person's as they were typed."""

import json

import pytest
from django.utils import translation
from django.utils.translation import get_language

from accounts.roles import Role
from applications.models import Contact
from applications.services import note_contact
from tests.factories import person
from tests.surveys import factories as surveys
from workflow import moves
from workflow.models import Event
from workflow.words import MARK, as_data, from_data, keep

# What a text that somebody typed may look like, the system's own words among them.
TYPED = [
    "",
    "客户要求改期",
    "{",
    '{"',
    "{}",
    '["en"]',
    '{"a": 1}',
    '{"zh-hans": "同意", "en": "agreed"}',
    '{"zh-hans": 1, "en": null}',
    '{"zh-hans": {"en": []}, "en": ["x"]}',
    '{"en": "x"',
]


def speak() -> str:
    return f"in {get_language()}"


@pytest.mark.parametrize("writer", ["en", "zh-hans"])
@pytest.mark.parametrize("reader", ["en", "zh-hans"])
def test_the_systems_words_are_read_in_the_readers_language(writer, reader):
    with translation.override(writer):
        kept = json.loads(json.dumps(as_data(keep(speak))))

    with translation.override(reader):
        assert from_data(kept) == f"in {reader}"


@pytest.mark.django_db
@pytest.mark.parametrize("reader", ["en", "zh-hans"])
def test_a_column_gives_the_systems_words_to_each_reader_and_writes_them_back_whole(reader):
    clerk, case = person(Role.CLERK), surveys.at_survey()
    note_contact(Contact(summary=keep(speak)), case=case, by=clerk)

    with translation.override(reader):
        contact = Contact.objects.get(case=case)
        assert contact.summary == f"in {reader}"
        contact.save()
    with translation.override("en"):
        assert Contact.objects.get(case=case).summary == "in en"
        assert Contact.objects.filter(summary=keep(speak)).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("typed", TYPED)
def test_what_a_person_typed_stays_as_it_is(typed, client):
    clerk, case = person(Role.CLERK), surveys.at_survey()
    client.force_login(clerk)

    note_contact(Contact(summary=typed or "–"), case=case, by=clerk)
    moves.record(case, "noted", by=clerk, note=typed)

    assert Contact.objects.get(case=case).summary == (typed or "–")
    assert Event.objects.filter(case=case, verb="noted").get().note == typed
    page = client.get(f"{case.get_absolute_url()}?history=all")
    assert page.status_code == 200


@pytest.mark.django_db
def test_nobody_can_type_the_mark_of_the_systems_words():
    case = surveys.at_survey()
    note_contact(
        Contact(summary=f'{MARK}{{"en": "a", "zh-hans": "b"}}'), case=case, by=person(Role.CLERK)
    )

    assert Contact.objects.get(case=case).summary == '{"en": "a", "zh-hans": "b"}'


def test_words_alike_in_every_language_are_kept_once():
    assert keep(lambda: "2026-000001-F1") == "2026-000001-F1"
