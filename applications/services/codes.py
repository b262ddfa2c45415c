"""The customer's own way to the case: the code on the receipt."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import STEERING, Role
from applications.models import TrackingCode
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

CODE_RENEWED = verb("code_renewed", gettext_lazy("Tracking code replaced"))


def code_of(case: Case) -> TrackingCode:
    """The code that holds now; a case opened without one gets it here."""
    return TrackingCode.objects.get_or_create(case=case, revoked_at=None)[0]


def may_hand_out_code(case: Case, user: User) -> bool:
    """Who meets the customer, or steers: with the code one acts in the customer's name."""
    return moves.sees(user, case) and user.has_role(Role.CLERK, *STEERING)


@act
def renew_code(case: Case, *, by: User, reason: str) -> TrackingCode:
    """The code fell into wrong hands, or was lost: it opens nothing any more, another does."""
    moves.demand_role(case, by, Role.CLERK, *STEERING)
    if not reason.strip():
        raise Refused(_("Say why the code is replaced."))
    case.codes.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
    moves.record(case, CODE_RENEWED, by=by, note=reason)
    return TrackingCode.objects.create(case=case)
