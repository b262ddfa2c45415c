"""The words of messages as shipped."""

from django.db import migrations

from news import reference


class Migration(migrations.Migration):
    dependencies = [("news", "0001_initial")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
