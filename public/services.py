"""What a customer does without an account, through the rooms' own steps; and who guesses codes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import applications.services
import documents.services
import plans.services
from applications.models import Contact
from documents.files import Checked
from documents.models import PaperItem
from plans.models import Plan
from public.models import Guess
from workflow import clocks, moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.verbs import verb

CALL_ASKED = verb("call_asked", gettext_lazy("The customer asks for a call"))
QUESTION = verb("customer_asks", gettext_lazy("The customer has a question"))
OBJECTION = verb("customer_objects", gettext_lazy("The customer objects"))
ABOUT = {"call": CALL_ASKED, "ask": QUESTION, "object": OBJECTION}
# A message from the tracking page is answered within so many working days.
ANSWER_WITHIN = 2
WORDS_A_DAY = 10
# Whoever was wrong so often within the window waits until the oldest of these is past it.
WINDOW = timedelta(minutes=15)
FROM_ONE_ADDRESS, FOR_ONE_NUMBER = 10, 30


@act
def hand_in(item: PaperItem, *, file: Checked) -> PaperItem:
    """The customer photographs a paper we wait for; the clerk finds it with the case.

    Raises Refused when it was handed in before, and once the case is closed.
    """
    if not item.case.is_open:
        raise Refused(_("Your request is closed: nothing is needed from you any more."))
    if item.state == PaperItem.State.WAIVED:
        raise Refused(_("This paper is not needed any more."))
    with moves.by_customer():
        return documents.services.receive(item, by=None, file=file)


@act
def agree(case: Case, *, version: int, signed_name: str, address: str = "") -> None:
    """The customer accepts the plan that was read, by name: fees and contract may follow."""
    plan = _plan_read(case, version)
    with moves.by_customer(address):
        plans.services.accept(
            plan.step, by=None, signed_name=signed_name, how=Plan.Acceptance.ONLINE
        )


@act
def object_to(case: Case, *, version: int, reason: str, address: str = "") -> None:
    """The customer wants another plan: a new round begins with these words."""
    plan = _plan_read(case, version)
    with moves.by_customer(address):
        plans.services.object_to(plan.step, by=None, reason=reason)


def _plan_read(case: Case, version: int) -> Plan:
    """The plan that waits for the customer, if it is the version that was read.

    Raises Refused when another one came meanwhile, or the word was given before: a page sent twice.
    """
    step = case.step(Kind.PLAN)
    plan = Plan.objects.filter(step=step).first() if step else None
    if plan is None or plan.version != version or plan.state != Plan.State.ANSWERED:
        raise Refused(
            _("This version of the plan does not wait for your answer any more. Look at the page.")
        )
    return plan


@act
def say(case: Case, *, about: str, words: str) -> date:
    """The customer says something: it stands in the contact log. Returns by when it is answered.

    `about` is one of ABOUT. Raises Refused for the same words again, and for too many in a day.
    """
    now = timezone.now()
    today = Contact.objects.filter(case=case, by=None, at__gt=now - timedelta(days=1))
    if today.filter(summary=words).exists():
        raise Refused(_("We have this message already."))
    if today.count() >= WORDS_A_DAY:
        raise Refused(_("You have written often today. Please call us."))
    answer = clocks.calendar().add(timezone.localdate(now), ANSWER_WITHIN)
    contact = Contact(
        direction=Contact.Direction.IN,
        channel=Contact.Channel.APP,
        # Nobody has answered yet: the contact clock runs on, and older promises stand.
        outcome=Contact.Outcome.MESSAGE,
        summary=words,
        promised_on=answer,
    )
    with moves.by_customer():
        applications.services.note_contact(contact, case=case, by=None)
        moves.record(case, ABOUT[about], by=None, note=words)
    return answer


# Who guesses codes --------------------------------------------------------------------------------


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of one household (a /64)."""
    try:
        found = ip_address(address)
    except ValueError:
        return "::"
    if found.version == 4:
        return str(found)
    return str(ip_network(f"{found}/64", strict=False).network_address)


def barred_until(address: str, number: str = "") -> datetime | None:
    """When the next try is heard, for one who was wrong too often; None if it is heard now.

    The same for a number that there is and one that there is not.
    """
    recent = Guess.objects.filter(at__gt=timezone.now() - WINDOW).order_by("-at")
    limits = [(FROM_ONE_ADDRESS, recent.filter(address=place_of(address)))]
    if number:
        limits.append((FOR_ONE_NUMBER, recent.filter(number=number)))
    found: list[datetime] = []
    for limit, guesses in limits:
        found += guesses.values_list("at", flat=True)[limit - 1 : limit]
    return max(found) + WINDOW if found else None


def note_guess(address: str, number: str = "") -> Guess:
    """A wrong code was typed."""
    return Guess.objects.create(address=place_of(address), number=number, at=timezone.now())


def clear_guesses() -> int:
    """Forget wrong codes that bar nobody any more; returns how many."""
    return Guess.objects.filter(at__lte=timezone.now() - WINDOW).delete()[0]
