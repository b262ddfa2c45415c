"""Applications as a clerk would hand them in."""

from __future__ import annotations

from typing import Any

from accounts.roles import Role
from applications import services
from applications.models import Application, Equipment
from tests.factories import person
from workflow.models import Case

WANG = "320104199003070423"
ZHAO = "32010219851106441X"
COMPANY = "91320102MA1MK8KE58"


def sheet(**columns: Any) -> Application:
    """A complete sheet of a household without supply; nothing kept yet."""
    return Application(
        **{
            "customer_name": "王小明",
            "id_number": WANG,
            "phone": "13900004217",
            "district": "临湖区",
            "street": "人民路 8 号院",
            "room": "3-201",
            "existing_supply": "none",
            "new_kw": 8,
            **columns,
        }
    )


def shared(**columns: Any) -> Application:
    """The customer of DOMAIN section 1: on a shared meter, quarrelling with the co-user."""
    return sheet(
        **{
            "business_type": "separation",
            "existing_supply": "shared",
            "shared_account": "0312 0045 871",
            "co_users": "张建国（3-101）139 0000 7730",
            "disputed": True,
            "dispute": "电费分摊",
            **columns,
        }
    )


def rows() -> list[Equipment]:
    """The equipment of a household, 7.8 kW in all."""
    return [
        Equipment(name="空调", category="cooling", quantity=2, unit_kw="1.5"),
        Equipment(name="储水式电热水器", category="heating", quantity=1, unit_kw="2.2"),
        Equipment(name="电磁炉、照明及其他", category="living", quantity=1, unit_kw="2.6"),
    ]


def draft(application: Application | None = None, **options: Any) -> Case:
    """A case whose application step is still in hand."""
    options.setdefault("by", person(Role.CLERK))
    return services.open_draft(application or sheet(), rows(), **options)


def accepted(application: Application | None = None, **options: Any) -> Case:
    """A case accepted at the counter: the survey is in hand."""
    options.setdefault("by", person(Role.CLERK))
    options.setdefault("papers", {"id", "form", "licence_lv_other", "licence_hv_single"})
    return services.take(application or sheet(), rows(), **options)


def posted(button: str = "save", *, paper: tuple[str, ...] = ("id", "form"), **values: Any) -> dict:
    """The sheet as the browser posts it, with one row of equipment."""
    fields = {
        "channel": "counter",
        "business_type": "new",
        "customer_class": "lv_residential",
        "customer_name": "王小明",
        "customer_type": "person",
        "phone": "139 0000 4217",
        "id_type": "resident_id",
        "id_number": WANG,
        "district": "临湖区",
        "street": "人民路 8 号院",
        "room": "3-201",
        "existing_supply": "none",
        "category": "residential",
        "load_nature": "general",
        "importance": "none",
        "voltage": "220v",
        "sources_wanted": "1",
        "existing_kw": "0",
        "new_kw": "8",
        "existing_kva": "0",
        "new_kva": "0",
        "invoice_type": "ordinary",
        "language": "zh-hans",
        "equipment-TOTAL_FORMS": "2",
        "equipment-INITIAL_FORMS": "0",
        "equipment-0-name": "空调",
        "equipment-0-category": "cooling",
        "equipment-0-quantity": "2",
        "equipment-0-unit_kw": "1.5",
        "equipment-0-voltage": "220v",
        "equipment-0-phase": "single",
        "equipment-1-name": "",
        "equipment-1-category": "living",
        "equipment-1-quantity": "1",
        "equipment-1-unit_kw": "",
        "equipment-1-voltage": "220v",
        "equipment-1-phase": "single",
        "paper": list(paper),
        button: "1",
    }
    return {name: value for name, value in (fields | values).items() if value is not None}
