"""What the templates of every room share: icons, chips, dates."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflow import clocks
from workflow.models import Step

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
    if left <= 1:
        return "soon", _("Due tomorrow")
    return "run", ngettext("%(n)s wd left", "%(n)s wd left", left) % {"n": left}
