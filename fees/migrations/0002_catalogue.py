"""The catalogue as shipped, every item flagged unconfirmed."""

from django.db import migrations

from fees import reference


def load(apps, schema_editor):
    reference.load(apps.get_model("fees", "CatalogueItem"))


class Migration(migrations.Migration):
    dependencies = [("fees", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
