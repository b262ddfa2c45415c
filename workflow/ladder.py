"""The ladder of reminders (DOMAIN section 9): which rung is when, and who is told.

A ladder stands on a due date: of a step, of the silence of a case, of the review of a stop, of a
paper owed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from accounts.models import Unit, User
from accounts.roles import Role
from workflow import clocks
from workflow.models import Alert, Case, Step, Subject


class Rung(NamedTuple):
    """`offset` in working days from the due date; `tells` are roles, OWNER standing for the step's
    owner.
    """

    offset: int
    tells: tuple[str, ...]


OWNER = "owner"
# Who owns what hangs on no step, and outlives the case: money goes back after it is closed.
OWNERS: dict[str, Role] = {Subject.REFUND: Role.CASHIER, Subject.CONFIRM: Role.BILLER}
# Who can be accountable for a case, and who is told in place of somebody away; first things first.
ACCOUNTABLE = (Role.CLERK, Role.SUPERVISOR, Role.MANAGER)
IN_STEAD = (Role.SUPERVISOR, Role.MANAGER, Role.CLERK)
COMPANY = "company"
RUNGS = (
    Rung(-1, (OWNER,)),
    Rung(0, (OWNER,)),
    Rung(1, (OWNER, Role.SUPERVISOR)),
    Rung(3, (OWNER, Role.SUPERVISOR, Role.MANAGER)),
    Rung(5, (OWNER, Role.SUPERVISOR, Role.MANAGER, COMPANY)),
)
# The first rung that tells the supervisor too.
WITH_SUPERVISOR = 2
# Past the last rung the company list is told again every so many working days, until somebody acts.
REPEAT_AFTER = 5


def rung(level: int) -> Rung:
    """The rung at a level; past the top the last one repeats."""
    top = len(RUNGS) - 1
    if level <= top:
        return RUNGS[level]
    return Rung(RUNGS[top].offset + REPEAT_AFTER * (level - top), RUNGS[top].tells)


def moment(due_on: date, level: int) -> datetime:
    """When a rung's turn comes: the morning of that working day."""
    return clocks.morning(clocks.calendar().add(due_on, rung(level).offset))


def stand(
    subject: Subject,
    ref: int,
    *,
    case: Case,
    due_on: date | None,
    at: datetime,
    step: Step | None = None,
    owner: User | None = None,
):
    """Put up, move or take down (`due_on` None) the ladder of a subject.

    `owner` is told first; left out, the owner of the step or of the case.

    A first rung that lies in the past is left out: who was just handed a day's work needs no
    reminder of it.
    """
    if due_on is None:
        Alert.objects.filter(subject=subject, ref=ref).delete()
        return
    level = 0 if moment(due_on, 0) > at else 1
    alert = Alert(
        subject=subject,
        ref=ref,
        case=case,
        step=step,
        owner=owner,
        due_on=due_on,
        level=level,
        next_at=moment(due_on, level),
    )
    Alert.objects.bulk_create(
        [alert],
        update_conflicts=True,
        unique_fields=["subject", "ref"],
        update_fields=["case", "step", "owner", "due_on", "level", "next_at"],
    )


def take_down(case: Case) -> None:
    """The case is closed: nothing is waited for any more but money that goes back."""
    Alert.objects.filter(case=case).exclude(subject__in=OWNERS).delete()


def recipients(alert: Alert) -> list[User]:
    """The people whom the alert's present rung tells, nearest office first; nobody twice."""
    case = alert.case
    owners = nearest(OWNERS[alert.subject], case.unit) if alert.subject in OWNERS else []
    if not owners:
        owners = in_stead_of(alert.owner or (alert.step and alert.step.owner) or case.owner, case)
    found: dict[int, User] = {}
    for role in rung(alert.level).tells:
        if role == OWNER:
            people = owners
        elif role == COMPANY:
            people = list(User.objects.with_role(Role.MANAGER, Unit.objects.filter(parent=None)))
        else:
            people = nearest(role, case.unit)
        found |= {person.pk: person for person in people}
    return list(found.values())


def in_stead_of(person: User, case: Case) -> list[User]:
    """Who answers for a person: they themselves while at work, else who stands in for them, else
    those who steer the office, or the nearest one above it.
    """
    for one in (person, None if person.is_at_work else person.stand_in):
        if one and one.is_at_work:
            return [one]
    return next(filter(None, (nearest(role, case.unit) for role in IN_STEAD)), [])


def answering(case: Case, step: Step | None = None) -> User | Unit:
    """Whom people are told to turn to, of a step or of the case: somebody at work, or the office
    itself. Both have a name and a telephone.
    """
    person = (step and step.owner) or case.owner
    return next(iter(in_stead_of(person, case)), case.unit)


def nearest_to_answer(case: Case) -> User | None:
    """Somebody who can be accountable for the case, as near to its office as possible; several
    share the cases of one who left.
    """
    circles = [people for role in ACCOUNTABLE if (people := nearest(role, case.unit))]
    if not circles:
        return None
    people = max(circles, key=lambda people: len(people[0].unit.path))
    return people[case.pk % len(people)]


def nearest(role: str, unit: Unit) -> list[User]:
    """The holders of a role in this office, or else in the nearest one above it."""
    people = list(User.objects.with_role(role, Unit.objects.over(unit)).select_related("unit"))
    depth = max((len(person.unit.path) for person in people), default=0)
    return [person for person in people if len(person.unit.path) == depth]
