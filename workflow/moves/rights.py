"""Who may do what: sight, role, ownership, separation of duties, and whether it is open still."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import Kind
from workflow.verbs import SEPARATED, label


def sees(user: User, case: Case) -> bool:
    """The case belongs to the person's unit or one below it."""
    return case.unit.path.startswith(user.unit.path)


def absence(person: User, case: Case, role: str = "") -> str:
    """Why work of this role on the case cannot lie with the person; empty when it can.

    Without a role: why they cannot be accountable for it. In queries `left` of steps and cases.
    """
    if not person.is_active:
        return _("%(person)s does not work here any more.") % {"person": person}
    if person.is_away:
        return _("%(person)s is on leave until %(day)s.") % {
            "person": person,
            "day": person.away_until,
        }
    if not sees(person, case):
        return _("The case is not of %(person)s's office.") % {"person": person}
    if role and not person.has_role(role):
        return _("%(person)s does not have the role: %(role)s.") % {
            "person": person,
            "role": Role(role).label,
        }
    if person.only_looks:
        return _("%(person)s may look, not change.") % {"person": person}
    return ""


def able(person: User | None, case: Case, role: str = "") -> User | None:
    """The person, or who stands in for them, if they can do work of this role on the case."""
    for one in (person, person and person.stand_in):
        if one and not absence(one, case, role):
            return one
    return None


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


def demand_writer(case: Case, by: User | None) -> None:
    """Raise Refused unless the person sees the case and may change anything at all; None is the
    customer on a public page, who got there by the case's own code.
    """
    if by is None:
        return
    if not sees(by, case):
        raise Refused(_("The case belongs to another unit."))
    if by.only_looks:
        raise Refused(_("You may look, not change."))


def separate(case: Case, what: str, by: User | None) -> None:
    """Separation of duties: who did the one thing may not do the other on the same case."""
    before = SEPARATED.get(what)
    if by and before:
        mine = case.events.filter(verb__in=before, actor=by).first()
        if mine:
            raise Refused(
                _("You cannot do this yourself: you did “%(what)s” on this case. Ask a colleague.")
                % {"what": label(mine.verb)}
            )


def demand_open(case: Case) -> None:
    """Raise Refused once the power is on or the case is closed."""
    if case.state != Case.State.OPEN:
        raise Refused(
            _("The case is not open any more: %(state)s.") % {"state": case.get_state_display()}
        )


def demand_author(case: Case, by: User) -> None:
    """Raise Refused unless the person began the case at the counter."""
    demand_role(case, by, Role.CLERK)
    if case.owner_id != by.pk:
        raise Refused(_("%(owner)s began this application.") % {"owner": case.owner})


def demand_draft(case: Case) -> None:
    """Raise Refused once the application is accepted, or was ever."""
    demand_open(case)
    step = case.step(Kind.APPLICATION)
    if step is None or step.round > 1 or not step.is_live:
        raise Refused(_("The application is accepted: it can only be withdrawn by the customer."))
