from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="token",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
    ]
