"""Limits, working days and reasons to stop, as shipped."""

from django.db import migrations

from workflow import reference


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_events_append_only")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
