"""The people of the demo: one for each role, so that every part of the chain can be tried."""

from typing import Any, NamedTuple

from django.conf import settings

from accounts.models import Unit
from accounts.roles import Role

PASSWORD = "jiedian-demo"  # noqa: S105 - shown on the login page of the demo


class Login(NamedTuple):
    username: str
    name: str
    roles: tuple[str, ...]
    unit: str  # Unit.code
    phone: str


PEOPLE = (
    Login("sunyue", "孙悦", (Role.CLERK,), "lhcd", "8800-2101"),
    Login("qinlan", "秦岚", (Role.CLERK,), "lhxq", "8800-2301"),
    Login("lina", "李娜", (Role.SURVEYOR,), "lhcd", "8800-2104"),
    Login("matao", "马涛", (Role.SURVEYOR,), "lhcd", "8800-2105"),
    Login("hanlei", "韩磊", (Role.SURVEYOR,), "lhxq", "8800-2302"),
    Login("chenzhiqiang", "陈志强", (Role.PLANNER,), "lh", "8800-2201"),
    Login("wuguohua", "吴国华", (Role.APPROVER,), "lh", "8800-2202"),
    Login("qianwei", "钱伟", (Role.APPROVER,), "jc", "8800-2010"),
    Login("hejing", "何静", (Role.REVIEWER,), "lh", "8800-2203"),
    Login("zhengkai", "郑凯", (Role.INSPECTOR,), "lh", "8800-2204"),
    Login("tangli", "唐丽", (Role.BILLER,), "lh", "8800-2205"),
    Login("xumin", "许敏", (Role.CASHIER,), "lhcd", "8800-2106"),
    Login("gaomin", "高敏", (Role.CONTRACT_OFFICER,), "lh", "8800-2206"),
    Login("luogang", "罗刚", (Role.FITTER,), "lhcd", "8800-2107"),
    Login("fangyong", "方勇", (Role.FITTER,), "lhcd", "8800-2108"),
    Login("zhouweidong", "周卫东", (Role.SUPERVISOR,), "lh", "8800-2200"),
    Login("linfeng", "林峰", (Role.MANAGER,), "jc", "8800-2000"),
    Login("company", "公司督办", (Role.MANAGER,), "js", "8800-1000"),
    Login("auditor", "审计员", (Role.AUDITOR,), "js", "8800-1001"),
    Login("admin", "管理员", (Role.ADMINISTRATOR,), "js", "8800-1002"),
    Login("heli", "贺力", (Role.ADMINISTRATOR,), "js", "8800-1003"),
)


def logins() -> tuple[Login, ...]:
    """Everyone whom a visitor of the demo can be; the password is PASSWORD for all."""
    return PEOPLE


def shown() -> dict[str, Any]:
    """What the login page tells its visitor: nothing, outside the demo."""
    if not settings.DEMO:
        return {}
    offices = dict(Unit.objects.values_list("code", "name"))
    people = [login._asdict() | {"office": offices.get(login.unit, "")} for login in logins()]
    return {"demo_logins": people, "demo_password": PASSWORD}
