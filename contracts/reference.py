"""The standard terms as shipped: samples for the administrator to confirm (DOMAIN section 6)."""

from __future__ import annotations

from datetime import date
from typing import Any

BASIS = "民法典第三编第十章 · 供电营业规则 2024 (NDRC order 14)"
# heading en, heading zh, text en, text zh
QUALITY = (
    "Quality of supply",
    "供电质量",
    (
        "The supplier supplies at 50 Hz within the limits of the national standards GB/T 12325 "
        "and GB/T 15945."
    ),
    "供电人按国家标准 GB/T 12325、GB/T 15945 的规定供给合格的电能，额定频率 50 赫兹。",
)
CONTINUITY = (
    "Continuity and interruption",
    "供电连续性",
    (
        "The supplier supplies without interruption. Planned work is announced 7 days, urgent "
        "work 24 hours before."
    ),
    "供电人应连续供电；计划检修停电提前 7 日公告，临时检修停电提前 24 小时通知。",
)
METERING = (
    "Metering and settlement",
    "用电计量与结算",
    (
        "The meter readings of the agreed metering point decide. Either party may ask for a check "
        "of the meter."
    ),
    "以约定计量点电能计量装置的记录为结算依据；任何一方均可要求检验计量装置。",
)
BOUNDARY = (
    "Maintenance",
    "产权分界与维护",
    "Each party maintains and answers for the installations on its side of the property boundary.",
    "双方按产权分界点各自负责其产权范围内供用电设施的运行维护和安全。",
)
SAFETY = (
    "Safety",
    "用电安全",
    "The customer uses no more than the agreed capacity and keeps the own installation safe.",
    "用电人不得超过约定容量用电，并对其用电设施的安全负责。",
)
BREACH = (
    "Breach",
    "违约责任",
    (
        "A party that breaks the contract makes good the loss. For late payment the customer owes "
        "the statutory late charge."
    ),
    "一方违约的，应赔偿对方损失；用电人逾期交付电费的，按规定承担违约金。",
)
CHANGE = (
    "Change and end",
    "变更与解除",
    (
        "Changes of capacity, holder or use are agreed in writing. The term goes on by a year if "
        "nobody objects."
    ),
    "变更容量、户名或用途须办理书面变更；期满双方无异议的，合同续期一年。",
)
TEMPORARY = (
    "Temporary supply",
    "临时用电",
    (
        "The supply ends on the agreed day. It is neither passed on to others nor turned into a "
        "permanent one without a new application."
    ),
    "临时用电到期终止，不得转供他人，未重新申请不得转为正式用电。",
)
RESALE = (
    "Resale",
    "转供电",
    (
        "The customer resells by the supplier's authority only, at the catalogue price, without "
        "any addition."
    ),
    "用电人受供电人委托转供电，应执行目录电价，不得加价。",
)
DISPUTE = (
    "Disputes",
    "争议解决",
    (
        "Disputes are settled by agreement, else by the court of the place of use. The "
        "regulator's line is 12398."
    ),
    "争议由双方协商解决，协商不成的向用电地人民法院起诉；监管投诉电话 12398。",
)
COMMON = (QUALITY, CONTINUITY, METERING, BOUNDARY, SAFETY, BREACH, CHANGE)
CLAUSES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "hv": (*COMMON, DISPUTE),
    "lv": (*COMMON, DISPUTE),
    "residential": (*COMMON, DISPUTE),
    "temporary": (*COMMON, TEMPORARY, DISPUTE),
    "resale": (*COMMON, RESALE, DISPUTE),
}


def load(terms: Any, clause: Any) -> None:
    """Write the first version of each kind, unconfirmed, unless it is there."""
    for kind, clauses in CLAUSES.items():
        text, made = terms.objects.get_or_create(
            kind=kind, version=1, defaults={"basis": BASIS, "valid_from": date(2024, 6, 1)}
        )
        if not made:
            continue
        clause.objects.bulk_create(
            clause(
                terms=text,
                position=position,
                heading_en=heading_en,
                heading_zh=heading_zh,
                text_en=text_en,
                text_zh=text_zh,
            )
            for position, (heading_en, heading_zh, text_en, text_zh) in enumerate(clauses, 1)
        )
