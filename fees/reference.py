"""The fee catalogue as shipped: samples for the administrator to confirm (DOMAIN section 7).

Abolished items stay listed as abolished, so that nobody can charge them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

NATIONAL = "发改价格〔2003〕2279号"
RELIABILITY = ("High-reliability supply fee", "高可靠性供电费")


def _reliability(voltage: str, rate: int, self_built: int | None, note: str = "") -> dict[str, Any]:
    return {
        "code": f"reliability-{voltage}",
        "name_en": RELIABILITY[0],
        "name_zh": RELIABILITY[1],
        "basis": "reliability",
        "voltage": voltage,
        "rate": rate,
        "self_built_rate": self_built,
        "cable_factor": "1.50",
        "document_number": NATIONAL,
        "document_date": date(2003, 12, 31),
        "valid_from": date(2004, 1, 1),
        "note": note,
    }


ITEMS: tuple[dict[str, Any], ...] = (
    _reliability("lv", 270, 220),
    _reliability("10kv", 220, 170),
    _reliability("20kv", 220, 170, "Sample: as 10 kV, until the province's table is entered."),
    _reliability("35kv", 170, 120, "Sample: the rate for self-built works is to be confirmed."),
    _reliability("110kv", 90, 40, "Sample: to be replaced by the province's table."),
    {
        "code": "system-reserve",
        "name_en": "System reserve fee for own generation",
        "name_zh": "系统备用容量费",
        "basis": "reserve",
        "voltage": "",
        "rate": 20,
        "document_number": "省级价目表（示例）",
        "valid_from": date(2004, 1, 1),
        "note": "Sample: to be replaced by the province's table.",
    },
    {
        "code": "meter-loss",
        "name_en": "Compensation for a meter lost or broken by the user",
        "name_zh": "用户责任电能表丢失损坏赔偿费",
        "basis": "meter_loss",
        "voltage": "",
        "rate": 160,
        "document_number": "省级价目表（示例）",
        "valid_from": date(2004, 1, 1),
        "note": "Sample; per piece, charged outside the connection of a new supply.",
    },
    {
        "code": "lv-free",
        "name_en": "Low-voltage connection without charge",
        "name_zh": "低压接入零收费",
        "basis": "lv_free",
        "voltage": "lv",
        "rate": 0,
        "limit_kw": 160,
        "document_number": "2025年意见（160千瓦及以下）",
        "valid_from": date(2021, 1, 1),
        "note": "Sample: document and day to be confirmed.",
    },
    {
        "code": "temporary-connection",
        "name_en": "Temporary connection fee (abolished)",
        "name_zh": "临时接电费用（已取消）",
        "basis": "temporary",
        "voltage": "10kv",
        "rate": 210,
        "document_number": NATIONAL,
        "document_date": date(2003, 12, 31),
        "valid_from": date(2004, 1, 1),
        "valid_to": date(2017, 12, 1),
        "status": "abolished",
        "note": "Abolished in 2017: can never be charged.",
    },
    {
        "code": "power-supply-tie",
        "name_en": "Supply and distribution subsidy (abolished)",
        "name_zh": "供（配）电贴费（已取消）",
        "basis": "temporary",
        "voltage": "",
        "rate": 0,
        "document_number": NATIONAL,
        "valid_from": date(1993, 1, 1),
        "valid_to": date(2003, 12, 31),
        "status": "abolished",
        "note": "Abolished: can never be charged.",
    },
)


def load(model: Any) -> None:
    """Write the shipped items that are not there yet; every one is flagged unconfirmed."""
    for item in ITEMS:
        model.objects.get_or_create(
            code=item["code"], version=1, defaults={**item, "confirmed": False}
        )
