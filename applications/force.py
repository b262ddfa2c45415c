"""What runs out of an application: the authority of the agent who acts for the customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from importlib import import_module
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.models import Application
from workflow.force import Ending, Term
from workflow.models import Case, Step, Subject
from workflow.process import Kind


def authority_lapsed(application: Application | None, on: date) -> bool:
    """The agent's authority had ended on the day, or none is on record."""
    if application is None or not application.agent_name:
        return True
    until = application.authority_ends()
    return until is not None and until < on


def sheet_of(step: Step) -> Application | None:
    """The sheet that names the agent; read once for one step object."""
    if "agent_sheet" not in step.__dict__:
        step.__dict__["agent_sheet"] = Application.of(step.case)
    return step.__dict__["agent_sheet"]


def _acts_on(step: Step) -> date | None:
    """The day on which the agent acts at this gate; None where somebody else does.

    A room in which an agent acts says so with `agent_acts_on(step)` in its guards.
    """
    return import_module(f"{step.process.room}.guards").agent_acts_on(step)


def _ended(step: Step) -> date | None:
    """Asked on the day on which the agent acts; read once for one step object."""
    if "authority_ended" not in step.__dict__:
        on = _acts_on(step)
        sheet = sheet_of(step) if on else None
        lapsed = on is not None and authority_lapsed(sheet, on)
        until = sheet.authority_ends() if lapsed and sheet else None
        step.__dict__["authority_ended"] = (until or on) if lapsed else None
    return step.__dict__["authority_ended"]


def _what_to_do(step: Step) -> str:
    sheet = sheet_of(step)
    if sheet is None or not sheet.agent_name:
        return str(_("The agent's authority does not cover the day of signing."))
    return _(
        "The authority of %(agent)s ended on %(day)s: record a renewed one, or the customer signs "
        "in person."
    ) % {"agent": sheet.agent_name, "day": f"{_ended(step):%Y-%m-%d}"}


def _ending(by: date) -> Iterable[Ending]:
    """While the contract is open: told to whom it lies with."""
    found = Application.objects.filter(
        Q(agent_authority_until__lte=by) | Q(renewals__until__lte=by),
        step__case__state__in=Case.OPEN_STATES,
        step__case__steps__kind=Kind.CONTRACT,
        step__case__steps__state__in=Step.UNFINISHED,
    ).exclude(agent_name="")
    for case in Case.objects.filter(pk__in=found.values("step__case")).order_by("pk"):
        sheet = Application.of(case)
        until = sheet.authority_ends() if sheet and sheet.agent_name else None
        if until and until <= by:
            yield Ending(case.pk, case, until, case.step(Kind.CONTRACT))


def _renew(step: Step) -> tuple[Any, str]:
    return (
        _("Record a renewed authority"),
        reverse("applications:authority", args=[step.case.number]),
    )


AUTHORITY = Term(
    Subject.AUTHORITY,
    gates=(Kind.CONTRACT, Kind.METER),
    ended=_ended,
    reason=_what_to_do,
    met=gettext_lazy("Whoever signs may sign."),
    owes=lambda step: step.case.customer_name,
    remedy=_renew,
    ending=_ending,
    applies=lambda step: _acts_on(step) is not None,
)
AUTHORITY_STANDS = AUTHORITY.guard
TERMS = (AUTHORITY,)
