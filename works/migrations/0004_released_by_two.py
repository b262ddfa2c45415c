"""Items of the checks are released by two people; what is kept is released."""

import datetime
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def name_items(apps, schema_editor):
    """Each item has a code of its own, in the order in which they stand."""
    for item in apps.get_model("works", "StandardItem").objects.order_by("pk"):
        item.code = f"{item.kind}-{item.pk:03}"
        item.save(update_fields=["code"])


class Migration(migrations.Migration):
    dependencies = [
        ("works", "0003_words_of_items"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="standarditem",
            options={
                "ordering": ["code", "pk"],
                "verbose_name": "standard item of a check",
                "verbose_name_plural": "standard items of checks",
            },
        ),
        migrations.AddField(
            model_name="standarditem",
            name="author",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="drafted by",
            ),
        ),
        migrations.AddField(
            model_name="standarditem",
            name="code",
            field=models.SlugField(default="", max_length=40, verbose_name="code"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="standarditem",
            name="document_number",
            field=models.CharField(default="", max_length=120, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="standarditem",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="standarditem",
            name="released_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="released by",
            ),
        ),
        migrations.AddField(
            model_name="standarditem",
            name="valid_from",
            field=models.DateField(default=datetime.date(2024, 6, 1), verbose_name="valid from"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="standarditem",
            name="valid_to",
            field=models.DateField(blank=True, null=True, verbose_name="valid to"),
        ),
        migrations.AddConstraint(
            model_name="standarditem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("author", None), ("released_at__isnull", False), ("released_by", None)
                    ),
                    models.Q(
                        ("author__isnull", False), ("released_at", None), ("released_by", None)
                    ),
                    models.Q(
                        ("author__isnull", False),
                        ("released_at__isnull", False),
                        ("released_by__isnull", False),
                        models.Q(("released_by", models.F("author")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="standarditem_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="standarditem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="standarditem_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
        migrations.AddConstraint(
            model_name="standarditem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="standarditem_ends_after_it_begins",
                violation_error_message="The last day of validity lies before the first.",
            ),
        ),
        migrations.RunPython(name_items, migrations.RunPython.noop),
    ]
