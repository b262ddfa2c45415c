"""A case read whole, as it stands at one moment; how many rows it has changes no count of queries.

Everything a person wrote is here as they wrote it. What the log of events does not say in a column
(who owned a step when, what moved a due date) is derived from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import User
from applications.models import Application, Contact
from documents.models import Paper, PaperItem
from dossier.files import Received, received
from dossier.owners import Turn, turns
from fees.models import Bill, Correction, Payment, Refund
from plans.models import Approval, Plan, PlanSource
from surveys.models import Consent
from workflow import clocks
from workflow.calendar import due_date
from workflow.ledger import changes
from workflow.models import Case, Event, Lateness, Pause, Step
from workflow.moves.unit_of_work import act


@dataclass(frozen=True)
class Due:
    """The due date of one step: the limit, what it led to, and what moved it."""

    step: Step
    first: date | None
    changes: list[tuple[Event, str]]
    latenesses: list[Lateness]

    @property
    def kept(self) -> bool | None:
        """Whether the step was finished by its date; None while it is neither kept nor missed."""
        if self.step.due_on is None:
            return None
        if self.step.finished_at:
            return timezone.localdate(self.step.finished_at) <= self.step.due_on
        return False if self.step.due_on < timezone.localdate() else None


@dataclass
class Contents:
    """What a dossier tells of a case."""

    case: Case
    events: list[Event]
    application: Application | None
    contacts: list[Contact]
    pauses: list[Pause]
    debts: list[PaperItem]
    consents: list[Consent]
    plans: list[Plan]
    bills: list[Bill]
    papers: list[Paper]
    received: list[Received]
    people: dict[int, User]
    turns: list[tuple[Step, list[Turn]]] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)

    @property
    def stops(self) -> list[Pause]:
        """Our clock stood still for a listed reason."""
        return [pause for pause in self.pauses if pause.is_stop]

    @property
    def customer_turns(self) -> list[Pause]:
        """Our clock stood still because the customer had the next move."""
        return [pause for pause in self.pauses if not pause.is_stop]

    @property
    def head(self) -> str:
        """The hash of the last event: it stands for all before it."""
        return self.events[-1].hash if self.events else ""

    @cached_property
    def two_way(self) -> int:
        return sum(1 for contact in self.contacts if contact.is_two_way)

    @cached_property
    def longest_silence(self) -> tuple[date, date, int] | None:
        """Between which days nobody spoke with the customer, and for how many working days."""
        ended = self.case.closed_at or timezone.now()
        days = [
            timezone.localdate(at)
            for at in (
                self.case.opened_at,
                *(contact.at for contact in self.contacts if contact.is_two_way),
                ended,
            )
        ]
        days = sorted(day for day in days if day <= timezone.localdate(ended))
        calendar = clocks.calendar()
        spans = [
            (before, after, calendar.between(before, after)) for before, after in pairwise(days)
        ]
        return max(spans, key=lambda span: span[2], default=None)

    def event_of(self, sha256: str) -> Event | None:
        """The event that names a file by its checksum: it binds the file to the chain."""
        return self._by_checksum.get(sha256)

    @cached_property
    def _by_checksum(self) -> dict[str, Event]:
        named = ("original", "sha256")
        return {e.data[k]: e for e in reversed(self.events) for k in named if e.data.get(k)}


@act
def read(number: str) -> Contents:
    """Everything of a case, with the case locked: nothing moves meanwhile."""
    case = (
        Case.objects.select_for_update(of=("self",))
        .select_related("unit", "owner")
        .get(number=number)
    )
    steps = case.steps.select_related("owner", "rule", "finished_by")
    case.all_steps = case.in_order(steps)
    with clocks.one_edition():
        found = Contents(
            case=case,
            events=_events(case),
            application=_application(case),
            contacts=list(case.contacts.select_related("by").order_by("at", "pk")),
            pauses=_pauses(case),
            debts=list(case.papers_owed.select_related("requirement", "settled_by")),
            consents=_consents(case),
            plans=_plans(case),
            bills=_bills(case),
            papers=list(case.papers.select_related("issued_by").order_by("number", "language")),
            received=received(case),
            people={},
        )
        found.people = _people(found)
        found.turns = [(step, turns(step, found.events, found.people)) for step in case.all_steps]
        found.turns = [(step, spans) for step, spans in found.turns if spans]
        late = list(Lateness.of(case))
        found.dues = [_due(step, found.events, late) for step in case.all_steps if step.rule]
        return found


def _events(case: Case) -> list[Event]:
    """The log from the first to the last, each event knowing its case and step."""
    steps: dict[int | None, Step] = {step.pk: step for step in case.all_steps}
    found = list(case.events.select_related("actor").order_by("seq"))
    for event in found:
        event.case, event.step = case, steps.get(event.step_id)
    return found


def _application(case: Case) -> Application | None:
    """The latest sheet as it holds now, its ID numbers masked."""
    sheet = Application.of(case)
    return sheet.masked if sheet else None


def _pauses(case: Case) -> list[Pause]:
    return _knowing(
        case,
        Pause.objects.filter(step__case=case)
        .select_related("reason", "started_by", "ended_by")
        .order_by("started_at", "pk"),
    )


def _consents(case: Case) -> list[Consent]:
    """What third parties were asked, each once, as it stands: a new round carries it along."""
    return list(
        Consent.objects.filter(candidate__survey__step__case=case, carried_to=None)
        .select_related("candidate__source_point", "recorded_by")
        .order_by("asked_on", "pk")
    )


def _plans(case: Case) -> list[Plan]:
    """Every version, with its sources and approvals."""
    sources = PlanSource.objects.select_related("candidate__source_point")
    return _knowing(
        case,
        Plan.objects.filter(step__case=case)
        .select_related("answered_by")
        .prefetch_related(
            Prefetch("sources", sources),
            Prefetch("approvals", Approval.objects.select_related("by")),
        )
        .order_by("version", "pk"),
    )


def _bills(case: Case) -> list[Bill]:
    """Every bill with its lines, waivers and corrections, payment and refund."""
    refunds = Refund.objects.select_related("paid_out_by", "confirmed_by").order_by("pk")
    payments = Payment.objects.select_related("received_by").prefetch_related(
        Prefetch("refunds", refunds)
    )
    corrections = Correction.objects.select_related("proposed_by", "answered_by").order_by("pk")
    return _knowing(
        case,
        Bill.objects.filter(step__case=case)
        .select_related("issued_by", "plan")
        .prefetch_related(
            "lines", Prefetch("payment", payments), Prefetch("corrections", corrections)
        )
        .order_by("pk"),
    )


def _knowing(case: Case, rows: Any) -> list[Any]:
    """Rows that stand on a step, each with the step of the case as read."""
    steps = {step.pk: step for step in case.all_steps}
    found = list(rows)
    for row in found:
        row.step = steps[row.step_id]
    return found


def _people(found: Contents) -> dict[int, User]:
    """Everybody whom the log names by number."""
    named = {event.actor_id for event in found.events}
    for event in found.events:
        named |= {event.data.get("before"), event.data.get("after")}
    numbers = {number for number in named if isinstance(number, int)}
    return User.objects.in_bulk(numbers)


def _due(step: Step, events: list[Event], late: list[Lateness]) -> Due:
    """The due date of a step, from its limit and the log."""
    start, first = clocks.clock_start(step), None
    if start and step.rule:
        first = due_date(
            clocks.calendar(),
            start,
            step.rule.promise,
            count_first_day=settings.COUNT_FIRST_DAY,
        )
    mine = [row for row in late if row.step_id == step.pk]
    return Due(step, first, changes(step, events, first), mine)
