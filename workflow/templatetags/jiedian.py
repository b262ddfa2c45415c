"""What the templates of every room share: icons, chips, dates."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflow import clocks, late
from workflow.access import opens
from workflow.models import Case, Step
from workflow.moves import countersign

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; decoration only, the word stands beside it."""
    return format_html(
        '<svg class="i" aria-hidden="true"><use href="{}#i-{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("components/_chip.html")
def chip(state: str, text: str, big: bool = False) -> dict:
    return {"state": state, "text": text, "big": big}


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, width: int = 12) -> dict:
    """One field of a form, so many twelfths of the row wide."""
    return {"field": bound, "width": width}


@register.simple_tag(takes_context=True)
def way(context: template.Context, name: str, case: Case) -> str:
    """The address of a page of the case, by its name; empty for a reader whom it refuses."""
    address = reverse(name, args=[case.number])
    return address if opens(address, case, context["user"]) else ""


@register.filter
def get(mapping: dict, key):
    """A value of a dictionary by a computed key."""
    return mapping.get(key)


@lru_cache(maxsize=1024)
def rendered_chip(state: str, text: str, big: bool = False) -> SafeString:
    """A chip as HTML; few differ, lists show many."""
    page = render_to_string("components/_chip.html", {"state": state, "text": text, "big": big})
    return SafeString(page.strip())


@register.simple_tag
def step_chip(step: Step, big: bool = False) -> SafeString:
    """The state of a step as a chip, by today's date: late, due, left, with customer, done …"""
    return rendered_chip(*standing(step, timezone.localdate()), big)


def standing(step: Step, today: date) -> tuple[str, str]:
    """The chip of a step: (class, words). "wd" are working days."""
    fixed = {
        Step.State.WITH_CUSTOMER: ("cust", _("With customer")),
        Step.State.STOPPED: ("stop", _("Stopped")),
        Step.State.DONE: ("done", _("Done")),
        Step.State.RETURNED: ("ret", _("Sent back")),
        Step.State.WAITING: ("wait", _("Waiting")),
        Step.State.VOID: ("wait", _("Does not apply")),
    }
    if step.state in fixed:
        return fixed[step.state]
    if step.due_on is None:
        return "run", _("In hand")
    left = clocks.calendar().between(today, step.due_on)
    if step.due_on < today:
        late = max(-left, 1)
        return "late" if late >= 3 else "late1", ngettext(
            "%(n)s wd late", "%(n)s wd late", late
        ) % {"n": late}
    if step.due_on == today:
        return "soon", _("Due today")
    if step.due_on == today + timedelta(days=1):
        return "soon", _("Due tomorrow")
    if left <= 1:  # beyond a weekend or a holiday
        return "soon", ngettext("%(n)s wd left", "%(n)s wd left", left) % {"n": left}
    return "run", ngettext("%(n)s wd left", "%(n)s wd left", left) % {"n": left}


@register.inclusion_tag("components/_late.html", takes_context=True)
def ask_cause(context: template.Context, step: Step | None, ids: str = "id") -> dict:
    """The cause of lateness, asked in a form that lets the step go; nothing where it is in time.

    `ids` begins the ids of the fields, where a page has two such forms.
    """
    return late.asked([step] if step else [], context["request"], ids)


@register.inclusion_tag("components/_late.html", takes_context=True)
def ask_cause_of_second(context: template.Context, step: Step) -> dict:
    """The same where a second person confirms: with what the first has said."""
    return late.asked([step], context["request"], said=countersign.cause_given)


@register.inclusion_tag("components/_late.html", takes_context=True)
def ask_cause_of_case(context: template.Context, case: Case) -> dict:
    """The same in a form that closes the whole case."""
    return late.asked(case.live_steps, context["request"])
