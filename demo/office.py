"""The utility of the demo: its offices, its people, its source points, its meter stock, and the
register of firms that may design and build for its customers.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.demo import PASSWORD, PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role
from metering.models import Meter
from surveys.models import SourcePoint
from works.models import Grade, Licence

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

# type, phase, rating (A), voltage (V), accuracy: one for every supply of the process table
METERS = (
    ("smart", "single", "5(60)", "220", "2.0"),
    ("bidirectional", "single", "5(60)", "220", "2.0"),
    ("smart", "three", "5(60)", "3×220/380", "1.0"),
    ("multi", "three", "1.5(6)", "3×220/380", "0.5S"),
    ("multi", "three", "0.3(1.2)", "3×57.7/100", "0.5S"),
    ("multi", "three", "0.3(1.2)", "3×57.7/100", "0.2S"),
)
OF_EACH = 12

ISSUED_BY = {"designer": "江苏省住房和城乡建设厅", "contractor": "国家能源局江苏监管办公室"}

# kind, licence number, grade, firm, unified social credit code, installs, repairs, tests
FIRMS = (
    (
        "designer",
        "A232004171",
        "乙级",
        "江城电力设计院有限公司",
        "91320102MA1XYH123A",
        (False, False, False),
    ),
    (
        "designer",
        "A332008826",
        "丙级",
        "临湖电力工程设计有限公司",
        "91320104MA1WD27K6H",
        (False, False, False),
    ),
    (
        "contractor",
        "6-3-00417-2021",
        "三级",
        "江城电力安装有限公司",
        "91320105MA1M9HRC7D",
        (True, True, True),
    ),
    (
        "contractor",
        "6-4-01256-2022",
        "四级",
        "临湖机电安装工程有限公司",
        "91320106MA1N4TQ83J",
        (True, True, False),
    ),
    (
        "contractor",
        "6-5-02093-2023",
        "五级",
        "滨海电气安装有限公司",
        "91320111MA1PB65H2C",
        (True, False, False),
    ),
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


def fill_store(unit: Unit) -> None:
    """Free meters of every kind, where the store of the unit has none."""
    if unit.meters.in_stock().exists():
        return
    serial = count(1)
    Meter.objects.bulk_create(
        Meter(
            asset_number=f"3205{unit.pk:03d}{next(serial):05d}",
            type=type_,
            phase=phase,
            rating_a=rating,
            voltage_v=voltage,
            accuracy=accuracy,
            maker="华立",
            unit=unit,
        )
        for type_, phase, rating, voltage, accuracy in METERS
        for _n in range(OF_EACH)
    )


def register_firms() -> None:
    """The firms of the register, all valid for two years more."""
    today = timezone.localdate()
    for kind, number, grade, firm, code, (installs, repairs, tests) in FIRMS:
        Licence.objects.get_or_create(
            kind=kind,
            number=number,
            defaults={
                "grade": Grade.objects.get(kind=kind, code=grade),
                "firm": firm,
                "unified_code": code,
                "installs": installs,
                "repairs": repairs,
                "tests": tests,
                "issued_by": ISSUED_BY[kind],
                "valid_from": today - timedelta(days=700),
                "valid_to": today + timedelta(days=900),
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
            },
        )
        if made:
            person.groups.set(Group.objects.filter(name__in=login.roles))
        people[login.username] = person
    survey_network(units["lh"])
    for code in {login.unit for login in PEOPLE if Role.FITTER in login.roles}:
        fill_store(units[code])
    register_firms()
    return people
