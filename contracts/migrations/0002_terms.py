"""The standard terms as shipped, unconfirmed."""

from django.db import migrations

from contracts import reference


def load(apps, schema_editor):
    reference.load(apps.get_model("contracts", "Terms"), apps.get_model("contracts", "Clause"))


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
