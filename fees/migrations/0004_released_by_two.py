"""Fees are released by two people; what is kept is released."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fees", "0003_kept_quote"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="catalogueitem",
            name="a_fee_ends_after_it_begins",
        ),
        migrations.AddField(
            model_name="catalogueitem",
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
            model_name="catalogueitem",
            name="released_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                editable=False,
                null=True,
                verbose_name="released",
            ),
        ),
        migrations.AddField(
            model_name="catalogueitem",
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
        migrations.AddConstraint(
            model_name="catalogueitem",
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
                name="catalogueitem_needs_two_people",
                violation_error_message="This needs two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="catalogueitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("author", None),
                    models.Q(("document_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="catalogueitem_has_its_document",
                violation_error_message="Name the document that orders this.",
            ),
        ),
        migrations.AddConstraint(
            model_name="catalogueitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="catalogueitem_ends_after_it_begins",
                violation_error_message="The last day of validity lies before the first.",
            ),
        ),
    ]
