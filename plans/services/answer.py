"""The customer gets the plan in writing, and accepts it or objects; or cannot be reached at all."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import applications.services
import documents.services
from accounts.models import User
from accounts.roles import Role
from applications.models import Contact
from applications.signers import against_signer
from documents.files import Checked
from documents.models import PaperKind
from plans.models import Plan
from plans.paper import quote
from plans.services import rights
from plans.services.approval import BARRED
from plans.services.ground import change, locked, plan_of, release
from plans.services.metering import is_high
from plans.services.soundness import demand_buildable, demand_sound
from plans.services.terms import ends
from plans.services.validity import watch
from surveys.services import forget_unplanned
from workflow import moves, words
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves.unit_of_work import act
from workflow.process import HV, CustomerClass
from workflow.verbs import verb

ANSWERED = verb("plan_answered", gettext_lazy("Plan answered to the customer"), told=True)
# Whoever drew the plan does not say that the customer wants it.
ACCEPTED = verb(
    "plan_accepted",
    gettext_lazy("Plan accepted by the customer"),
    not_by_whom=("plan_drafted", "plan_drawn"),
)
CLOSED = verb(
    "plan_closed_unanswered",
    gettext_lazy("Plan closed after proven attempts"),
    not_by_whom=BARRED,
    told=True,
)
OBJECTED = verb("plan_objected", gettext_lazy("The customer objects to the plan"), told=True)


@act
def answer(step: Step, *, by: User, how: str) -> Plan:
    """The customer gets the plan in writing; its validity runs and it is the customer's turn.

    What it costs is told with it and kept: the bill follows from that and from nothing else.
    """
    step = locked(step)
    plan, now = plan_of(step), timezone.now()
    rights.demand("answer", step, plan, by)
    demand_sound(plan, timezone.localdate(now))
    change(
        plan,
        "answer",
        quote=quote(plan),
        answered_at=now,
        answered_by=by,
        answered_how=how,
        valid_until=ends(step.case, timezone.localdate(now)),
    )
    step = moves.hand_over(step, by=by, role=rights.role_of(step, by))
    moves.record(
        step.case,
        ANSWERED,
        by=by,
        step=step,
        note=lambda: f"V{plan.version} · {plan.get_answered_how_display()}",
    )
    documents.services.issue(step.case, PaperKind.PLAN, by=by, step=step)
    watch(step.case)
    return plan


@act
def accept(
    step: Step,
    *,
    by: User | None,
    signed_name: str,
    how: str,
    evidence: Checked | None = None,
    recording: str = "",
) -> Step:
    """The customer agrees, by name: the step is done, fees and contract may follow.

    `by` is who notes it, never who drew the plan; None where the customer agrees on the tracking
    page. The name is the customer's, or of who may sign for them today (`applications.signers`).
    Their word is shown (`Plan.SHOWN_BY`): by a scan or photo of what they signed, or by the number
    under which the call was recorded.

    Raises Refused after the validity, and when a point may not be used any more: money must
    not follow a plan that cannot be built (DOMAIN section 1).
    """
    step = locked(step)
    plan, now = plan_of(step), timezone.now()
    rights.demand("decide", step, plan, by)
    if not signed_name.strip() or how not in Plan.BY_THE_CUSTOMER:
        raise Refused(_("A plan is accepted by a named customer, in a way that can be shown."))
    if (by is None) != (how == Plan.Acceptance.ONLINE):
        raise Refused(_("Only the customer confirms on the tracking page."))
    today = timezone.localdate(now)
    _demand_standing(plan, today)
    if stranger := against_signer(step.case, signed_name, today, shown=by is not None):
        raise Refused(stranger, fields=("signed_name",))
    change(
        plan,
        "accept",
        accepted_at=now,
        accepted_how=how,
        signed_name=signed_name,
        **_shown(plan, how, by=by, evidence=evidence, recording=recording.strip()),
    )
    _heard(plan, by)
    step = moves.finish(
        step,
        by=by,
        role=rights.role_of(step, by),
        what=ACCEPTED,
        outcome="accepted",
        note=f"V{plan.version} · {signed_name}",
        facts=_facts(plan),
    )
    _settled(plan)
    return step


def _shown(
    plan: Plan, how: str, *, by: User | None, evidence: Checked | None, recording: str
) -> dict[str, Any]:
    """What shows the customer's word, kept with the case. Raises Refused where it is missing."""
    needed = Plan.SHOWN_BY.get(how)
    if needed == "recording":
        if not recording:
            raise Refused(
                _("Write under which number the call was recorded."), fields=("recording",)
            )
        return {"recording": recording}
    if needed is None:
        return {}
    if evidence is None:
        text = _("Attach a scan or photo of what the customer signed.")
        raise Refused(text, fields=("evidence",))
    title = words.keep(lambda: _("The customer's word on plan V%(n)s") % {"n": plan.version})
    kept = documents.services.attach(plan.case, evidence, title=title, by=by, step=plan.step)
    return {"evidence": kept}


def _settled(plan: Plan) -> None:
    """The plan is accepted: its validity and the consents of its own points are watched on."""
    watch(plan.case)
    forget_unplanned(plan.case, plan.sources.values_list("candidate", flat=True))


def _demand_standing(plan: Plan, today: date) -> None:
    """Raise Refused for a plan that ran out, or that cannot be built any more."""
    if plan.has_expired(today):
        raise Refused(rights.ran_out(plan))
    demand_buildable(plan, today)


@act
def close_unanswered(step: Step, *, by: User, reason: str) -> Step:
    """Nobody answers: a supervisor closes the plan as accepted, on proven attempts since the
    answer (`rights.unproven`) and never on a plan of the own hand.

    The customer's name stands on it, not as a signature: `accepted_how` says so. The contact clock
    runs on, as nobody has spoken with the customer.
    """
    step = locked(step)
    plan, now = plan_of(step), timezone.now()
    rights.demand("close", step, plan, by)
    if reasons := rights.unproven(plan):
        raise Refused(reasons)
    if {contact.by_id for contact in rights.attempts(plan).contacts} == {by.pk}:
        raise Refused(_("You noted every attempt yourself: another supervisor closes the plan."))
    if not reason.strip():
        raise Refused(_("Say why it is closed without the customer's word."))
    _demand_standing(plan, timezone.localdate(now))
    change(
        plan,
        "accept",
        accepted_at=now,
        accepted_how=Plan.Acceptance.EXHAUSTED,
        signed_name=step.case.customer_name[:60],
    )
    tried = rights.attempts(plan).contacts
    step = moves.finish(
        step,
        by=by,
        role=Role.SUPERVISOR,
        what=CLOSED,
        outcome="accepted",
        note=f"V{plan.version} · {reason}",
        facts=_facts(plan),
        attempts=[contact.pk for contact in tried],
    )
    _settled(plan)
    return step


def _facts(plan: Plan) -> dict[str, Any]:
    """What the accepted plan tells the case; the steps not begun follow from it."""
    facts = {"chargeable": plan.chargeable, "capacity_kva": plan.total_kva}
    if is_high(plan.voltage) and plan.case.customer_class not in HV:
        facts["customer_class"] = CustomerClass.HV_SINGLE
    return facts


# By which channel the customer was met, by how they decided; else at the counter.
HEARD_BY: dict[str, str] = {
    Plan.Acceptance.TABLET: Contact.Channel.VISIT,
    Plan.Acceptance.CALL: Contact.Channel.PHONE,
}


def _heard(plan: Plan, by: User | None) -> None:
    """Whoever decides has spoken with us: the customer is not silent. By None: on a public page."""
    met = HEARD_BY.get(plan.accepted_how, Contact.Channel.COUNTER)
    contact = Contact(
        direction=Contact.Direction.IN,
        channel=met if by else Contact.Channel.APP,
        outcome=Contact.Outcome.REACHED,
        summary=words.keep(lambda: f"V{plan.version}: {plan.get_state_display()}"),
    )
    applications.services.note_contact(contact, case=plan.case, by=by)


@act
def object_to(step: Step, *, by: User | None, reason: str) -> Step:
    """The customer does not agree: what they say is kept, and the next version is drawn.

    `by` is who notes it, None where the customer objects on the tracking page.
    """
    step = locked(step)
    plan = plan_of(step)
    rights.demand("decide", step, plan, by)
    if not reason.strip():
        raise Refused(_("Write down what the customer objects to."))
    release(plan)
    change(plan, "object", objection=reason)
    _heard(plan, by)
    return moves.send_back(step, by=by, role=rights.role_of(step, by), reason=reason, what=OBJECTED)
