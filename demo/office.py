"""The utility of the demo: its offices, its people, its source points and its meter stock."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.demo import PASSWORD, PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role
from surveys.models import SourcePoint

UNITS = (
    # code, name, level, above, phone
    ("js", "江苏省电力公司", "province", None, "8800-1000"),
    ("jc", "江城市供电公司", "city", "js", "8800-2000"),
    ("lh", "临湖区供电分公司", "county", "jc", "8800-2200"),
    ("lhcd", "城东营业厅", "station", "lh", "8800-2100"),
    ("lhxq", "新桥供电所", "station", "lh", "8800-2300"),
    ("bh", "滨海区供电分公司", "county", "jc", "8800-3200"),
    ("bhxc", "新城营业厅", "station", "bh", "8800-3100"),
)


# name, voltage, substation, line, transformer area, pole or box, rated kVA, committed kVA
POINTS = (
    ("人民路 2# 公变 A 分支箱", "380v", "临湖变", "人民线", "人民路 2# 公变", "A 分支箱", 630, 180),
    ("院内 2# 分支箱", "380v", "临湖变", "人民线", "人民路 2# 公变", "院内 2# 分支箱", 400, 110),
    ("育才街 1# 公变 14# 杆", "380v", "城东变", "育才线", "育才街 1# 公变", "路东 14# 杆", 400, 90),
    ("滨湖花园 3# 公变", "380v", "滨湖变", "滨湖线", "滨湖花园 3# 公变", "B2 配电间", 1000, 220),
    ("南市街 5# 公变", "380v", "城东变", "南市线", "南市街 5# 公变", "8# 表箱", 500, 140),
    ("工业大道 188 线 23# 杆", "10kv", "临湖变", "工业 188 线", "", "23# 杆", 12000, 2600),
    ("港前 162 线 2# 环网柜", "10kv", "东港变", "港前 162 线", "", "2# 环网柜", 10000, 1800),
    ("健康 115 线 1# 环网柜", "10kv", "城东变", "健康 115 线", "", "1# 环网柜", 12000, 2000),
    ("滨湖 143 线 7# 分接箱", "10kv", "滨湖变", "滨湖 143 线", "", "7# 分接箱", 10000, 1500),
)


def survey_network(unit: Unit) -> None:
    """The source points of a county, with what is open on them."""
    for name, voltage, substation, line, area, pole, rated, committed in POINTS:
        SourcePoint.objects.get_or_create(
            unit=unit,
            name=name,
            defaults={
                "voltage": voltage,
                "substation": substation,
                "line": line,
                "transformer_area": area,
                "pole": pole,
                "rated_kva": rated,
                "committed_kva": committed,
            },
        )


def build() -> dict[str, User]:
    """Make the offices and their people where they are missing; returns the people by user name."""
    units: dict[str, Unit] = {}
    for code, name, level, above, phone in UNITS:
        found = Unit.objects.filter(code=code).first()
        if found is None:
            found = Unit(
                code=code, name=name, level=level, parent=units.get(above or ""), phone=phone
            ).placed()
            found.save()
        units[code] = found
    password = make_password(PASSWORD)
    people = {}
    for login in PEOPLE:
        admin = Role.ADMINISTRATOR in login.roles
        person, made = User.objects.get_or_create(
            username=login.username,
            defaults={
                "name": login.name,
                "unit": units[login.unit],
                "phone": login.phone,
                "email": f"{login.username}@jiedian.example",
                "password": password,
                "is_staff": admin,
                "is_superuser": admin,
            },
        )
        if made:
            person.groups.set(Group.objects.filter(name__in=login.roles))
        people[login.username] = person
    survey_network(units["lh"])
    return people
