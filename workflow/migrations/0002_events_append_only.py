"""The database itself refuses to change or delete what happened."""

from django.db import migrations

from workflow.database import on_both_engines

MESSAGE = "Events are append-only: what happened is never changed or deleted."


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial")]
    operations = [
        on_both_engines(
            postgresql=(
                f"""
                CREATE FUNCTION workflow_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
                --;
                CREATE TRIGGER workflow_event_append_only BEFORE UPDATE OR DELETE ON workflow_event
                FOR EACH ROW EXECUTE FUNCTION workflow_event_append_only()
                """,
                """
                DROP TRIGGER workflow_event_append_only ON workflow_event
                --;
                DROP FUNCTION workflow_event_append_only()
                """,
            ),
            sqlite=(
                f"""
                CREATE TRIGGER workflow_event_no_update BEFORE UPDATE ON workflow_event
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                --;
                CREATE TRIGGER workflow_event_no_delete BEFORE DELETE ON workflow_event
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                """,
                """
                DROP TRIGGER workflow_event_no_update
                --;
                DROP TRIGGER workflow_event_no_delete
                """,
            ),
        )
    ]
