from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plans", "0004_accepted_online")]

    operations = [
        migrations.AlterField(
            model_name="plan",
            name="accepted_how",
            field=models.CharField(
                blank=True,
                choices=[
                    ("signature", "Signature on the paper"),
                    ("tablet", "Signature on the tablet"),
                    ("call", "Recorded call"),
                    ("online", "Confirmed on the tracking page"),
                    ("exhausted", "Nobody answered: proven attempts"),
                ],
                max_length=10,
                verbose_name="accepted how",
            ),
        ),
    ]
