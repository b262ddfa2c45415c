"""What can be done with a case by hand, and why it cannot be done by this person now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import STEERING, Role
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step


@dataclass(frozen=True)
class Action:
    """One way to move a case. `person` and `state` tell what in reader or case hinders it;
    `leads_away` says that whoever did it may see the case no more.
    """

    code: str
    label: Any
    icon: str
    url: str
    person: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    leads_away: bool = False

    @property
    def why_not(self) -> tuple[str, ...]:
        return self.person or self.state

    @property
    def status(self) -> int:
        """The HTTP status of its page: not for this person, or not now."""
        return 403 if self.person else 409 if self.state else 200


LABELS = {
    "claim": (gettext_lazy("Claim"), "hand"),
    "assign": (gettext_lazy("Hand over"), "hand"),
    "stop": (gettext_lazy("Stop the clock"), "pause"),
    "resume": (gettext_lazy("Let the clock run again"), "play"),
    "send_back": (gettext_lazy("Send back"), "back"),
    "withdraw": (gettext_lazy("Customer withdraws"), "logout"),
    "discard": (gettext_lazy("Discard the draft"), "x"),
    "refuse": (gettext_lazy("Refuse the case"), "x"),
    "fast_lane_ask": (gettext_lazy("Ask for the fast lane"), "flag"),
    "fast_lane_approve": (gettext_lazy("Approve the fast lane"), "flag"),
    "fast_lane_revoke": (gettext_lazy("Revoke the fast lane"), "flag"),
    "facts": (gettext_lazy("Correct facts"), "edit"),
    "office": (gettext_lazy("Hand to another office"), "hand"),
}
LEADING_AWAY = ("office",)
FAST_LANE = {
    Case.FastLane.NONE: "fast_lane_ask",
    Case.FastLane.REVOKED: "fast_lane_ask",
    Case.FastLane.ASKED: "fast_lane_approve",
    Case.FastLane.APPROVED: "fast_lane_revoke",
}


def on_step(code: str, step: Step, user: User) -> Action:
    """An action on a step: claim, assign, stop, resume, send_back."""
    label, icon = LABELS[code]
    url = reverse(f"workflow:{code}", args=[step.case.number, step.pk])
    return Action(code, label, icon, url, _person_on_step(code, step, user), _state_of(code, step))


def _person_on_step(code: str, step: Step, user: User) -> tuple[str, ...]:
    if (code == "assign" and step.owner_id == user.pk) or (
        code in ("stop", "resume") and user.steers
    ):
        return ()
    if code == "assign":
        return _hindrance(moves.demand_role, step.case, user, *STEERING)
    return tuple(moves.hindrances(step, user))


def _state_of(code: str, step: Step) -> tuple[str, ...]:
    name = step.get_kind_display()
    if not step.is_live:
        return (_("%(step)s is not open.") % {"step": name},)
    if code == "claim" and step.owner_id:
        return (_("%(owner)s has this step.") % {"owner": step.owner},)
    if code == "stop" and step.state == Step.State.STOPPED:
        return (_("The clock stands still already."),)
    if code == "stop" and step.state == Step.State.WITH_CUSTOMER:
        return (_("It is the customer's turn: no clock of ours is running."),)
    if code == "resume" and step.state != Step.State.STOPPED:
        return (_("The clock is not stopped."),)
    return ()


def on_case(code: str, case: Case, user: User) -> Action:
    """An action on the whole case."""
    label, icon = LABELS[code]
    url = reverse(f"workflow:{code}", args=[case.number])
    return Action(
        code,
        label,
        icon,
        url,
        person=_person_on_case(code, case, user),
        state=_state_on(code, case),
        leads_away=code in LEADING_AWAY,
    )


def _person_on_case(code: str, case: Case, user: User) -> tuple[str, ...]:
    if code == "fast_lane_ask":
        return _hindrance(moves.demand_writer, case, user)
    if code == "discard":
        return _hindrance(moves.demand_author, case, user)
    roles = {"withdraw": (Role.CLERK,), "refuse": (Role.APPROVER,)}.get(code, ())
    return _hindrance(moves.demand_role, case, user, *roles, *sorted(STEERING, reverse=True))


def _state_on(code: str, case: Case) -> tuple[str, ...]:
    if case.state != Case.State.OPEN:
        return (
            _("The case is not open any more: %(state)s.") % {"state": case.get_state_display()},
        )
    if code == "discard":
        return _hindrance(moves.demand_draft, case)
    if code.startswith("fast_lane") and FAST_LANE[case.fast_lane] != code:
        return (case.get_fast_lane_display(),)
    return ()


def _hindrance(demand: Callable[..., None], *judged: Any) -> tuple[str, ...]:
    """Why the door would refuse this person; empty when it would not."""
    try:
        demand(*judged)
    except Refused as refusal:
        return tuple(refusal.messages)
    return ()


def head(step: Step | None, user: User) -> list[Action]:
    """The buttons of the case head: what concerns the step shown."""
    if step is None or not step.is_live:
        return []
    codes = [] if step.owner_id else ["claim"]
    codes += ["assign", "resume" if step.state == Step.State.STOPPED else "stop"]
    return [on_step(code, step, user) for code in codes]


def more(case: Case, step: Step | None, user: User) -> list[Action]:
    """The menu "More"."""
    found = [on_step("send_back", step, user)] if step and step.is_live else []
    codes = ["facts", "office", FAST_LANE[case.fast_lane], "withdraw", "refuse"]
    discard = on_case("discard", case, user)
    return found + [on_case(code, case, user) for code in codes] + [discard] * (not discard.why_not)
