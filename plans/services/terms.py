"""How long a plan holds, and when more time for it can be asked for (DOMAIN section 6)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from django.utils import timezone

from plans.models import Plan, ValidityRule
from workflow.models import Case

# Where no rule is kept for the class.
MONTHS, DAYS_BEFORE = 3, 10
# Nobody knows earlier that the time will not do (days before the last one to ask; a house rule).
ASKED_WITHIN = 30


def rule_for(case: Case) -> ValidityRule | None:
    """The validity of plans for the class of this customer."""
    rules = ValidityRule.objects.in_force(timezone.localdate())
    return rules.filter(customer_class=case.customer_class).order_by("valid_from", "pk").last()


def ends(case: Case, begin: date) -> date:
    """The last day of a plan that begins to hold on this day."""
    rule = rule_for(case)
    return months_later(begin, rule.months if rule else MONTHS)


def longer(plan: Plan) -> date:
    """The last day of a plan that is extended today: its own term once more."""
    today = timezone.localdate()
    return ends(plan.case, max(plan.valid_until or today, today))


def last_day_to_ask(plan: Plan) -> date | None:
    """Until when the customer can ask for an extension."""
    rule = rule_for(plan.case)
    days = rule.ask_days_before if rule else DAYS_BEFORE
    return plan.valid_until and plan.valid_until - timedelta(days=days)


def first_day_to_ask(plan: Plan) -> date | None:
    """From when the customer can ask for an extension."""
    last = last_day_to_ask(plan)
    return last and last - timedelta(days=ASKED_WITHIN)


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of the month where there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
