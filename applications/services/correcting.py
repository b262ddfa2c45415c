"""What the accepted sheet says wrongly of the customer is put right, with a trace."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import documents.services
from accounts.models import User
from accounts.roles import STEERING, Role
from applications import paper, rules
from applications.models import Application, Correction
from applications.services.alike import duplicates
from applications.services.taking import description
from documents.models import Paper
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

CORRECTED = verb("customer_corrected", gettext_lazy("Customer data corrected"))
# Under a signed contract, whoever signed for the utility does not say whose contract it is.
PARTY_CORRECTED = verb(
    "party_corrected",
    gettext_lazy("Party to the contract corrected"),
    not_by_whom=("contract_utility_signed", "interim_signed"),
)
SIGNATURES = ("contract_customer_signed", "contract_utility_signed", "interim_signed")


def may_correct(case: Case, user: User) -> bool:
    """Who meets the customer at the counter, who answers for the case, or who steers."""
    theirs = user.pk == case.owner_id or user.has_role(Role.CLERK, *STEERING)
    return moves.sees(user, case) and theirs and not user.only_looks


def correctable(case: Case) -> Application | None:
    """The accepted sheet as it holds now; None while nothing is accepted or a sheet is open."""
    sheet = Application.of(case)
    return sheet if sheet and sheet.accepted_at else None


@act
def correct(case: Case, held: Application, *, by: User, reason: str) -> list[Correction]:
    """Keep how `held`, a reading of the accepted sheet, differs from what is on record, and why.

    The signed sheet is not touched. Lists, search, messages, contracts drawn and papers issued
    from now on say what is right. Raises Refused where nothing is changed, for faults that the
    counter would refuse too, and where the contract is signed and the person may not say who is
    party to it (a supervisor who did not sign it may).
    """
    moves.demand_writer(case, by)
    if not may_correct(case, by):
        raise Refused(_("Only the counter, who answers for the case, or a supervisor corrects it."))
    before = correctable(case)
    if before is None:
        raise Refused(_("Nothing is accepted yet: change the sheet itself."))
    made = Correction.of(before, held.computed())
    if not made:
        raise Refused(_("Nothing is changed: correct at least one item."))
    if not reason.strip():
        raise Refused(_("Say why this is corrected."))
    found = rules.faults(held, timezone.localdate())
    if wrong := [f"{one.label}: {found[one.column]}" for one in made if one.column in found]:
        raise Refused(wrong)
    party = any(c.column in c.IDENTITY for c in made) and _is_signed(case)
    if party and not by.has_role(Role.SUPERVISOR):
        raise Refused(
            _("The contract is signed: a supervisor corrects who the customer or the agent is.")
        )
    now = timezone.now()
    for one in made:
        one.reason, one.at, one.by = reason.strip(), now, by
    Correction.objects.bulk_create(made)
    moves.correct(
        case,
        by=by,
        what=PARTY_CORRECTED if party else CORRECTED,
        note=lambda: (
            _("%(changes)s. Why: %(reason)s")
            % {"changes": "; ".join(map(str, made)), "reason": reason.strip()}
        ),
        changed={one.column: [one.shown_old, one.shown_new] for one in made},
        **description(held),
    )
    return made


def _is_signed(case: Case) -> bool:
    """Somebody has put their name to who the parties are, be the contract finished or not."""
    return case.events.filter(verb__in=SIGNATURES).exists()


def newly_alike(
    before: Application, held: Application, by: User
) -> list[tuple[Application, list[str]]]:
    """Similar open cases that the correction brings to light, each with what both have in common.

    What they had in common before was looked at when the application was accepted.
    """
    found = []
    for other in duplicates(held, by.unit):
        was = set(map(str, before.same_as(other)))
        if common := [str(label) for label in held.same_as(other) if str(label) not in was]:
            found.append((other, common))
    return found


@act
def issue_anew(case: Case, issued: Paper, *, by: User) -> list[Paper]:
    """A paper that bears what was wrong is issued once more; the old one stays on record.

    Raises Refused for a paper that another room issues, or that bears nothing wrong.
    """
    if not may_correct(case, by):
        raise Refused(_("Only the counter, who answers for the case, or a supervisor corrects it."))
    offered = [found.paper for found in paper.bearing(case, issued.language) if found.to_issue_anew]
    if issued not in offered:
        raise Refused(_("This paper is not issued anew here; look at the list again."))
    return documents.services.issue(case, issued.kind, by=by, step=issued.step)
