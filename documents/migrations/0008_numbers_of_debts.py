from django.db import migrations
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def number_debts(apps, schema_editor):
    """What is owed today stands on the one list, in the order in which it was asked for."""
    item = apps.get_model("documents", "PaperItem")
    before = (
        item.objects.filter(case=OuterRef("case"), state="owed", pk__lte=OuterRef("pk"))
        .order_by()
        .values("case")
        .annotate(n=Count("pk"))
        .values("n")
    )
    item.objects.filter(state="owed", number=None).update(number=Coalesce(Subquery(before), 1))


class Migration(migrations.Migration):
    dependencies = [("documents", "0007_asked_once")]

    operations = [migrations.RunPython(number_debts, migrations.RunPython.noop)]
