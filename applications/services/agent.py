"""Who acts for the customer: a newer authority."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import documents.services
from accounts.models import User
from accounts.roles import STEERING, Role
from applications.models import Application, Renewal
from documents.files import Checked
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

AUTHORITY_RENEWED = verb("authority_renewed", gettext_lazy("Agent's authority renewed"))


def may_renew_authority(case: Case, user: User) -> bool:
    """Who meets the agent at the counter or at the contract, or steers."""
    return moves.sees(user, case) and user.has_role(Role.CLERK, Role.CONTRACT_OFFICER, *STEERING)


@act
def renew_authority(case: Case, *, by: User, authority: str, until: date, file: Checked) -> Renewal:
    """The agent of the signed sheet brings a newer authority: its last day and the paper.

    Raises Refused where no agent is named, and for an authority that has ended already.
    """
    moves.demand_role(case, by, Role.CLERK, Role.CONTRACT_OFFICER, *STEERING)
    sheet = Application.of(case)
    if sheet is None or not sheet.agent_name or not sheet.accepted_at:
        raise Refused(_("No agent is named in the accepted application."))
    if until < timezone.localdate():
        raise Refused(_("The agent's authority has expired."))
    paper = documents.services.attach(
        case,
        file,
        title=lambda: _("Authority of %(agent)s") % {"agent": sheet.agent_name},
        by=by,
        log=False,
    )
    renewal = Renewal.objects.create(
        application=sheet, authority=authority, until=until, paper=paper, by=by
    )
    moves.record(
        case,
        AUTHORITY_RENEWED,
        by=by,
        note=lambda: f"{sheet.agent_name}, {until:%Y-%m-%d}",
        until=until.isoformat(),
        **paper.checksums,
    )
    return renewal
