"""Of a payment only a part may go back: a payment has any number of refunds."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fees", "0004_released_by_two")]

    operations = [
        migrations.AlterField(
            model_name="refund",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="fees.payment",
                verbose_name="payment",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="a_refund_has_an_amount",
                violation_error_message="The amount must be more than 0.",
            ),
        ),
    ]
