"""Reference data of the room as shipped; an administrator corrects it.

`confirmed` says whether the primary text was seen.
"""
# ruff: noqa: E501 - tables read best a row a line

from __future__ import annotations

PERMIT = "承装（修、试）电力设施许可证管理办法 2020 (NDRC order 36)"
DESIGN = "工程设计资质标准 2007"
# kind, grade, up to kV (None: no limit), basis
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
# check, for whom ("" all, "lv", "hv"), English, Chinese, standard
ITEMS = (
    ("mid_check", "", "Cable trench and ducts", "电缆沟、排管", "GB 50168"),
    ("mid_check", "", "Cable laying, bending radius, marking", "电缆敷设、弯曲半径、标识", "GB 50168"),
    ("mid_check", "", "Earthing grid and its joints", "接地网及其连接", "GB 50169"),
    ("mid_check", "", "Foundations and embedded parts", "基础及预埋件", "GB 50303"),
    ("acceptance", "", "Works follow the accepted plan and drawings", "工程与供电方案、图纸一致", ""),
    ("acceptance", "", "Earthing resistance", "接地电阻", "GB 50169"),
    ("acceptance", "", "Insulation resistance", "绝缘电阻", "GB 50150"),
    ("acceptance", "", "Switchgear and interlocks", "开关设备及闭锁", "GB 50171"),
    ("acceptance", "", "Metering cabinet ready to be sealed", "计量柜（箱）具备加封条件", "DL/T 448"),
    ("acceptance", "hv", "Transformer hand-over tests", "变压器交接试验", "GB 50150"),
    ("acceptance", "hv", "Relay protection and settings", "继电保护及定值", "DL/T 995"),
    ("acceptance", "hv", "Safety tools, signs, fire equipment", "安全工器具、标示牌、消防器材", "GB 26860"),
    ("acceptance", "hv", "Operators licensed, rules on the wall", "运行人员持证、规程上墙", "GB 26860"),
)  # fmt: skip


def load(apps) -> None:
    """Write the shipped rows where there are none."""
    grade = apps.get_model("works", "Grade")
    if not grade.objects.exists():
        grade.objects.bulk_create(
            grade(kind=kind, code=code, max_kv=kv, basis=basis) for kind, code, kv, basis in GRADES
        )
    item = apps.get_model("works", "StandardItem")
    if not item.objects.exists():
        item.objects.bulk_create(
            item(kind=kind, level=level, label_en=english, label_zh=chinese, standard=standard)
            for kind, level, english, chinese, standard in ITEMS
        )
    requirement = apps.get_model("documents", "Requirement")
    for kind, english, chinese in (
        ("designer", "Designer's certificate, original", "设计单位资质证书原件"),
        ("contractor", "Contractor's permit, original", "施工单位许可证原件"),
    ):
        requirement.objects.get_or_create(
            code=f"{kind}_original",
            defaults={
                "label_en": english,
                "label_zh": chinese,
                "asked_at": kind,
                "basis": "Published list of the company (sample)",
            },
        )
