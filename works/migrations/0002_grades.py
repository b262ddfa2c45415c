"""The grades of licences as shipped; an administrator corrects them, `confirmed` says what was seen."""

from django.db import migrations

PERMIT = "承装（修、试）电力设施许可证管理办法 2020 (NDRC order 36)"
DESIGN = "工程设计资质标准 2007"
GRADES = (
    ("contractor", "一级", None, PERMIT),
    ("contractor", "二级", 330, PERMIT),
    ("contractor", "三级", 110, PERMIT),
    ("contractor", "四级", 35, PERMIT),
    ("contractor", "五级", 10, PERMIT),
    ("designer", "甲级", None, DESIGN),
    ("designer", "乙级", 220, DESIGN),
    ("designer", "丙级", 110, DESIGN),
)


def ship(apps, schema_editor):
    grade = apps.get_model("works", "Grade")
    grade.objects.bulk_create(
        grade(kind=kind, code=code, max_kv=kv, basis=basis) for kind, code, kv, basis in GRADES
    )


def take_back(apps, schema_editor):
    apps.get_model("works", "Grade").objects.filter(licences=None).delete()


class Migration(migrations.Migration):
    dependencies = [("works", "0001_initial")]
    operations = [migrations.RunPython(ship, take_back)]
