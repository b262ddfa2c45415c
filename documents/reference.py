"""The published list of papers as shipped: editable rows, each with its basis (DOMAIN
section 5).
"""

from __future__ import annotations

LIST_2024 = "供电营业规则 2024"
SAMPLE = "Published list of the company (sample)"
RES, OTHER, SINGLE, DUAL = "lv_residential", "lv_other", "hv_single", "hv_dual"

# ruff: noqa: E501 - a table, a row a line
# code, English, Chinese, classes, other columns
PAPERS: tuple[tuple[str, str, str, tuple[str, ...], dict], ...] = (
    ("form", "Application form, signed", "用电申请表（签字）", ("",), {"working_days": 5}),
    ("id", "Identity paper of the applicant", "客户身份证明", (RES,), {"needed_to_start": True}),
    ("agent", "Agent's identity paper and authority", "代办人身份证明及委托书", ("",), {"working_days": 10}),
    ("title", "Proof of ownership", "产权证明（任一种）", (RES,), {"blocks": "contract"}),
    (
        "licence",
        "Business licence or organisation code",
        "营业执照或组织机构代码证",
        (OTHER, SINGLE, DUAL),
        {"needed_to_start": True},
    ),
    ("land", "Title or land permit; tenants: lease and landlord's title", "产权或土地使用证明（承租人附租赁合同）", (OTHER, SINGLE, DUAL), {"blocks": "contract"}),
    ("equipment", "Stamped equipment list", "用电设备清单（盖章）", (OTHER, SINGLE, DUAL), {"blocks": "plan"}),
    ("approval", "Project approval or filing", "项目批准（核准、备案）文件", (SINGLE, DUAL), {"blocks": "contract"}),
    ("site_plan", "Site plan", "总平面图", (SINGLE, DUAL), {"blocks": "plan"}),
    (
        "importance",
        "Government approval as important customer; non-electric safety measures",
        "重要用户认定文件及非电保安措施",
        (SINGLE, DUAL),
        {"important_only": True, "blocks": "plan"},
    ),
    ("parking", "Parking-space right, or lease of a year with owner's consent", "车位使用权证明或一年以上租赁合同", ("",), {"business_type": "ev_charger", "blocks": "contract"}),
    ("property", "Property manager's consent", "物业同意施工证明", ("",), {"business_type": "ev_charger", "blocks": "meter"}),
    ("settled", "Shared account: electricity bills settled", "合表户号电费结清单", ("",), {"existing_supply": "shared", "working_days": 8}),
    ("transfer", "Transfer agreement of the former customer", "原户主过户协议", ("",), {"business_type": "name_change", "blocks": "contract"}),
)  # fmt: skip


def load(apps) -> None:
    """Write the shipped list where there is none."""
    requirement = apps.get_model("documents", "Requirement")
    if requirement.objects.exists():
        return
    requirement.objects.bulk_create(
        requirement(
            code=code if len(classes) == 1 else f"{code}_{customer_class}",
            label_en=english,
            label_zh=chinese,
            customer_class=customer_class,
            basis=LIST_2024 if columns.get("needed_to_start") else SAMPLE,
            **columns,
        )
        for code, english, chinese, classes, columns in PAPERS
        for customer_class in classes
    )
