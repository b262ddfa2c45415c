"""The office's steps in the customer's words: one table, a row per link of the process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from workflow.models import Case, Step
from workflow.process import Kind


@dataclass(frozen=True)
class Words:
    """How one link is told: its name, whose turn it is, that it is done.

    `ours` while we work on it; `yours` while it waits for the customer; `ask` what the customer is
    to do then, and `how`.
    """

    name: Any
    ours: Any
    yours: Any
    ask: Any
    how: Any
    done: Any


AT_THE_COUNTER = _("Call us or come to our office; bring an identity card.")
WORDS: dict[str, Words] = {
    Kind.APPLICATION: Words(
        name=_("Your application"),
        ours=_("We are checking your application."),
        yours=_("Your application waits for something from you."),
        ask=_("Complete your application"),
        how=AT_THE_COUNTER,
        done=_("We have accepted your application."),
    ),
    Kind.SURVEY: Words(
        name=_("Visit on site"),
        ours=_("We come and look how you can be supplied with power."),
        yours=_("We need an appointment with you for the visit."),
        ask=_("Agree on a time for the visit"),
        how=_("Call us; somebody must be there to let us in."),
        done=_("We have seen the site: you can be supplied."),
    ),
    Kind.PLAN: Words(
        name=_("Supply plan, for you to confirm"),
        ours=_("We are drawing up your supply plan."),
        yours=_("Your supply plan is ready. Read it and tell us whether you agree."),
        ask=_("Read the supply plan and confirm it, or object"),
        how=_("Here on this page, or at our office."),
        done=_("You have confirmed the supply plan."),
    ),
    Kind.DESIGNER: Words(
        name=_("Check of your designer"),
        ours=_("We are checking whether your designer is qualified."),
        yours=_("We wait for the certificate of the designer you have chosen."),
        ask=_("Hand in your designer's certificate"),
        how=_("At our office, by you or by your designer."),
        done=_("Your designer is qualified."),
    ),
    Kind.DRAWINGS: Words(
        name=_("Check of your drawings"),
        ours=_("We are checking the drawings of your installation."),
        yours=_("We wait for the drawings of your installation."),
        ask=_("Hand in the drawings"),
        how=_("At our office, by you or by your designer."),
        done=_("Your drawings are in order."),
    ),
    Kind.CONTRACTOR: Words(
        name=_("Check of your contractor"),
        ours=_("We are checking whether your contractor is licensed."),
        yours=_("We wait for the licence of the contractor you have chosen."),
        ask=_("Hand in your contractor's licence"),
        how=_("At our office, by you or by your contractor."),
        done=_("Your contractor is licensed."),
    ),
    Kind.MID_CHECK: Words(
        name=_("Check before anything is covered"),
        ours=_("We come and check the works before they are covered."),
        yours=_("Your works go on. Tell us before anything is covered."),
        ask=_("Ask for the check before you cover anything"),
        how=_("Call us or ask at our office as soon as the works are ready for it."),
        done=_("The works may be covered."),
    ),
    Kind.ACCEPTANCE: Words(
        name=_("Check of the finished works"),
        ours=_("We come and check the finished works."),
        yours=_("Your works go on. Tell us when they are finished."),
        ask=_("Ask for the check when the works are finished"),
        how=_("Call us or ask at our office, and hand in the completion papers."),
        done=_("The finished works are in order."),
    ),
    Kind.FEES: Words(
        name=_("Fees, if there are any"),
        ours=_("We are working out whether anything is to be paid by the list of fees."),
        yours=_("Your bill is ready."),
        ask=_("Pay the bill"),
        how=_("At our office; pay only what stands on the bill, and ask for the receipt."),
        done=_("Nothing more is to be paid."),
    ),
    Kind.CONTRACT: Words(
        name=_("Supply contract"),
        ours=_("We are preparing the supply contract."),
        yours=_("The supply contract is ready for your signature."),
        ask=_("Sign the supply contract"),
        how=AT_THE_COUNTER,
        done=_("The supply contract is signed."),
    ),
    Kind.METER: Words(
        name=_("Meter fitted and power on"),
        ours=_("We fit the meter and switch the power on."),
        yours=_("We need an appointment with you for the meter."),
        ask=_("Agree on a time for the meter"),
        how=_("Call us; somebody must be there to let us in."),
        done=_("The meter is fitted and the power is on."),
    ),
    Kind.CALLBACK: Words(
        name=_("We ask whether all is well"),
        ours=_("We call you and ask whether all is well."),
        yours=_("We did not reach you: please call us."),
        ask=_("Call us, or tell us when we reach you"),
        how=_("By phone; it takes two minutes."),
        done=_("We have asked you whether all is well."),
    ),
}
# The short flows change a meter, or take it away.
METER_DONE = {
    "suspension": _("The power is off, as you asked."),
    "closing": _("The meter is read for the last time and taken away."),
    "merging": _("The meter is changed as you asked."),
    "decrease": _("The meter is changed as you asked."),
    "meter_move": _("The meter hangs at its new place."),
}
STATES: dict[str, Any] = {
    Step.State.WAITING: _("Comes later, when the steps before it are done."),
    Step.State.STOPPED: _("On hold for now."),
    Step.State.RETURNED: _("Has to be done once more."),
    Step.State.VOID: _("Not needed for your request."),
}
# Why the work is on hold: workflow.StopReason.code.
STOPS: dict[str, Any] = {
    "papers": _("Papers from you are still missing."),
    "plan_answer": _("We wait for your answer to the supply plan."),
    "customer_works": _("We wait until your own works are finished."),
    "payment": _("We wait for your payment."),
    "signature": _("We wait for your signature."),
    "third_party": _("We wait for the consent of somebody else, a neighbour or the owners say."),
    "permit": _("We wait for a permit of the authorities."),
    "design_110kv": _("We wait for the design that you have ordered."),
    "no_access": _("We stood before a closed door: nobody could let us in."),
    "force_majeure": _("Something beyond anybody's power keeps us: weather or a disaster."),
}
CASES: dict[str, Any] = {
    Case.State.OPEN: _("Your request is on its way."),
    Case.State.ENERGIZED: _("The power is on."),
    Case.State.ARCHIVED: _("Your request is finished."),
    Case.State.WITHDRAWN: _(
        "Your request is closed: you took it back, or it goes on under another number."
    ),
    Case.State.REFUSED: _("We cannot supply you, and tell you why."),
}
REQUESTS: dict[str, Any] = {
    "new": _("your request for a new power supply"),
    "increase": _("your request for more capacity"),
    "separation": _("your request for an account of your own"),
    "temporary": _("your request for a temporary supply"),
    "ev_charger": _("your request for a charging point"),
    "relocation": _("your request for a supply at another place"),
    "meter_move": _("your request to move the meter"),
    "decrease": _("your request for less capacity"),
    "suspension": _("your request to pause the supply"),
    "name_change": _("your request to change the name"),
    "merging": _("your request to merge accounts"),
    "closing": _("your request to close the account"),
}


def told(kind: str, state: str, business_type: str = "") -> str:
    """What one step in one state is to the customer, in one sentence."""
    words = WORDS[kind]
    if state == Step.State.DONE and kind == Kind.METER and business_type in METER_DONE:
        return str(METER_DONE[business_type])
    own: dict[str, Any] = {
        Step.State.IN_HAND: words.ours,
        Step.State.WITH_CUSTOMER: words.yours,
        Step.State.DONE: words.done,
    }
    return str(own.get(state) or STATES[state])
