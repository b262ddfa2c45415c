"""Reference data as shipped: limits, working days, reasons to stop (DOMAIN section 4), causes of
lateness (section 9).

Every figure is a row an administrator can correct; `confirmed` says whether the primary text was
seen.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import chinese_calendar
from django.utils.translation import gettext_noop

CLASSES = ("lv_residential", "lv_other", "hv_single", "hv_dual")
VALID_FROM = date(2024, 6, 1)
RULES_2024 = "供电营业规则 2024 (NDRC order 14)"
COMPANY = gettext_noop("Company target")
NOTICE_2019 = gettext_noop("State Grid notice 2019")
PROMISE_2011 = gettext_noop("State Grid promises 2011")
LOCAL_RULE = gettext_noop("Local rule")
OPINIONS_2025 = gettext_noop("2025 opinions")
PROVINCIAL = gettext_noop("Provincial publication")

# kind, promise by class, ceiling by class, basis, confirmed by class
LIMITS: tuple[tuple[str, tuple[int, ...], tuple[int, ...], str, tuple[bool, ...]], ...] = (
    ("application", (1, 1, 1, 1), (1, 1, 1, 1), COMPANY, (False,) * 4),
    ("survey", (1, 1, 2, 2), (2, 2, 5, 5), COMPANY, (False,) * 4),
    ("plan", (3, 3, 10, 20), (3, 3, 10, 20), RULES_2024, (False, False, True, True)),
    ("designer", (2, 2, 2, 2), (5, 5, 5, 5), COMPANY, (False,) * 4),
    ("drawings", (5, 5, 5, 5), (10, 10, 10, 20), NOTICE_2019, (True,) * 4),
    ("contractor", (2, 2, 2, 2), (5, 5, 5, 5), COMPANY, (False,) * 4),
    ("mid_check", (3, 3, 3, 3), (5, 5, 5, 5), NOTICE_2019, (True,) * 4),
    ("acceptance", (3, 3, 5, 5), (5, 5, 7, 7), NOTICE_2019, (True,) * 4),
    ("fees", (1, 1, 2, 2), (2, 2, 3, 3), COMPANY, (False,) * 4),
    ("contract", (1, 1, 3, 3), (2, 2, 5, 5), COMPANY, (False,) * 4),
    ("meter", (3, 5, 5, 5), (3, 5, 7, 7), PROMISE_2011, (True,) * 4),
    ("callback", (2, 2, 2, 2), (2, 2, 2, 2), LOCAL_RULE, (False,) * 4),
)
WHOLE_CASE = (
    # class, with line works, promise, basis
    ("lv_residential", None, 5, OPINIONS_2025),
    ("lv_other", False, 5, OPINIONS_2025),
    ("lv_other", True, 15, OPINIONS_2025),
    ("hv_single", None, 22, PROVINCIAL),
    ("hv_dual", None, 32, PROVINCIAL),
)
STOP_REASONS = (
    ("papers", "Customer to supply papers", "等客户补齐资料", 10),
    ("plan_answer", "Customer to confirm the plan", "等客户确认方案", 10),
    ("customer_works", "Customer's own works", "客户自建工程施工", 60),
    ("payment", "Awaiting payment", "等客户缴费", 10),
    ("signature", "Awaiting signature", "等客户签字", 10),
    ("third_party", "Third party's consent", "等第三方同意", 10),
    ("permit", "Authority's permit", "等行政许可（占路、林业等）", 20),
    (
        "design_110kv",
        "Customer-commissioned connection design, 110 kV and up",
        "110 kV 及以上客户委托接入设计",
        30,
    ),
    ("no_access", "No access (attempt logged)", "无法进场（已登记）", 5),
    ("force_majeure", "Force majeure", "不可抗力", 20),
)
# code, English, Chinese, party responsible, whether it needs words
LATE_CAUSES = (
    ("customer_away", "Customer not reachable or away", "客户外出或联系不上", "customer", False),
    ("customer_date", "Customer asked for another date", "客户要求改期", "customer", False),
    (
        "customer_not_ready",
        "Customer's papers or works not ready",
        "客户资料或工程未就绪",
        "customer",
        False,
    ),
    ("no_access", "No access to the site", "无法进场", "customer", False),
    ("third_party", "Neighbour or other third party", "邻居等第三方原因", "third_party", False),
    ("material", "Equipment or material missing", "设备或材料短缺", "utility", False),
    ("outage", "Outage window or state of the network", "停电计划或电网原因", "utility", False),
    ("weather", "Weather or force majeure", "天气或不可抗力", "force_majeure", False),
    ("staff", "Staff shortage or overload on our side", "我方人手不足或积压", "utility", False),
    ("passed_late", "Passed to us late by the step before", "上一环节移交过晚", "utility", False),
    ("other", "Other, on our side", "我方其他原因", "utility", True),
)
FIRST_YEAR = 2020


def load(apps) -> None:
    """Write the shipped rows that are missing; rows already there are left as they were edited."""
    rule, reason, day, edition = (
        apps.get_model("workflow", name)
        for name in ("DeadlineRule", "StopReason", "WorkDay", "Edition")
    )
    if not rule.objects.exists():
        rule.objects.bulk_create(rule(**row) for row in limits())
    for code, english, chinese, cap in STOP_REASONS:
        reason.objects.get_or_create(
            code=code,
            defaults={"label_en": english, "label_zh": chinese, "cap": cap, "basis": COMPANY},
        )
    if not day.objects.exists():
        day.objects.bulk_create(day(**row) for row in exceptions())
    edition.objects.update_or_create(pk=1, defaults={"token": uuid.uuid4()})


def load_causes(apps) -> None:
    """Write the shipped causes of lateness that are missing."""
    cause = apps.get_model("workflow", "LateCause")
    for code, english, chinese, party, needs_words in LATE_CAUSES:
        cause.objects.get_or_create(
            code=code,
            defaults={
                "label_en": english,
                "label_zh": chinese,
                "party": party,
                "needs_words": needs_words,
            },
        )


def limits():
    """The limits of the regime CN-2024 as rows."""
    for kind, promise, ceiling, basis, confirmed in LIMITS:
        for index, customer_class in enumerate(CLASSES):
            yield {
                "kind": kind,
                "customer_class": customer_class,
                "starts": "accepted" if kind == "plan" else "in_hand",
                "promise": promise[index],
                "ceiling": ceiling[index],
                "basis": basis,
                "confirmed": confirmed[index],
                "valid_from": VALID_FROM,
            }
    for customer_class, line_works, promise, basis in WHOLE_CASE:
        yield {
            "kind": "case",
            "customer_class": customer_class,
            "line_works": line_works,
            "starts": "accepted",
            "promise": promise,
            "ceiling": promise,
            "basis": basis,
            "confirmed": True,
            "valid_from": VALID_FROM,
        }


def exceptions():
    """The days of the State Council's notices that differ from Monday–Friday, as rows."""
    last = max(chinese_calendar.holidays)
    day = date(FIRST_YEAR, 1, 1)
    while day <= date(last.year, 12, 31):
        worked = chinese_calendar.is_workday(day)
        if worked != (day.weekday() < 5):
            occasion = (
                chinese_calendar.get_holiday_detail(day)[1]
                or chinese_calendar.workdays.get(day)
                or ""
            )
            yield {
                "day": day,
                "worked": worked,
                "name": str(occasion),
                "source": f"国务院办公厅关于{day.year}年部分节假日安排的通知",
            }
        day += timedelta(days=1)
