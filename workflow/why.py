"""Why can't I? What stands against a step, who owes it, since when, what to do; by its guards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from workflow import process
from workflow.access import opens
from workflow.models import Case, Step
from workflow.process import Kind


@dataclass(frozen=True)
class Line:
    """A line of the panel, in the words of components/_why.html."""

    missing: Any
    met: bool
    owes: Any = ""
    since: str = ""
    remedy: Any = ""
    url: str = ""
    detail: Any = ""
    overdue: bool = False


@dataclass(frozen=True)
class Why:
    """Everything that stands against one thing, the open lines first."""

    title: str
    rows: list[Line]

    @property
    def open(self) -> list[Line]:
        return [row for row in self.rows if not row.met]

    @property
    def summary(self) -> str:
        left = len(self.open)
        return _("%(met)s settled, %(open)s open") % {"met": len(self.rows) - left, "open": left}


class Findings:
    """The guards of a case's live steps, each asked once however often a page tells of them.

    A remedy is a link for those whom its page lets in, and words for all others.
    """

    def __init__(self, case: Case, user: User, today: date) -> None:
        self.case, self.user, self.today = case, user, today
        self._asked: dict[int, list[Line]] = {}

    def of(self, step: Step) -> list[Line]:
        """The conditions for finishing a live step."""
        if step.pk not in self._asked:
            findings = [
                guard.finding(step) for guard in process.guards(step.kind) if guard.applies(step)
            ]
            self._asked[step.pk] = [
                Line(
                    missing=finding.what,
                    met=finding.met,
                    owes=finding.owes,
                    since=self._since(finding.since),
                    remedy=finding.remedy[0],
                    url=self._way(finding.remedy[1]),
                    detail=finding.detail,
                    overdue=self._late(step),
                )
                for finding in findings
            ]
        return self._asked[step.pk]

    def why_not_finished(self, step: Step) -> Why | None:
        """Why a live step cannot be signed; None where it is not under way or nothing is asked."""
        if not step.is_live:
            return None
        rows = self._behind(step.kind, only_open=True) + self.of(step)
        title = _("Why can't I finish this step?")
        return Why(title, _open_first(rows)) if rows else None

    def why_not_begun(self, kind: str, title: str = "") -> Why | None:
        """Why a link has not opened; None when it has."""
        step = self.case.step(kind)
        if step is None or step.state != Step.State.WAITING:
            return None
        title = title or _("Why has this step not begun?")
        return Why(title, _open_first(self._behind(kind)))

    def _behind(self, kind: str, *, only_open: bool = False) -> list[Line]:
        """What the link waits for, through all that lies before it."""
        applicable = process.kinds_of(self.case)
        wanted, todo = set(), [kind]
        while todo:
            new = process.predecessors(todo.pop(), applicable) - wanted
            wanted |= new
            todo += new
        rows: list[Line] = []
        for before in process.PROCESS:
            step = self.case.step(before)
            if before not in wanted or step is None or (only_open and step.satisfies):
                continue
            if step.is_live:
                rows += [row for row in self.of(step) if not row.met]
            rows.append(self._link(step))
        return rows

    def _link(self, step: Step) -> Line:
        name = step.get_kind_display()
        if step.satisfies:
            done = step.finished_at is not None
            return Line(
                _("%(step)s is finished.") % {"step": name}
                if done
                else _("%(step)s is deferred by the fast lane.") % {"step": name},
                met=True,
                owes=step.owner or step.role_label,
                since=f"{timezone.localdate(step.finished_at):%m-%d}" if done else "",
            )
        return Line(
            _("%(step)s is not finished.") % {"step": name},
            met=False,
            owes=step.owner or step.role_label,
            since=self._since(step.since) if step.is_live else "",
            remedy=_("Look at it") if step.is_live else self._waits(step),
            url=f"{self.case.get_absolute_url()}?step={step.pk}" if step.is_live else "",
            detail=step.get_state_display() if step.is_live else "",
            overdue=self._late(step),
        )

    def _way(self, address: str) -> str:
        return address if address and opens(address, self.case, self.user) else ""

    def _waits(self, step: Step) -> str:
        return _("Waits for: %(steps)s") % {"steps": waits_for(step)}

    def _late(self, step: Step) -> bool:
        return bool(step.due_on and step.due_on < self.today)

    def _since(self, day: date | None) -> str:
        if day is None:
            return ""
        days = (self.today - day).days
        return ngettext("%(day)s (%(n)s day)", "%(day)s (%(n)s days)", days) % {
            "day": f"{day:%m-%d}",
            "n": days,
        }


def _open_first(rows: list[Line]) -> list[Line]:
    return sorted(rows, key=lambda row: row.met)


def waits_for(step: Step) -> str:
    """The names of the links that a waiting step still waits for."""
    case = step.case
    before = process.predecessors(step.kind, process.kinds_of(case))
    return _(", ").join(
        str(Kind(kind).label)
        for kind in process.PROCESS
        if kind in before and not ((other := case.step(kind)) and other.satisfies)
    )


def sheet_url(step: Step) -> str:
    """The address of a step's sheet; empty while its room has none."""
    try:
        return step.get_absolute_url()
    except NoReverseMatch:
        return ""
