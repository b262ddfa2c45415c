"""Limits and calendar days are released by two people; what is kept is released."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workflow", "0011_causes_of_lateness"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="workday",
            options={
                "ordering": ["day", "pk"],
                "verbose_name": "calendar day",
                "verbose_name_plural": "calendar days",
            },
        ),
        migrations.RemoveConstraint(
            model_name="deadlinerule",
            name="rule_ends_after_it_begins",
        ),
        migrations.AddField(
            model_name="deadlinerule",
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
            model_name="deadlinerule",
            name="document_number",
            field=models.CharField(default="", max_length=120, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="deadlinerule",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="deadlinerule",
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
            model_name="workday",
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
            model_name="workday",
            name="document_number",
            field=models.CharField(default="", max_length=120, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="workday",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="workday",
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
        migrations.AlterField(
            model_name="workday",
            name="day",
            field=models.DateField(db_index=True, verbose_name="day"),
        ),
        migrations.AddConstraint(
            model_name="deadlinerule",
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
                name="deadlinerule_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadlinerule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="deadlinerule_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadlinerule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="deadlinerule_ends_after_it_begins",
                violation_error_message="The last day of validity lies before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workday",
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
                name="workday_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="workday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="workday_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
    ]
