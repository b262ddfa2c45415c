"""What the database itself refuses, and that it still does after any migration, on both engines.

The same tests run on PostgreSQL and, by `tests/fees/test_walls_on_sqlite.py`, on SQLite.
"""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from tests.factories import unit
from tests.surveys import factories as surveys
from workflow import walls
from workflow.models import Step

pytestmark = pytest.mark.django_db


def sql(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def demand_history_is_kept():
    with pytest.raises(IntegrityError, match="append-only"):
        sql("UPDATE workflow_event SET verb = 'x'")
    with pytest.raises(IntegrityError, match="append-only"):
        sql("DELETE FROM workflow_event")


def test_what_happened_is_never_changed_or_deleted():
    surveys.at_survey()

    demand_history_is_kept()


@pytest.mark.parametrize(
    "statement", ["UPDATE surveys_survey SET phase = 'three'", "DELETE FROM surveys_survey"]
)
def test_a_signed_survey_is_never_changed_or_deleted(statement):
    surveys.signed_survey(surveys.at_survey())

    with pytest.raises(IntegrityError, match="frozen"):
        sql(statement)


def test_a_step_is_never_at_another_office_than_its_case():
    case = surveys.at_survey()
    unit("bhxc")
    there = "(SELECT id FROM accounts_unit WHERE code = 'bhxc')"

    with pytest.raises(IntegrityError, match="office of its case"):
        sql(f"UPDATE workflow_step SET unit_id = {there}")
    with pytest.raises(IntegrityError, match="office of its case"), transaction.atomic():
        Step.objects.create(case=case, kind="meter", round=9, unit=unit("bhxc"))
    sql(f"UPDATE workflow_case SET unit_id = {there}")
    sql(f"UPDATE workflow_step SET unit_id = {there}")


def test_every_wall_stands_again_after_a_migration():
    every = walls.every()
    walls.lower(connection, every)
    assert walls.missing(connection) == [wall.name for wall in every]

    call_command("migrate", verbosity=0)

    assert walls.missing(connection) == []


@pytest.fixture
def emptied_with_walls_down(transactional_db):
    """SQLite empties a table by DELETE, which the walls refuse; PostgreSQL truncates it."""
    yield
    walls.make_way(using="default")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("emptied_with_walls_down")
def test_walls_stand_again_after_their_tables_were_rebuilt():
    """A changed column: SQLite copies the whole table and drops what hangs on the old one."""
    surveys.signed_survey(surveys.at_survey())
    walls.make_way(using="default")

    for name in ("workflow_event", "workflow_step", "surveys_survey", "plans_plan"):
        old, new = longer(next(m for m in apps.get_models() if m._meta.db_table == name))
        with connection.schema_editor() as editor:
            editor.alter_field(old.model, old, new)
            editor.alter_field(old.model, new, old)
    assert connection.vendor == "postgresql" or walls.missing(connection) != []
    walls.raise_all(using="default")

    assert walls.missing(connection) == []
    demand_history_is_kept()
    with pytest.raises(IntegrityError, match="frozen"):
        sql("UPDATE surveys_survey SET phase = 'three'")


def longer(model):
    """A column of words of the model, and the same one longer."""
    old = next(f for f in model._meta.fields if isinstance(f, models.CharField))
    new = old.clone()
    new.max_length = old.max_length + 10
    new.set_attributes_from_name(old.name)
    new.model = model
    return old, new


def test_a_room_whose_tables_are_gone_leaves_no_wall_behind(monkeypatch):
    standing = walls.Wall("lost_room", "workflow_event", "INSERT", "TRUE", "lost")
    lost = walls.Wall("lost_table", "lost_table", "UPDATE", "TRUE", "lost")
    walls.build(connection, [standing])
    monkeypatch.setattr(walls, "of_rooms", lambda: [(standing, lost)])

    walls.raise_all(using="default")

    assert walls.missing(connection, [standing]) == ["lost_room"]
    assert surveys.at_survey().events.exists()
