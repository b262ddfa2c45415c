"""The three clocks of a case: utility time, elapsed, silence (DOMAIN section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from workflow import clocks
from workflow.calendar import days
from workflow.models import Case, DeadlineRule, Pause

MOST_TICKS = 32


@dataclass(frozen=True)
class Dial:
    """One clock: its name, a word on the right, a figure with its unit, and lines below."""

    name: str
    word: str
    value: int
    unit: str
    css: str = ""
    notes: list[str] = field(default_factory=list)
    ticks: list[str] = field(default_factory=list)


def utility(case: Case, pauses: list[Pause], today: date) -> Dial:
    """Working days used of the whole-case limit; waiting days are hatched."""
    name = _("Utility time")
    if case.accepted_at is None:
        return Dial(
            name, _("not begun"), 0, _("wd"), notes=[_("Starts when the application is accepted.")]
        )
    start = timezone.localdate(case.accepted_at)
    end = min(today, timezone.localdate(case.closed_at)) if case.closed_at else today
    rule = clocks.rule_for(case, DeadlineRule.WHOLE_CASE, start)
    idle = clocks.idle_days(case, end, pauses)
    worked = [day for day in days(start + timedelta(1), end) if clocks.calendar().is_working(day)]
    ticks = ["s" if day in idle else "u" for day in worked]
    used, still = ticks.count("u"), ticks.count("s")
    limit = rule.promise if rule else 0
    ticks += [""] * max(limit - used, 0)
    css = "late" if limit and used > limit else ""
    word = _("used up") if css else ""
    if case.is_open and case.due_on and not css:
        word = _("due %(day)s") % {"day": f"{case.due_on:%m-%d}"}
        css = "soon" if case.due_on <= clocks.calendar().add(today, 1) else ""
    notes = [_waited(pauses, still)] if still else []
    if case.due_on and not clocks.calendar().is_confirmed(case.due_on):
        notes.append(_("calendar not confirmed"))
    return Dial(
        name,
        word,
        used,
        _("/ %(n)s wd") % {"n": limit} if limit else _("wd"),
        css,
        notes,
        ticks if len(ticks) <= MOST_TICKS else ticks[-MOST_TICKS:],
    )


def _waited(pauses: list[Pause], still: int) -> str:
    stops = [pause for pause in pauses if pause.is_stop]
    if stops:
        return _("%(n)s wd not counted: %(why)s") % {"n": still, "why": stops[-1].reason}
    return _("%(n)s wd not counted: customer's turn") % {"n": still}


def elapsed(case: Case) -> Dial:
    """Calendar days the customer lives through; nothing stops them."""
    since = _("since %(day)s") % {"day": f"{timezone.localdate(case.opened_at):%m-%d}"}
    note = (
        _("closed on %(day)s") % {"day": f"{timezone.localdate(case.closed_at):%Y-%m-%d}"}
        if case.closed_at
        else _("for the customer, never stopped")
    )
    return Dial(_("Elapsed"), since, case.elapsed_days, _("days"), notes=[note])


def silence(case: Case, today: date) -> Dial:
    """Working days since anybody spoke with the customer, as the limit is counted."""
    limit = clocks.silence_due(case)
    css = "late" if limit < today else "soon" if limit == today else ""
    notes = [
        _("last: %(day)s") % {"day": f"{timezone.localtime(case.last_contact_at):%m-%d %H:%M}"}
    ]
    if case.is_open:
        notes.append(
            _("was due by %(day)s") % {"day": f"{limit:%m-%d}"}
            if css == "late"
            else _("again by %(day)s") % {"day": f"{limit:%m-%d}"}
        )
    word = _("limit %(n)s wd") % {"n": settings.SILENCE_WORKING_DAYS}
    silent = clocks.silent_days(case, today)
    return Dial(_("Without news"), word, silent, _("wd"), css if case.is_open else "", notes)
