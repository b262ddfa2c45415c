"""The key of the own account on sheets taken before it was kept: other numbers of it are the same."""

from django.db import migrations

from applications.models.application import key

CHUNK = 2000


def fill(apps, schema_editor):
    sheets = apps.get_model("applications", "Application").objects.exclude(account_number="")
    found = []
    for sheet in sheets.only("account_number").iterator(chunk_size=CHUNK):
        sheet.account_key = key(sheet.account_number)[:30]
        found.append(sheet)
    sheets.bulk_update(found, ["account_key"], batch_size=CHUNK)


class Migration(migrations.Migration):
    dependencies = [("applications", "0007_own_account")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
