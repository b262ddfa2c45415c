"""Limits, working days and reasons to stop, as shipped."""

from django.db import migrations

from workflow import reference


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
