"""The utility of the demo: its offices, its people, its source points and its meter stock."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.demo import PASSWORD, PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role

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
    return people
