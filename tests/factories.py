"""People, offices and cases for tests, made through the doors the product itself uses."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any

from django.contrib.auth.models import Group

from accounts.models import Unit, User
from accounts.roles import Role
from workflow import moves, standards
from workflow.models import Case, Standard
from workflow.process import BusinessType, CustomerClass, ExistingSupply

TREE = (
    ("js", "江苏公司", "province", None),
    ("jc", "江城市公司", "city", "js"),
    ("lh", "临湖区公司", "county", "jc"),
    ("lhcd", "城东营业厅", "station", "lh"),
    ("bh", "滨海区公司", "county", "jc"),
    ("bhxc", "新城营业厅", "station", "bh"),
)

# The same office and the same person have the same key in every test, far from those that a
# sequence gives: what `made_once` keeps of a case points at them.
_KEYS: defaultdict[str, int] = defaultdict(count(1_000_000).__next__)


def unit(code: str = "lhcd") -> Unit:
    """An office of the tree; those above it are made as needed."""
    found = Unit.objects.filter(code=code).first()
    if found:
        return found
    _, name, level, parent = next(row for row in TREE if row[0] == code)
    made = Unit(
        pk=_KEYS[f"unit {code}"],
        code=code,
        name=name,
        level=level,
        parent=unit(parent) if parent else None,
    )
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
    columns.setdefault("pk", _KEYS[username])
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


def draft_of(row: Standard, **columns: Any) -> Standard:
    """A draft of the next version of a standard; another administrator can release it."""
    draft = type(row).objects.get(pk=row.pk)
    draft.pk, draft.author, draft.released_by, draft.released_at = (
        None,
        person("author"),
        None,
        None,
    )
    draft.document_number = "苏电价〔2026〕7号"
    for name, value in columns.items():
        setattr(draft, name, value)
    draft.save(force_insert=True)
    return type(row).objects.get(pk=draft.pk)


def publish(row: Standard, **columns: Any) -> Standard:
    """The next version of a standard, drafted by one person and released by a second one."""
    draft = draft_of(row, **columns)
    return standards.release(draft, by=person("second"), seen=draft.digest)
