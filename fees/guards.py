"""Under which conditions the fees step may be finished; the same list says why no fee is taken yet.

A bill needs the first of them (wall 2 of the fee gate), the end of the step all.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Role
from documents.debts import PAPERS_RECEIVED
from documents.templatetags.papers import yuan
from fees.standing import Standing
from plans.force import CONSENTS_STAND, PLAN_VALID
from workflow.guards import Guard
from workflow.models import Step
from workflow.process import Kind


def _earlier(step: Step, kind: str) -> Step:
    """The latest round of an earlier link, or the step itself where the flow has none."""
    return step.case.step(kind) or step


def _turn(step: Step, kind: str) -> Step:
    """Whose turn it is until an earlier link is done: that link, or the survey it waits for."""
    earlier = _earlier(step, kind)
    return _earlier(step, Kind.SURVEY) if earlier.state == Step.State.WAITING else earlier


def _owed_by(kind: str) -> dict[str, Any]:
    """Who owes an earlier link, since when, and where it is done."""

    def owes(step: Step) -> Any:
        turn = _turn(step, kind)
        return turn.owner or turn.role_label

    def remedy(step: Step) -> tuple[Any, str]:
        turn = _turn(step, kind)
        label = _("Open the survey") if turn.kind == Kind.SURVEY else _("Open the plan")
        return label, turn.get_absolute_url()

    return {"owes": owes, "since": lambda step: _turn(step, kind).since, "remedy": remedy}


def _fees_page(label: Any):
    return lambda step: (label, reverse("fees:fees", args=[step.case.number]))


SURVEYED = Guard(
    lambda step: Standing.of(step).surveyed,
    reason=gettext_lazy("No signed survey says that the customer can be supplied."),
    met=gettext_lazy("The signed survey says that the customer can be supplied."),
    **_owed_by(Kind.SURVEY),
)
PLAN_ACCEPTED = Guard(
    lambda step: Standing.of(step).plan is not None,
    reason=gettext_lazy("The customer has not accepted a supply plan."),
    met=gettext_lazy("The customer has accepted the supply plan."),
    **_owed_by(Kind.PLAN),
)
PRICED = Guard(
    lambda step: Standing.of(step).is_priced,
    reason=gettext_lazy("The fee catalogue has no rate for what the plan causes."),
    met=gettext_lazy("Nothing is missing in the fee catalogue."),
    owes=lambda step: Role.ADMINISTRATOR.label,
    remedy=lambda step: (
        _("Open the fee catalogue"),
        reverse("admin:fees_catalogueitem_changelist"),
    ),
    applies=lambda step: Standing.of(step).plan is not None,
)


def _quoted_otherwise(step: Step) -> str:
    standing = Standing.of(step)
    quoted, published = standing.assessment, standing.published
    return _(
        "The plan quoted ¥%(quoted)s; by the catalogue and the case of today ¥%(published)s are "
        "due. Send the case back to the plan for a new answer, or let a second person decide that "
        "it is billed as quoted."
    ) % {
        "quoted": yuan(quoted.total) if quoted else "",
        "published": yuan(published.total) if published else "",
    }


def _since_published(step: Step) -> date | None:
    """Since the proposal to bill as quoted waits; before it, since the new rate is in force."""
    standing = Standing.of(step)
    if standing.quote_proposal:
        return timezone.localdate(standing.quote_proposal.proposed_at)
    return standing.published_since or step.since


QUOTE_HOLDS = Guard(
    lambda step: Standing.of(step).quote_holds,
    reason=_quoted_otherwise,
    met=gettext_lazy("What is due today is what the plan quoted."),
    owes=lambda step: (
        Role.SUPERVISOR.label if Standing.of(step).quote_proposal else Role.BILLER.label
    ),
    since=_since_published,
    remedy=_fees_page(gettext_lazy("Open the fees")),
    applies=lambda step: Standing.of(step).published is not None,
)
BILLED = Guard(
    lambda step: Standing.of(step).is_billed,
    reason=gettext_lazy("No bill is issued."),
    met=gettext_lazy("The bill is issued, or nothing is due."),
    remedy=_fees_page(gettext_lazy("Open the fees")),
)


def _unpaid(step: Step) -> str:
    if Standing.of(step).proposed_at:
        return _("A waiver or correction of the bill is not answered; until then nobody pays.")
    return _("The fee is not paid.")


def _who_pays(step: Step) -> Any:
    """The customer; while a waiver or correction waits, who answers it."""
    return Role.SUPERVISOR.label if Standing.of(step).proposed_at else step.case.customer_name


def _since_billed(step: Step) -> date | None:
    standing = Standing.of(step)
    at = standing.proposed_at or standing.issued_at
    return timezone.localdate(at) if at else step.since


SETTLED = Guard(
    lambda step: Standing.of(step).is_settled,
    reason=_unpaid,
    met=gettext_lazy("The fee is paid or waived, or nothing is due."),
    owes=_who_pays,
    since=_since_billed,
    remedy=_fees_page(gettext_lazy("Open the fees")),
)
BEFORE_BILL = (SURVEYED, PLAN_ACCEPTED, PLAN_VALID, CONSENTS_STAND, PRICED, PAPERS_RECEIVED)
# Rates are asked for once, before the bill: a bill that stands is paid as it is.
TO_BILL = (*BEFORE_BILL, QUOTE_HOLDS)
GUARDS = {Kind.FEES: (*TO_BILL, BILLED, SETTLED)}
