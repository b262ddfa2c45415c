"""Whoever reads a row reads the system's words in their own language, whoever wrote it.

While Chinese is spoken, every word of the system is marked. A mark found in a row of the database
outside the words that are kept in every language is a sentence stored in the writer's language.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone, translation

from demo import cases
from documents.models import Requirement
from plans import services as plans
from workflow import reminders, words
from workflow.models import Event, Notice, StopReason

pytestmark = pytest.mark.django_db
MARK = "§"
LANGUAGES = {code for code, _name in settings.LANGUAGES}
# Columns that hold one language by their name. The contract has one wording, in Chinese; a message
# and its template have the customer's language.
OF_ONE_LANGUAGE = "_zh"
ONE_WORDING = {"contracts_contract", "news_message", "news_template"}


@pytest.fixture
def marked(monkeypatch):
    """What the system says in Chinese begins with a mark; so do the lists kept in the database."""
    engine = translation._trans

    def marking(say):
        def marked(*args):
            found = say(*args)
            return MARK + found if (translation.get_language() or "").startswith("zh") else found

        return marked

    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        monkeypatch.setattr(engine, name, marking(getattr(engine, name)))
    for model in (Requirement, StopReason):
        model.objects.update(label_zh=Concat(Value(MARK), "label_zh"))


def one_sided(value) -> bool:
    """Whether the mark stands in what an English reader is shown."""
    if isinstance(value, dict):
        if set(value) == LANGUAGES:
            return False
        return any(one_sided(found) for key, found in value.items() if not is_chinese(key))
    if isinstance(value, list):
        return any(map(one_sided, value))
    return isinstance(value, str) and MARK in words.from_column(value)


def is_chinese(key: str) -> bool:
    """A place for Chinese: a column of its own, the words of a contract on its paper."""
    return key.endswith(OF_ONE_LANGUAGE) or key == "content"


def stored() -> list[tuple[str, str]]:
    """Every text of every row, as the database has it, with its column."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            text = isinstance(field, models.CharField | models.TextField | models.JSONField)
            table, column = model._meta.db_table, field.column
            if not text or is_chinese(column) or table in ONE_WORDING:
                continue
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
                for (value,) in cursor.fetchall():
                    if isinstance(field, models.JSONField) and isinstance(value, str):
                        value = json.loads(value)
                    found.append((f"{table}.{column}", value))
    return found


@pytest.mark.usefixtures("marked")
def test_no_row_holds_the_systems_words_in_the_writers_language(monkeypatch):
    logging.getLogger("celery").setLevel(logging.ERROR)
    one_of_each = {(row.also, row.also or row.until): row for row in cases.ROWS}
    monkeypatch.setattr(cases, "ROWS", list(one_of_each.values()))
    with translation.override("zh-hans"):
        cases.seed()
        reminders.sweep(timezone.now() + timedelta(days=60))  # stops reach their caps, too
        plans.expire(timezone.localdate() + timedelta(days=800))

    with translation.override("en"):
        rows = stored()
        wrong = sorted({(column, str(value)[:120]) for column, value in rows if one_sided(value)})
        assert wrong == []
        assert any(MARK in str(value) for _column, value in rows), "nothing was said in Chinese"
        told = {event.verb: event.note for event in Event.objects.all()}
        assert MARK not in " ".join(told.values())
        assert len(told) > 40
        assert not any(MARK in "".join(reminders.wording(n)) for n in english())


def english():
    """The notices of people who read English."""
    for notice in Notice.objects.select_related("reminder__case", "reminder__step", "user")[:200]:
        notice.user.language = "en"
        yield notice
