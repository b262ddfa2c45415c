"""Approval levels and validities are released by two people; what is kept is released."""

import datetime
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0006_quote"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="approvalrule",
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
            model_name="approvalrule",
            name="document_number",
            field=models.CharField(default="", max_length=120, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="approvalrule",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="approvalrule",
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
            model_name="approvalrule",
            name="valid_from",
            field=models.DateField(default=datetime.date(2024, 6, 1), verbose_name="valid from"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="approvalrule",
            name="valid_to",
            field=models.DateField(blank=True, null=True, verbose_name="valid to"),
        ),
        migrations.AddField(
            model_name="validityrule",
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
            model_name="validityrule",
            name="document_number",
            field=models.CharField(default="", max_length=120, verbose_name="document number"),
        ),
        migrations.AddField(
            model_name="validityrule",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="validityrule",
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
            model_name="validityrule",
            name="valid_from",
            field=models.DateField(default=datetime.date(2024, 6, 1), verbose_name="valid from"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="validityrule",
            name="valid_to",
            field=models.DateField(blank=True, null=True, verbose_name="valid to"),
        ),
        migrations.AlterField(
            model_name="validityrule",
            name="customer_class",
            field=models.CharField(
                choices=[
                    ("lv_residential", "LV residential"),
                    ("lv_other", "LV other"),
                    ("hv_single", "HV single source"),
                    ("hv_dual", "HV multi-source"),
                ],
                max_length=20,
                verbose_name="customer class",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
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
                name="approvalrule_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="approvalrule_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="approvalrule_ends_after_it_begins",
                violation_error_message="The last day of validity lies before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="validityrule",
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
                name="validityrule_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="validityrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="validityrule_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
        migrations.AddConstraint(
            model_name="validityrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="validityrule_ends_after_it_begins",
                violation_error_message="The last day of validity lies before the first.",
            ),
        ),
    ]
