"""Ask once (DOMAIN section 5): everything missing stands on one numbered list, told in writing.

The papers owed and what reviewers and inspectors find stand on the same list of the case. The first
list of a link and source is complete; what is asked for later needs a supervisor, and is counted.
Part of the only writer of documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import STEERING, Role
from documents.debts import checklist
from documents.models import Ask, PaperItem
from workflow import clocks, ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Step, Subject
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

PROPOSED = verb("asking_later_proposed", gettext_lazy("Wants to ask for more than the list says"))
LATER = verb(
    "asked_later",
    gettext_lazy("Asked for later, not on the first list"),
    not_by_whom=("asking_later_proposed",),
)
DECLINED = verb("asking_later_declined", gettext_lazy("Not asked for: it was not on the list"))
PUT_RIGHT = verb("point_put_right", gettext_lazy("Point of the list put right"))


class Point(NamedTuple):
    """One thing to put right: in the reviewer's words, and by when where there is a day."""

    what: str
    due_on: date | None = None


class AskedLate(Refused):
    """Points that were not on the first list, and that no supervisor has approved."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.points = list(points)
        super().__init__(
            _("Not on the list told before: %(points)s. A supervisor has to approve it first.")
            % {"points": _("; ").join(point.what for point in points)}
        )


class Line(NamedTuple):
    """A line of the one list, of whatever source."""

    number: int
    what: str
    source: str
    due_on: date | None
    closed_at: datetime | None
    closed_by: User | None
    row: Any


def next_number(case: Case) -> int:
    """The next free place on the list of a case that the caller has locked."""
    taken = [
        model.objects.filter(case=case).aggregate(last=Max("number"))["last"] or 0
        for model in (PaperItem, Ask)
    ]
    return max(taken) + 1


def asked(case: Case) -> list[Ask]:
    """Every point of the case, on the list or waiting for a supervisor; one query."""
    return list(case.asks.select_related("step", "asked_by", "approved_by", "closed_by"))


def the_list(case: Case, asks: Sequence[Ask] | None = None) -> list[Line]:
    """Everything ever asked for on the case, in the order of its numbers."""
    lines = [
        Line(i.number, i.requirement.label, "", i.due_on, i.settled_at, i.settled_by, i)
        for i in checklist(case)
        if i.number
    ]
    lines += [
        Line(a.number, a.what, a.step.get_kind_display(), a.due_on, a.closed_at, a.closed_by, a)
        for a in (asked(case) if asks is None else asks)
        if a.number
    ]
    return sorted(lines, key=lambda line: line.number)


@act
def ask(
    step: Step, points: Sequence[Point], *, source: str, by: User, whole: bool = False
) -> list[Ask]:
    """Put points on the list. `whole`: what is not among them any more is put right.

    Raises AskedLate for what was not on the first list of this link and source.
    """
    case = _locked(step.case_id)
    points = list({point.what: point for point in points}.values())
    before = Ask.objects.listed().filter(case=case, step__kind=step.kind, source=source)
    known = {ask.what: ask for ask in before}
    new = [point for point in points if point.what not in known]
    if known and new:
        raise AskedLate(new)
    now, number = timezone.now(), next_number(case)
    for n, point in enumerate(new):
        known[point.what] = Ask.objects.create(
            case=case,
            step=step,
            source=source,
            number=number + n,
            what=point.what,
            due_on=point.due_on,
            asked_at=now,
            asked_by=by,
        )
    for point in points:
        _reopen(known[point.what], point.due_on)
    if whole:
        kept = {point.what for point in points}
        close_all(step, [a for what, a in known.items() if what not in kept], by=by)
    return [known[point.what] for point in points]


def _reopen(ask: Ask, due_on: date | None) -> None:
    """What was put right and is not in order again stands open under its old number."""
    if ask.closed_at or ask.due_on != due_on:
        ask.closed_at, ask.closed_by, ask.due_on = None, None, due_on
        ask.save(update_fields=["closed_at", "closed_by", "due_on"])


@act
def propose(step: Step, points: Sequence[Point], *, source: str, by: User) -> list[Ask]:
    """Somebody wants to ask for what the first list did not say: a supervisor decides."""
    moves.demand_worker(step, by)
    case = _locked(step.case_id)
    waiting = Ask.objects.proposed().filter(case=case, step__kind=step.kind, source=source)
    there = set(waiting.values_list("what", flat=True))
    made = [
        Ask.objects.create(
            case=case,
            step=step,
            source=source,
            what=point.what,
            due_on=point.due_on,
            asked_at=timezone.now(),
            asked_by=by,
            late=True,
        )
        for point in points
        if point.what not in there
    ]
    for proposed in made:
        moves.record(case, PROPOSED, by=by, step=step, note=proposed.what)
        _await_supervisor(proposed)
    return made


def _await_supervisor(ask: Ask) -> None:
    """The nearest supervisor is told of what waits to be decided, until it is."""
    waits, now = ask.number is None and ask.closed_at is None, timezone.now()
    case = Case.objects.select_related("unit", "owner").get(pk=ask.case_id)
    ladder.stand(
        Subject.ASK,
        ask.pk,
        case=case,
        step=ask.step,
        due_on=clocks.calendar().add(timezone.localdate(now), 1) if waits else None,
        at=now,
        owner=next(iter(ladder.nearest(Role.SUPERVISOR, case.unit)), None),
    )


@act
def approve(ask: Ask, *, by: User) -> Ask:
    """A supervisor lets it be asked for: it gets its number and counts as asked later."""
    ask = _proposed(ask, by)
    if ask.asked_by_id == by.pk:
        raise Refused(_("Who wants to ask for it does not approve it: a colleague does."))
    ask.number, ask.approved_at, ask.approved_by = next_number(ask.case), timezone.now(), by
    ask.save(update_fields=["number", "approved_at", "approved_by"])
    moves.record(ask.case, LATER, by=by, step=ask.step, note=ask.what)
    _await_supervisor(ask)
    return ask


@act
def decline(ask: Ask, *, by: User) -> Ask:
    """A supervisor does not let it be asked for: the customer was told everything once."""
    ask = _proposed(ask, by)
    ask.closed_at, ask.closed_by = timezone.now(), by
    ask.save(update_fields=["closed_at", "closed_by"])
    moves.record(ask.case, DECLINED, by=by, step=ask.step, note=ask.what)
    _await_supervisor(ask)
    return ask


def _proposed(ask: Ask, by: User) -> Ask:
    moves.demand_role(ask.case, by, *STEERING)
    case = _locked(ask.case_id)
    ask = Ask.objects.select_related("step").get(pk=ask.pk)
    ask.case = case
    if ask.number or ask.closed_at:
        raise Refused(_("This is decided already."))
    return ask


@act
def close(ask: Ask, *, by: User) -> Ask:
    """One point is put right: who saw it, and when."""
    moves.demand_writer(ask.case, by)
    _locked(ask.case_id)
    ask = Ask.objects.select_related("step", "case").get(pk=ask.pk)
    if ask.number is None or ask.closed_at:
        raise Refused(_("This point is not open any more."))
    close_all(ask.step, [ask], by=by)
    return ask


def close_all(step: Step, asks: Sequence[Ask] | None = None, *, by: User) -> None:
    """Points are put right, one by one; left out, all that is open of the link."""
    if asks is None:
        asks = list(Ask.objects.open().filter(case=step.case_id, step__kind=step.kind))
    for ask in asks:
        if ask.closed_at is None:
            ask.closed_at, ask.closed_by = timezone.now(), by
            ask.save(update_fields=["closed_at", "closed_by"])
            moves.record(step.case, PUT_RIGHT, by=by, step=step, note=f"{ask.number}. {ask.what}")


def _locked(case_id: int) -> Case:
    return Case.objects.select_for_update(of=("self",)).select_related("unit").get(pk=case_id)
