"""Approval levels and validity, as shipped."""

from django.db import migrations

from plans import reference


class Migration(migrations.Migration):
    dependencies = [("plans", "0001_initial")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
