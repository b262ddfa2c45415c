"""The published list of papers as shipped (DOMAIN section 5)."""

from django.db import migrations

from documents import reference


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
