"""The contact log: every word with the customer, and what was promised."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from applications.models import Contact
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Subject
from workflow.moves.unit_of_work import act


def may_note(case: Case, user: User) -> bool:
    """Whoever sees the case may note a contact, except those who only look."""
    return moves.sees(user, case) and not user.only_looks


@act
def note_contact(contact: Contact, *, case: Case, by: User | None) -> Contact:
    """Keep a contact; only one where both sides spoke sets the contact clock back.

    What was promised with it stands on a ladder of its own until the customer is reached again.
    """
    moves.demand_writer(case, by)
    contact.case, contact.by = case, by
    contact.at = contact.at or timezone.now()
    if contact.at > timezone.now():
        raise Refused(_("This lies in the future."))
    contact.save(force_insert=True)
    moves.contact(
        case,
        by=by,
        two_way=contact.is_two_way,
        note=contact.summary,
        at=contact.at,
        channel=contact.channel,
        direction=contact.direction,
        outcome=contact.outcome,
        promised_on=contact.promised_on,
    )
    _await_promise(contact)
    return contact


def _await_promise(contact: Contact) -> None:
    """Put up the ladder of a promise, and take down those that were kept by this contact."""
    case, now = contact.case, timezone.now()
    if contact.is_two_way:
        for kept in case.contacts.promising().filter(at__lt=contact.at):
            ladder.stand(Subject.PROMISE, kept.pk, case=case, due_on=None, at=now)
    later = case.contacts.filter(at__gt=contact.at, outcome=Contact.Outcome.REACHED)
    # Who writes to us gets an answer, also once the case is closed.
    if contact.promised_on and (case.is_open or contact.by is None) and not later.exists():
        ladder.stand(
            Subject.PROMISE,
            contact.pk,
            case=case,
            due_on=contact.promised_on,
            at=now,
            owner=contact.by,
        )
