"""The rail of the case page: every attempt at every link, and what does not apply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from workflow import clocks, process
from workflow.models import Case, Pause, Step
from workflow.process import Kind
from workflow.queue import kinds_of, label
from workflow.templatetags.jiedian import standing
from workflow.why import waits_for

ICONS = {
    "done": "check",
    "ret": "back",
    "late": "late",
    "cust": "user",
    "stop": "pause",
    "run": "play",
}


@dataclass(frozen=True)
class Entry:
    """One line of the rail: an attempt."""

    step: Step
    css: str
    name: str
    day: str
    sub: str
    late: bool = False
    here: bool = False

    @property
    def icon(self) -> str:
        return ICONS.get(self.css, "")

    @property
    def url(self) -> str:
        return f"?step={self.step.pk}"


def entries(case: Case, pauses: list[Pause], here: Step | None, today: date) -> list[Entry]:
    """The attempts in the order of the process; void ones are left out."""
    running = {pause.step_id: pause for pause in pauses if pause.ended_at is None}
    return [
        _entry(step, running.get(step.pk), step == here, today)
        for step in case.all_steps
        if step.state != Step.State.VOID
    ]


def _entry(step: Step, pause: Pause | None, here: bool, today: date) -> Entry:
    css, late = _css(step, today), False
    if step.state == Step.State.DONE:
        day = f"{timezone.localdate(step.finished_at):%m-%d}"
        late = bool(step.due_on and timezone.localdate(step.finished_at) > step.due_on)
        who = step.owner or step.role_label
        sub = _("%(who)s · late") % {"who": who} if late else _("%(who)s · in time") % {"who": who}
    elif step.state == Step.State.RETURNED:
        day, sub = f"{timezone.localdate(step.finished_at):%m-%d}", step.reason
    elif step.state == Step.State.WAITING:
        rule = clocks.rule_for(step.case, step.kind, today)
        day = _("%(n)s wd") % {"n": rule.promise} if rule else "–"
        waits = waits_for(step)
        sub = _("Waits for: %(steps)s") % {"steps": waits} if waits else _("opens next")
    else:
        day, sub, late = _live(step, pause, today)
    return Entry(step, css, label(step), day, sub, late, here)


def _live(step: Step, pause: Pause | None, today: date) -> tuple[str, str, bool]:
    who = step.owner or _("unclaimed")
    late = bool(step.due_on and step.due_on < today)
    if pause and pause.is_stop:
        day = _("review %(day)s") % {"day": f"{pause.review_on:%m-%d}"}
        past = pause.review_on < today
        return day, f"{pause.reason}: {pause.party} · {who}", past
    if pause:
        day = _("since %(day)s") % {"day": f"{timezone.localdate(pause.started_at):%m-%d}"}
        return day, _("with the customer · %(who)s") % {"who": who}, False
    day = _("due %(day)s") % {"day": f"{step.due_on:%m-%d}"} if step.due_on else "–"
    return day, f"{standing(step, today)[1]} · {who}", late


def _css(step: Step, today: date) -> str:
    if step.state == Step.State.IN_HAND:
        return "late" if step.due_on and step.due_on < today else "run"
    return {
        Step.State.DONE: "done",
        Step.State.RETURNED: "ret",
        Step.State.WITH_CUSTOMER: "cust",
        Step.State.STOPPED: "stop",
    }.get(step.state, "wait")


def left_out(case: Case) -> list[tuple[str, str]]:
    """The links that do not apply, each with the reason."""
    shown = {step.kind for step in case.all_steps if step.state != Step.State.VOID}
    return [
        (Kind(kind).label, process.why_not(kind, case) or _("no longer needed"))
        for kind in process.PROCESS
        if kind not in shown
    ]


def most_urgent(case: Case, reader: User | None = None) -> Step | None:
    """The live step to look at first: the reader's own and those of the reader's work before
    others, ours before the customer's, earliest due; where none is live, the last one finished.
    """
    order = [Step.State.IN_HAND, Step.State.STOPPED, Step.State.WITH_CUSTOMER]
    mine = (reader and kinds_of(reader)) or set()

    def urgency(step: Step) -> tuple:
        own = reader is not None and step.owner_id == reader.pk
        return not own, step.kind not in mine, order.index(step.state), step.due_on or date.max

    if case.live_steps:
        return min(case.live_steps, key=urgency)
    done = [step for step in case.all_steps if step.finished_at]
    return max(done, key=lambda step: step.finished_at, default=None)
