"""How long an answered plan holds: extended once, or void with its capacity free again."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from plans.models import Plan, ValidityRule
from plans.steps import rights
from plans.steps.ground import locked, plan_of
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.verbs import verb

EXTENDED = verb("plan_extended", gettext_lazy("Validity of the plan extended"))
EXPIRED = verb("plan_expired", gettext_lazy("The plan was no longer valid"))


def rule_for(case: Case) -> ValidityRule | None:
    """The validity of plans for the class of this customer."""
    return ValidityRule.objects.filter(customer_class=case.customer_class).first()


@transaction.atomic
def extend(step: Step, *, by: User, reason: str) -> Plan:
    """Lengthen the validity once, by its own term, asked for in time (DOMAIN section 6)."""
    step = locked(step)
    plan, today = plan_of(step), timezone.localdate()
    rights.demand("extend", step, plan, by)
    rule = rule_for(step.case)
    if not reason.strip():
        raise Refused(_("Say why the customer needs more time."))
    if plan.extended_at is not None:
        raise Refused(_("The validity was extended once already."))
    until = plan.valid_until or today
    if rule is None or (until - today).days < rule.ask_days_before:
        raise Refused(
            _("An extension must be asked for at least %(n)s days before the end.")
            % {"n": rule.ask_days_before if rule else 10}
        )
    plan.valid_until, plan.extended_at = months_later(until, rule.months), timezone.now()
    plan.save(update_fields=["valid_until", "extended_at"])
    moves.record(step.case, EXTENDED, by=by, step=step, note=f"→ {plan.valid_until}. {reason}")
    return plan


def expire(today: date | None = None) -> int:
    """Void every answered plan past its validity, free its capacity and begin the next version.

    Returns how many; safe to run twice, and beside people who decide or extend at that moment.
    """
    today = today or timezone.localdate()
    late = Plan.objects.filter(state=Plan.State.ANSWERED, valid_until__lt=today)
    return sum(lapse(step, today) for step in Step.objects.filter(plan__in=late).order_by("pk"))


@transaction.atomic
def lapse(step: Step, today: date) -> bool:
    """Void the plan of a step if it is answered and past its validity, read under the lock."""
    step = locked(step)
    plan = plan_of(step)
    if plan.state != Plan.State.ANSWERED or not plan.has_expired(today) or not step.is_live:
        return False
    reason = _("The plan was valid until %(day)s.") % {"day": plan.valid_until}
    moves.send_back(step, by=None, reason=reason, what=EXPIRED)
    return True


def months_later(day: date, months: int) -> date:
    """The same day so many months on, or the last of the month where there is none."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
