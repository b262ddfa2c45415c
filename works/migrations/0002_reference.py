from django.db import migrations

from works import reference


def ship(apps, schema_editor):
    reference.load(apps)


class Migration(migrations.Migration):
    dependencies = [("works", "0001_initial"), ("documents", "0002_published_list")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
