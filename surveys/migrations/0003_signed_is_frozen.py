"""The database itself refuses to change or delete a signed survey: money stands on it."""

from django.db import migrations

from workflow.database import on_both_engines

MESSAGE = "A signed survey is frozen; a correction is a new round."


class Migration(migrations.Migration):
    dependencies = [("surveys", "0002_nulls_do_not_slip_through")]
    operations = [
        on_both_engines(
            postgresql=(
                f"""
                CREATE FUNCTION surveys_signed_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
                --;
                CREATE TRIGGER surveys_signed_is_frozen BEFORE UPDATE OR DELETE ON surveys_survey
                FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL)
                EXECUTE FUNCTION surveys_signed_is_frozen()
                """,
                """
                DROP TRIGGER surveys_signed_is_frozen ON surveys_survey
                --;
                DROP FUNCTION surveys_signed_is_frozen()
                """,
            ),
            sqlite=(
                f"""
                CREATE TRIGGER surveys_signed_no_update BEFORE UPDATE ON surveys_survey
                WHEN OLD.signed_at IS NOT NULL
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                --;
                CREATE TRIGGER surveys_signed_no_delete BEFORE DELETE ON surveys_survey
                WHEN OLD.signed_at IS NOT NULL
                BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END
                """,
                """
                DROP TRIGGER surveys_signed_no_update
                --;
                DROP TRIGGER surveys_signed_no_delete
                """,
            ),
        )
    ]
