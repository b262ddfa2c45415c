"""Billing as quoted though the published rates have changed: one proposes, another decides."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from fees.models import KeptQuote
from fees.services.acts import QUOTE_DECLINED, QUOTE_KEPT, QUOTE_PROPOSED
from fees.services.bills import in_our_hand, locked
from fees.standing import Standing
from plans.models import Plan
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves.unit_of_work import act


@act
def propose_quote(step: Step, *, by: User, reason: str) -> KeptQuote:
    """The biller proposes to bill what the plan quoted; a supervisor answers.

    Raises Refused where the published rates are those quoted, and for a fee abolished since.
    """
    step = in_our_hand(step, by)
    standing = Standing(step)
    if not reason.strip():
        raise Refused(_("Say why it is billed as quoted."), fields=("reason",))
    plan = _demand_changed(standing)
    if standing.quote_proposal:
        raise Refused(_("This is proposed already."))
    proposal = KeptQuote.objects.create(
        plan=plan, reason=reason.strip(), proposed_by=by, proposed_at=timezone.now()
    )
    moves.record(step.case, QUOTE_PROPOSED, by=by, step=step, note=proposal.reason)
    return proposal


@act
def answer_quote(step: Step, *, by: User, agree: bool) -> KeptQuote:
    """The supervisor, a second person, decides; with a yes the customer is told."""
    step = locked(step)
    moves.demand_role(step.case, by, Role.SUPERVISOR)
    standing = Standing(step)
    proposal = standing.quote_proposal
    if proposal is None:
        raise Refused(_("Nothing is proposed, or it was answered already."))
    if proposal.proposed_by_id == by.pk:
        raise Refused(_("This needs two people."))
    if agree:
        _demand_changed(standing)
    proposal.answer = KeptQuote.Answer.APPROVED if agree else KeptQuote.Answer.DECLINED
    proposal.answered_by, proposal.answered_at = by, timezone.now()
    proposal.save(update_fields=["answer", "answered_by", "answered_at"])
    moves.record(
        step.case,
        QUOTE_KEPT if agree else QUOTE_DECLINED,
        by=by,
        step=step,
        note=proposal.reason,
        quoted=str(standing.assessment.total if standing.assessment else ""),
        published=str(standing.published.total if standing.published else ""),
    )
    return proposal


def _demand_changed(standing: Standing) -> Plan:
    """The plan whose rates have changed. Raises Refused where there is nothing to decide, or where
    the law has decided.
    """
    if standing.plan is None or standing.quote_holds:
        raise Refused(_("What is due today is what the plan quoted: issue the bill."))
    if standing.abolished:
        raise Refused(
            _("%(fees)s: abolished, nobody can charge it. Send the case back to the plan.")
            % {"fees": _(", ").join(standing.abolished)}
        )
    return standing.plan
