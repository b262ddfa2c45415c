"""The one door: the only code that changes a state.

Each move locks the case row, checks the person, checks the guards, makes the transition, sets
the clocks, opens what became ready and appends one event, in one transaction. Everything else
(pages, tablets, tasks, admin, commands) goes through the rooms' `steps.py`, and those through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from importlib import import_module
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import TransitionNotAllowed

from accounts.models import Unit, User
from accounts.roles import STEERING, Role
from workflow import clocks, ladder, process
from workflow.guards import Refused, demand
from workflow.models import Case, Event, Pause, Step, StopReason, Subject
from workflow.process import Kind
from workflow.verbs import REOPENING, SEPARATED, label, verb
from workflow.words import Words, keep, said

OPENED = verb("opened", gettext_lazy("Case opened"))
CLAIMED = verb("claimed", gettext_lazy("Claimed"))
ASSIGNED = verb("assigned", gettext_lazy("Handed to a colleague"))
HANDED_OVER = verb("handed_over", gettext_lazy("Customer's turn"))
TAKEN_BACK = verb("taken_back", gettext_lazy("Our turn again"))
STOPPED = verb("stopped", gettext_lazy("Clock stopped"))
RESUMED = verb("resumed", gettext_lazy("Clock runs again"))
FINISHED = verb("finished", gettext_lazy("Finished"))
SENT_BACK = verb("sent_back", gettext_lazy("Sent back"))
FACTS = verb("facts_changed", gettext_lazy("Facts changed"))
DESCRIBED = verb("described", gettext_lazy("Customer data changed"))
WITHDRAWN = verb("withdrawn", gettext_lazy("Withdrawn by the customer"))
REFUSED = verb("refused", gettext_lazy("Refused"))
FAST_LANE_ASKED = verb("fast_lane_asked", gettext_lazy("Fast lane asked for"))
FAST_LANE_APPROVED = verb(
    "fast_lane_approved", gettext_lazy("Fast lane approved"), not_by_whom=("fast_lane_asked",)
)
FAST_LANE_REVOKED = verb("fast_lane_revoked", gettext_lazy("Fast lane revoked"))
DUE_CHANGED = verb("due_changed", gettext_lazy("Due date changed"))
CONTACTED = verb("contacted", gettext_lazy("Contact with the customer"))
REMINDED = verb("reminded", gettext_lazy("Reminder"))
CONCLUDED = verb("concluded", gettext_lazy("Nothing more is owed"))


class _Move:
    """One move under way: the locked case, who and when, and the states it has led to so far."""

    def __init__(self, case_id: int, by: User | None, at: datetime | None) -> None:
        self.case = (
            Case.objects.select_for_update(of=("self",))
            .select_related("unit", "owner")
            .get(pk=case_id)
        )
        self.by = by
        self.now = timezone.now()
        self.at = at or self.now
        self.changes: list[list[Any]] = []
        self.case_before = self.case.state

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    def step(self, pk: int) -> Step:
        return next(step for step in self.case.all_steps if step.pk == pk)

    def transit(self, step: Step, name: str, **fields: Any) -> None:
        """Make one transition of a step and store it with the named fields."""
        try:
            getattr(step, name)()
        except TransitionNotAllowed as error:
            raise Refused(
                _("%(step)s is %(state)s by now; somebody was faster. Look at the case again.")
                % {"step": step.get_kind_display(), "state": step.get_state_display()}
            ) from error
        for field, value in fields.items():
            setattr(step, field, value)
        step.save(update_fields=["state", *fields])
        self.changes.append([step.kind, step.round, step.state])

    def conclude_case(self, name: str, **fields: Any) -> None:
        """Make one transition of the case itself."""
        try:
            getattr(self.case, name)()
        except TransitionNotAllowed as error:
            raise Refused(
                _("The case is already closed: %(state)s.")
                % {"state": self.case.get_state_display()}
            ) from error
        for field, value in fields.items():
            setattr(self.case, field, value)
        self.case.save(update_fields=["state", *fields])

    def log(self, what: str, *, step: Step | None = None, note: Words = "", **data: Any) -> Event:
        """Append the event that tells this move; the last act of every move."""
        _separate(self.case, what, self.by)
        if self.changes:
            data["changes"] = self.changes
        if self.case.state != self.case_before or what == OPENED:
            data["case"] = self.case.state
        if note:
            data["note"] = keep(note)
        event = Event(
            case=self.case,
            seq=self.case.event_count + 1,
            step=step,
            verb=what,
            actor=self.by,
            happened_at=self.at,
            entered_at=self.now,
            data=data,
            previous_hash=self.case.event_hash,
        )
        event.hash = event.digest()
        event.save(force_insert=True)
        self.case.event_count, self.case.event_hash = event.seq, event.hash
        self.case.last_action_at = max(self.case.last_action_at, self.at)
        self.case.save(update_fields=["event_count", "event_hash", "last_action_at"])
        return event


# Rights ---------------------------------------------------------------------------------------


def sees(user: User, case: Case) -> bool:
    """The case belongs to the person's unit or one below it."""
    return case.unit.path.startswith(user.unit.path)


def hindrances(step: Step, by: User, *, role: str | None = None) -> list[str]:
    """Why this person may not work on this step; empty when nothing stands against it."""
    needed = Role(role or step.process.role)
    found = []
    if not sees(by, step.case):
        found.append(_("The case belongs to another unit."))
    if not by.has_role(needed):
        found.append(_("This is the work of: %(role)s.") % {"role": needed.label})
    elif role is None and step.owner_id not in (None, by.pk):
        found.append(
            _("%(owner)s has this step; ask them or the supervisor to hand it over.")
            % {"owner": step.owner}
        )
    return found


def demand_worker(step: Step, by: User | None, *, role: str | None = None) -> None:
    """Raise Refused unless the person may work on the step; None is the system itself."""
    if by is not None and (found := hindrances(step, by, role=role)):
        raise Refused(found)


def demand_role(case: Case, by: User, *roles: str) -> None:
    """Raise Refused unless the person sees the case and holds one of the roles."""
    if not sees(by, case):
        raise Refused(_("The case belongs to another unit."))
    if not by.has_role(*roles):
        names = _(", ").join(str(Role(role).label) for role in roles)
        raise Refused(_("This is the work of: %(role)s.") % {"role": names})


def demand_writer(case: Case, by: User) -> None:
    """Raise Refused unless the person sees the case and may change anything at all."""
    if not sees(by, case):
        raise Refused(_("The case belongs to another unit."))
    if by.only_looks:
        raise Refused(_("You may look, not change."))


def _separate(case: Case, what: str, by: User | None) -> None:
    """Separation of duties: who did the one thing may not do the other on the same case."""
    before = SEPARATED.get(what)
    if by and before:
        mine = case.events.filter(verb__in=before, actor=by).first()
        if mine:
            raise Refused(
                _("You cannot do this yourself: you did “%(what)s” on this case. Ask a colleague.")
                % {"what": label(mine.verb)}
            )


# Opening --------------------------------------------------------------------------------------


@transaction.atomic
def open_case(
    *, by: User, unit: Unit, at: datetime | None = None, note: Words = "", **columns: Any
) -> Case:
    """Open a case with its steps; the application step is in the hand of the person who took it.

    `columns` are the columns of Case that lists and the process need (customer_name, address,
    phone, business_type, customer_class, existing_supply, …).
    """
    if not by.has_role(Role.CLERK):
        raise Refused(_("This is the work of: %(role)s.") % {"role": Role.CLERK.label})
    if not unit.path.startswith(by.unit.path):
        raise Refused(_("The case belongs to another unit."))
    at = at or timezone.now()
    case = _new_case(
        timezone.localdate(at).year,
        unit=unit,
        owner=by,
        opened_at=at,
        last_action_at=at,
        last_contact_at=at,
        **columns,
    )
    move = _Move(case.pk, by, at)
    _derive(move)
    _advance(move)
    application = move.case.latest[Kind.APPLICATION]
    application.owner = by
    application.save(update_fields=["owner"])
    _await_contact(move.case, at)
    move.log(OPENED, step=application, note=note, facts=move.case.facts)
    return move.case


def _new_case(year: int, **columns: Any) -> Case:
    """A row with the next number of the year, e.g. 2026-000123; who loses a race takes the one
    after.
    """
    while True:
        of_year = Case.objects.filter(number__startswith=f"{year}-")
        last = of_year.aggregate(last=Max("number"))["last"]
        if last == f"{year}-999999":
            # From here on the numbers are longer, and as text they come before this one.
            last = of_year.order_by(Length("number").desc(), "-number").values_list("number")[0][0]
        number = f"{year}-{int(last.split('-')[1]) + 1 if last else 1:06d}"
        try:
            with transaction.atomic():
                return Case.objects.create(number=number, **columns)
        except IntegrityError:
            if not Case.objects.filter(number=number).exists():
                raise


# Working on a step ------------------------------------------------------------------------------


@transaction.atomic
def claim(step: Step, *, by: User) -> Step:
    """Take an unclaimed step."""
    move = _Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by)
    if step.owner_id == by.pk:
        raise Refused(_("You have this step already."))
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    _own(step, by)
    move.log(CLAIMED, step=step)
    return step


@transaction.atomic
def assign(step: Step, to: User, *, by: User, note: Words = "") -> Step:
    """Hand a step to a colleague: by its owner, or by a supervisor."""
    move = _Move(step.case_id, by, None)
    step = move.step(step.pk)
    if step.owner_id != by.pk:
        demand_role(move.case, by, *STEERING)
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    if not to.is_active or hindrances_of_assignee(step, to):
        raise Refused(_("%(person)s cannot do this step.") % {"person": to})
    before = step.owner
    _own(step, to)
    move.log(
        ASSIGNED,
        step=step,
        note=note
        or (
            lambda: _("%(before)s → %(after)s") % {"before": before or _("unclaimed"), "after": to}
        ),
        before=before and before.pk,
        after=to.pk,
    )
    return step


def hindrances_of_assignee(step: Step, to: User) -> bool:
    """Whether the person lacks the role or the sight for this step."""
    return not (sees(to, step.case) and to.has_role(step.process.role))


@transaction.atomic
def hand_over(step: Step, *, by: User, note: Words = "", role: str | None = None) -> Step:
    """The customer's turn now."""
    move = _Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    move.transit(step, "hand_over", due_on=None, **_taking(step, by, role))
    Pause.objects.create(step=step, started_at=move.at, started_by=by)
    _stand(step, move.at)
    move.log(HANDED_OVER, step=step, note=note)
    return step


@transaction.atomic
def take_back(step: Step, *, by: User | None, note: Words = "", at: datetime | None = None) -> Step:
    """The customer has done their part (the file is complete, the check is asked for): our clock
    runs.
    """
    move = _Move(step.case_id, by, at)
    step = move.step(step.pk)
    demand_worker(step, by)
    move.transit(step, "take_back", **_taking(step, by))
    _end_pause(step, by, move.at)
    _run_clock(move, step)
    move.log(TAKEN_BACK, step=step, note=note)
    return step


@transaction.atomic
def stop(
    step: Step, *, by: User, reason: StopReason, party: str, evidence: str, review_on: date
) -> Step:
    """Stop the utility's clock for a listed reason, with evidence, a party waited for and a review
    date.

    The cap comes with the reason; a review date past it is refused (DOMAIN section 4).
    """
    move = _Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by)
    cap_on = clocks.calendar().add(move.today, reason.cap)
    if not move.today < review_on <= cap_on:
        raise Refused(
            _(
                "The review date must lie after today and not after %(cap)s, "
                "when the clock runs again."
            )
            % {"cap": f"{cap_on:%Y-%m-%d}"}
        )
    if not reason.active or not party.strip() or not evidence.strip():
        raise Refused(
            _(
                "A stop needs its evidence, the party waited for, a review date "
                "and the day the clock runs again."
            )
        )
    move.transit(step, "stop", due_on=None, **_taking(step, by))
    pause = Pause.objects.create(
        step=step,
        reason=reason,
        party=party,
        evidence=evidence,
        review_on=review_on,
        cap_on=cap_on,
        started_at=move.at,
        started_by=by,
    )
    _stand(step, move.at)
    ladder.stand(Subject.STOP, pause.pk, case=move.case, step=step, due_on=review_on, at=move.at)
    move.log(
        STOPPED,
        step=step,
        note=lambda: f"{reason}: {party}. {evidence}",
        reason=reason.code,
        review_on=review_on,
        cap_on=cap_on,
    )
    return step


@transaction.atomic
def resume(step: Step, *, by: User | None, note: Words = "", at: datetime | None = None) -> Step:
    """The clock runs again; days that stood still are added to the due date. By None: the cap was
    reached.
    """
    move = _Move(step.case_id, by, at)
    step = move.step(step.pk)
    if by and not by.has_role(*STEERING):
        demand_worker(step, by)
    move.transit(step, "resume")
    _end_pause(step, by, move.at)
    _run_clock(move, step)
    move.log(RESUMED, step=step, note=note, due_on=step.due_on)
    return step


@transaction.atomic
def finish(
    step: Step,
    *,
    by: User | None,
    outcome: str = "",
    note: Words = "",
    role: str | None = None,
    facts: dict[str, Any] | None = None,
    at: datetime | None = None,
    what: str = FINISHED,
    **data: Any,
) -> Step:
    """Sign the sheet of a step: what waited for it opens, the case goes on.

    `facts` are columns of Case that the sheet found (they re-derive steps not begun); `role` is
    another role
    than the step's own (an approver finishing a planner's step). Raises Refused with every reason
    against it.
    """
    move = _Move(step.case_id, by, at)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    if not step.is_live:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    demand_predecessors(step)
    demand(process.guards(step.kind), step)
    if step.state == Step.State.WITH_CUSTOMER:
        _end_pause(step, by, move.at)
        step.in_hand_since = step.in_hand_since or move.at
    move.transit(
        step,
        "finish",
        finished_at=move.at,
        finished_by=by,
        in_hand_since=step.in_hand_since,
        outcome=outcome,
        **_taking(step, by, role),
    )
    _stand(step, move.at)
    if step.kind == Kind.APPLICATION:
        _accept(move)
    _set_facts(move, facts or {})
    _derive(move)
    _advance(move)
    _conclude(move)
    move.log(
        what, step=step, note=note, outcome=outcome, **({"facts": facts} if facts else {}), **data
    )
    return step


def demand_predecessors(step: Step) -> None:
    """A link found later to be needed must be finished before those behind it can be."""
    case = step.case
    open_before = [
        kind
        for kind in process.predecessors(step.kind, process.kinds_of(case))
        if not ((before := case.step(kind)) and before.satisfies)
    ]
    if open_before:
        raise Refused(
            [_("%(step)s is not finished.") % {"step": Kind(kind).label} for kind in open_before]
        )


@transaction.atomic
def send_back(
    step: Step,
    *,
    by: User | None,
    reason: Words,
    to: str | None = None,
    role: str | None = None,
    what: str = SENT_BACK,
    facts: dict[str, Any] | None = None,
    **data: Any,
) -> Step:
    """Close this attempt as returned and open the next round, of this link or of an earlier one
    (`to`).

    Going back to an earlier link returns what was begun behind it and lets it wait again.
    Returns the step that is open now.
    """
    move = _Move(step.case_id, by, None)
    step = move.step(step.pk)
    demand_worker(step, by, role=role)
    reason = keep(reason)
    if not reason.strip():
        raise Refused(_("Say why it is sent back."))
    target = to or step.kind
    _demand_way_back(move.case, step, target, finished=what in REOPENING)
    owners = {kind: old.owner for kind, old in move.case.latest.items()}
    fees = move.case.step(Kind.FEES)
    if (
        target != Kind.FEES
        and Kind.FEES in process.descendants(target)
        and fees
        and fees.outcome == "paid"
    ):
        raise Refused(
            _("Money was taken on this plan: refund it first, then the case can go back.")
        )
    # With power on, a formality that was deferred is done again; the meter stays where it hangs.
    behind = process.descendants(target) if move.case.state == Case.State.OPEN else frozenset()
    # What was built last is undone first: a bill before the plan it stands on.
    for kind in reversed(process.PROCESS):
        if kind != target and kind not in behind:
            continue
        old = move.case.step(kind)
        if old and old.state in Step.LIVE:
            _close_round(move, old, reason, by)
        if old and old.state in (Step.State.RETURNED, Step.State.DONE):
            _undo(old, by)
            _new_round(move, kind)
    _set_facts(move, facts or {})
    _derive(move)
    _advance(move, owners=owners)
    _conclude(move)
    move.log(what, step=step, note=reason, to=target, **data)
    return move.case.latest[target]


def _demand_way_back(case: Case, step: Step, target: str, *, finished: bool) -> None:
    """Refuse to send back what is not open, or to where there is nothing to do anew.

    A finished step goes back only by a verb that reopens it (`finished`): a bill paid wrongly.
    """
    open_now = step.is_live or (finished and step.state == Step.State.DONE)
    if not (case.is_open and open_now):
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})
    if target == step.kind:
        return
    before = case.step(target)
    if step.kind not in process.descendants(target) or before is None or before.is_void:
        raise Refused(_("It can only be sent back to an earlier step."))
    if case.state != Case.State.OPEN:
        raise Refused(_("The power is on: what led to it is not done again."))


def _close_round(move: _Move, step: Step, reason: str, by: User | None) -> None:
    _end_pause(step, by, move.at)
    move.transit(
        step,
        "send_back",
        finished_at=move.at,
        finished_by=by,
        due_on=None,
        reason=reason,
        outcome="returned",
    )
    _stand(step, move.at)


def _undo(step: Step, by: User | None) -> None:
    """Tell the room of a step that its result no longer holds: free what was reserved, cancel what
    was billed.

    A room that has something to undo says so with `undone(step, by=)` in its steps.
    """
    undone = getattr(import_module(f"{step.process.room}.steps"), "undone", None)
    if undone:
        undone(step, by=by)


def _new_round(move: _Move, kind: str) -> Step:
    """A waiting row for the next attempt at a link."""
    before = move.case.step(kind)
    step = Step.objects.create(
        case=move.case,
        kind=kind,
        round=before.round + 1 if before else 1,
        unit=move.case.unit,
        deferred_until=before.deferred_until if before and move.case.in_fast_lane else None,
    )
    move.case.all_steps.append(step)
    move.changes.append([step.kind, step.round, step.state])
    return step


# The case as a whole ----------------------------------------------------------------------------


def _demand_open(case: Case) -> None:
    """Raise Refused once the power is on or the case is closed."""
    if case.state != Case.State.OPEN:
        raise Refused(
            _("The case is not open any more: %(state)s.") % {"state": case.get_state_display()}
        )


@transaction.atomic
def set_facts(case: Case, *, by: User | None, note: Words = "", **facts: Any) -> Case:
    """Correct facts of the case, by who steers it; steps not begun are derived anew."""
    move = _Move(case.pk, by, None)
    if by:
        demand_role(move.case, by, *STEERING)
    _demand_open(move.case)
    if _set_facts(move, facts):
        _derive(move)
        _advance(move)
        move.log(FACTS, note=note, facts=facts)
    return move.case


@transaction.atomic
def describe(
    case: Case, *, by: User | None, facts: dict[str, Any] | None = None, **columns: str
) -> Case:
    """Keep what lists show (Case.DESCRIPTION), and the facts, in step with a sheet; silent if
    nothing changed.
    """
    move = _Move(case.pk, by, None)
    if unknown := set(columns) - set(Case.DESCRIPTION):
        raise TypeError(f"not the description of a case: {unknown}")
    changed = {
        name: [getattr(move.case, name), value]
        for name, value in columns.items()
        if getattr(move.case, name) != value
    }
    for name, (_old, new) in changed.items():
        setattr(move.case, name, new)
    if changed:
        move.case.save(update_fields=list(changed))
    found = {n: v for n, v in (facts or {}).items() if getattr(move.case, n) != v}
    if _set_facts(move, found):
        _derive(move)
        _advance(move)
    if changed or found:
        data: dict[str, Any] = {"facts": found} if found else {}
        move.log(DESCRIBED, changed=changed, **data)
    return move.case


@transaction.atomic
def withdraw(case: Case, *, by: User, reason: str) -> Case:
    """The customer takes the request back."""
    move = _Move(case.pk, by, None)
    demand_role(move.case, by, Role.CLERK, *STEERING)
    _demand_open(move.case)
    if not reason.strip():
        raise Refused(_("Write down why the customer withdraws."))
    _close(move, "withdraw", reason)
    move.log(WITHDRAWN, note=reason)
    return move.case


@transaction.atomic
def refuse(case: Case, *, by: User, reason: str, options: str = "") -> Case:
    """The utility cannot supply; the reason, in plain words, goes to the customer in writing.

    `options` are what the customer can do instead, one a line, beside those that everybody has.
    """
    move = _Move(case.pk, by, None)
    demand_role(move.case, by, Role.APPROVER, *STEERING)
    _demand_open(move.case)
    if not reason.strip():
        raise Refused(_("A refusal needs its reason in plain words."))
    _close(move, "refuse", reason)
    move.log(REFUSED, note=reason)
    # Papers are to the right of here: found by name, like the debts.
    import_module("documents.steps").issue(
        move.case, "refusal", by=by, reason=reason, options=options
    )
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def _close(move: _Move, name: str, reason: str) -> None:
    move.conclude_case(name, closed_at=move.at, closing_reason=reason)
    for step in reversed(move.case.all_steps):  # what was built last is undone first
        if not step.is_finished:
            _end_pause(step, move.by, move.at)
            _undo(step, move.by)
            move.transit(step, "void", due_on=None, reason=reason)
        elif step.state == Step.State.DONE:
            _undo(step, move.by)
    ladder.take_down(move.case)


@transaction.atomic
def ask_fast_lane(case: Case, *, by: User, grounds: str) -> Case:
    """Propose the fast lane, with the ground for it (credit grade, guarantee, special need)."""
    move = _Move(case.pk, by, None)
    demand_writer(move.case, by)
    _demand_open(move.case)
    if move.case.fast_lane in (Case.FastLane.ASKED, Case.FastLane.APPROVED):
        raise Refused(_("The fast lane was asked for already."))
    if not grounds.strip():
        raise Refused(_("The fast lane needs its ground."))
    move.case.fast_lane = Case.FastLane.ASKED
    move.case.save(update_fields=["fast_lane"])
    move.log(FAST_LANE_ASKED, note=grounds)
    return move.case


@transaction.atomic
def approve_fast_lane(
    case: Case, *, by: User, kinds: Iterable[str], until: date, note: Words = ""
) -> Case:
    """Let formalities be finished after power on; each becomes a dated debt (DOMAIN section 8).

    Survey, acceptance, licensed installers and the meter can never be deferred.
    """
    move = _Move(case.pk, by, None)
    demand_role(move.case, by, *STEERING)
    _demand_open(move.case)
    kinds = list(kinds)
    if move.case.fast_lane != Case.FastLane.ASKED:
        raise Refused(_("Nobody has asked for the fast lane."))
    if not kinds or any(not process.PROCESS[kind].deferrable for kind in kinds):
        raise Refused(_("Only fees and the final contract can be deferred."))
    if until <= move.today:
        raise Refused(_("The day until which it is deferred must lie ahead."))
    move.case.fast_lane = Case.FastLane.APPROVED
    move.case.save(update_fields=["fast_lane"])
    for kind in kinds:
        step = move.case.step(kind)
        if step and not step.is_finished:
            step.deferred_until = until
            step.save(update_fields=["deferred_until"])
            if step.state == Step.State.IN_HAND:
                _run_clock(move, step)
    _advance(move)
    move.log(FAST_LANE_APPROVED, note=note, kinds=kinds, until=until)
    return move.case


@transaction.atomic
def revoke_fast_lane(case: Case, *, by: User, reason: str) -> Case:
    """What was deferred must be finished before power on again."""
    move = _Move(case.pk, by, None)
    demand_role(move.case, by, *STEERING)
    _demand_open(move.case)
    if move.case.fast_lane != Case.FastLane.APPROVED:
        raise Refused(_("The case is not in the fast lane."))
    if not reason.strip():
        raise Refused(_("Write down why the fast lane is revoked."))
    move.case.fast_lane = Case.FastLane.REVOKED
    move.case.save(update_fields=["fast_lane"])
    for step in move.case.all_steps:
        if step.deferred_until and not step.is_finished:
            step.deferred_until = None
            step.save(update_fields=["deferred_until"])
            if step.state == Step.State.IN_HAND:
                _run_clock(move, step)
    move.log(FAST_LANE_REVOKED, note=reason)
    return move.case


@transaction.atomic
def record(
    case: Case,
    what: str,
    *,
    by: User | None,
    step: Step | None = None,
    note: Words = "",
    at: datetime | None = None,
    **data: Any,
) -> Event:
    """Append an event about something that changes no state.

    Within a move (a room undoing what it did), the case given goes on from this event.
    """
    move = _Move(case.pk, by, at)
    event = move.log(what, step=step, note=note, **data)
    case.event_count, case.event_hash = move.case.event_count, move.case.event_hash
    case.last_action_at = move.case.last_action_at
    return event


@transaction.atomic
def contact(
    case: Case, *, by: User, two_way: bool, note: Words, at: datetime | None = None, **data: Any
) -> Event:
    """Note a contact with the customer; only a two-way one resets the contact clock."""
    move = _Move(case.pk, by, at)
    if two_way and move.at > move.case.last_contact_at:
        move.case.last_contact_at = move.at
        move.case.save(update_fields=["last_contact_at"])
        if move.case.is_open:
            _await_contact(move.case, move.now)
    return move.log(CONTACTED, note=note, two_way=two_way, **data)


@transaction.atomic
def conclude(case: Case, *, by: User | None) -> Case:
    """Archive the case if nothing is owed any more; called when a debt was settled."""
    move = _Move(case.pk, by, None)
    _conclude(move)
    if move.case.state != move.case_before:
        move.log(CONCLUDED)
    return move.case


@transaction.atomic
def reschedule(case: Case, *, by: User | None, why: Words) -> list[Step]:
    """Compute the due dates of the open steps anew (limits or calendar changed) and log old
    → new.
    """
    move = _Move(case.pk, by, None)
    changed = []
    for step in move.case.live_steps:
        if step.state != Step.State.IN_HAND:
            continue
        before = step.due_on
        _run_clock(move, step)
        if step.due_on != before:
            changed.append(step)
            move.log(
                DUE_CHANGED,
                step=step,
                note=_moved(before, step, why),
                old=before,
                new=step.due_on,
            )
    return changed


def _moved(before: date | None, step: Step, why: Words) -> Words:
    """A due date that moved: from, to, and why."""
    return lambda: f"{before} → {step.due_on}: {said(keep(why))}"


# What happens by itself ------------------------------------------------------------------------


def _set_facts(move: _Move, facts: dict[str, Any]) -> bool:
    unknown = set(facts) - set(Case.FACTS)
    if unknown:
        raise TypeError(f"not facts of a case: {unknown}")
    changed = [name for name, value in facts.items() if getattr(move.case, name) != value]
    for name in changed:
        setattr(move.case, name, facts[name])
    if changed:
        move.case.save(update_fields=changed)
    return bool(changed)


def _derive(move: _Move) -> None:
    """Give every link that applies a row, and void the waiting rows of those that do not.

    With power on nothing is added any more.
    """
    for kind in process.PROCESS:
        step = move.case.step(kind)
        if process.applies(kind, move.case):
            if move.case.state == Case.State.OPEN and (step is None or step.is_void):
                _new_round(move, kind)
        elif step and step.state == Step.State.WAITING:
            move.transit(step, "void")


def _advance(move: _Move, owners: dict[str, User | None] | None = None) -> None:
    """Open every waiting link whose predecessors are satisfied.

    `owners` keep the links they had before a send-back, where the person is still there.
    """
    case = move.case
    if not case.is_open:
        return
    applicable = process.kinds_of(case)
    for kind in applicable:
        step = case.step(kind)
        if step is None or step.state != Step.State.WAITING:
            continue
        before = [case.step(k) for k in process.predecessors(kind, applicable)]
        if not all(b and b.satisfies for b in before):
            continue
        owner = (owners or {}).get(kind) or step.owner
        if process.PROCESS[kind].customer_first:
            move.transit(step, "offer", opened_at=move.at, owner=owner)
            Pause.objects.create(step=step, started_at=move.at, started_by=move.by)
        else:
            move.transit(step, "open", opened_at=move.at, owner=owner)
            _run_clock(move, step)


def _accept(move: _Move) -> None:
    """The application is accepted: the limits that count from acceptance begin."""
    move.case.accepted_at = move.at
    move.case.due_on = clocks.case_due(move.case, move.today)
    move.case.save(update_fields=["accepted_at", "due_on"])


def _run_clock(move: _Move, step: Step) -> None:
    """Our turn: set the limit that governs, the due dates and the ladder."""
    if step.in_hand_since is None:
        step.in_hand_since = move.at
    step.rule = clocks.rule_for(move.case, step.kind, timezone.localdate(step.in_hand_since))
    step.due_on, step.ceiling_on = clocks.schedule(step, move.today)
    step.save(update_fields=["in_hand_since", "rule", "due_on", "ceiling_on"])
    _stand(step, move.at)


def _stand(step: Step, at: datetime) -> None:
    """The ladder of a step stands while it is in hand."""
    due_on = step.due_on if step.state == Step.State.IN_HAND else None
    ladder.stand(Subject.DUE, step.pk, case=step.case, step=step, due_on=due_on, at=at)


def _await_contact(case: Case, at: datetime) -> None:
    """The ladder of silence stands on the last two-way contact."""
    ladder.stand(Subject.SILENT, case.pk, case=case, due_on=clocks.silence_due(case), at=at)


def _end_pause(step: Step, by: User | None, at: datetime) -> None:
    """Close the running pause of a step, if any, and move the whole-case date by it."""
    pause = Pause.objects.filter(step=step, ended_at=None).first()
    if pause is None:
        return
    pause.ended_at, pause.ended_by = at, by
    pause.save(update_fields=["ended_at", "ended_by"])
    ladder.stand(Subject.STOP, pause.pk, case=step.case, due_on=None, at=at)
    if step.case.accepted_at:
        step.case.due_on = clocks.case_due(step.case, timezone.localdate(at))
        step.case.save(update_fields=["due_on"])


def _own(step: Step, owner: User) -> None:
    step.owner = owner
    step.save(update_fields=["owner"])


def _taking(step: Step, by: User | None, role: str | None = None) -> dict[str, User]:
    """Who works on an unclaimed step has claimed it."""
    return {"owner": by} if by and role is None and step.owner_id is None else {}


def _conclude(move: _Move) -> None:
    """Power is on when the meter step is done; archived when every link is done and nothing is
    owed.
    """
    case = move.case
    if case.state == Case.State.OPEN and case.has_finished(Kind.METER):
        move.conclude_case("energize")
    if not case.is_open or not all(step.is_finished for step in case.latest.values()):
        return
    if import_module("documents.debts").owed(case):
        return
    move.conclude_case("archive", closed_at=move.at)
    ladder.take_down(case)
