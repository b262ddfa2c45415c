"""The words of messages of acts added since."""

from django.db import migrations

from news import reference


class Migration(migrations.Migration):
    dependencies = [("news", "0004_bills_end")]
    operations = [
        migrations.RunPython(lambda apps, _: reference.load(apps), migrations.RunPython.noop)
    ]
