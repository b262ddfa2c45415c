"""People, offices and cases for tests, made through the doors the product itself uses."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group

from accounts.models import Unit, User
from accounts.roles import Role
from workflow import moves
from workflow.models import Case
from workflow.process import BusinessType, CustomerClass, ExistingSupply

TREE = (
    ("js", "江苏公司", "province", None),
    ("jc", "江城市公司", "city", "js"),
    ("lh", "临湖区公司", "county", "jc"),
    ("lhcd", "城东营业厅", "station", "lh"),
    ("bh", "滨海区公司", "county", "jc"),
    ("bhxc", "新城营业厅", "station", "bh"),
)


def unit(code: str = "lhcd") -> Unit:
    """An office of the tree; those above it are made as needed."""
    found = Unit.objects.filter(code=code).first()
    if found:
        return found
    _, name, level, parent = next(row for row in TREE if row[0] == code)
    made = Unit(code=code, name=name, level=level, parent=unit(parent) if parent else None)
    made.placed().save()
    return made


def person(*roles: str, at: str = "lhcd", username: str = "", **columns: Any) -> User:
    """Somebody with these roles at an office; the same call gives the same person."""
    username = username or "-".join([*roles, at])
    found = User.objects.filter(username=username).first()
    if found:
        return found
    columns.setdefault("name", username)
    columns.setdefault("language", "en")
    made = User.objects.create_user(
        username, f"{username}@example.org", "jiedian-demo", unit=unit(at), **columns
    )
    made.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
    return made


def case(**columns: Any) -> Case:
    """A case just opened at the counter of the station; the application step is in hand."""
    columns.setdefault("by", person(Role.CLERK))
    columns.setdefault("unit", unit())
    return moves.open_case(
        **{
            "customer_name": "王小明",
            "address": "临湖区人民路 8 号院 3 单元 201 室",
            "phone": "13900004217",
            "business_type": BusinessType.NEW,
            "customer_class": CustomerClass.LV_RESIDENTIAL,
            "existing_supply": ExistingSupply.NONE,
            **columns,
        }
    )
