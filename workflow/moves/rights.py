"""Who may do what: sight, role, ownership, separation of duties, and whether it is open still."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.verbs import SEPARATED, label


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
