"""After a message was sent: it bounced, the customer was reached otherwise, it is sent again, or
they want none.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from news.models import Channel, Message, OptOut, new_reference
from news.services.outbox import reader_of, send_after
from news.services.sending import tell_owner
from news.wording import after_quiet
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Subject
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

AGAIN = verb("message_again", gettext_lazy("Message sent again"))
OPTED_OUT = verb("messages_unwanted", gettext_lazy("The customer wants no messages"))
OPTED_IN = verb("messages_wanted", gettext_lazy("The customer wants messages again"))
REFERENCE = re.compile(r"[0-9a-f]{32}")


@act
def bounce(sign: str, *, why: str = "") -> Message | None:
    """A message came back: `sign` is its number, its reference, or the address it came back to.

    It counts as not delivered from now on. Returns None where no such message was sent.
    """
    named = {"pk": sign} if sign.isascii() and sign.isdigit() and len(sign) < 18 else None
    if found := REFERENCE.search(sign):
        named = {"reference": found[0]}
    message = Message.objects.select_related("case").filter(**named).first() if named else None
    if message is None:
        return None
    Case.objects.select_for_update(of=("self",)).get(pk=message.case_id)
    why = why.strip() or _("It came back.")
    sent = Message.objects.filter(
        pk=message.pk, state__in=[Message.State.SENT, Message.State.DOUBT], settled_at=None
    )
    if not sent.update(state=Message.State.UNDELIVERED, error=why[:300]):
        return None
    tell_owner(message, why)
    message.refresh_from_db()
    return message


def reached(case: Case, at: datetime) -> None:
    """Both sides have spoken: what did not arrive before that was said otherwise.

    Called by the door for every two-way contact, with the case locked.
    """
    unsettled = Message.objects.filter(case=case, created_at__lte=at).unsettled()
    for pk in list(unsettled.values_list("pk", flat=True)):
        _settle(pk, case, at)


def _settle(pk: int, case: Case, at: datetime) -> None:
    Message.objects.filter(pk=pk).update(settled_at=at)
    ladder.stand(Subject.MESSAGE, pk, case=case, due_on=None, at=at)


@act
def resend(message: Message, *, by: User) -> Message:
    """Send what did not arrive once more, to the address that holds now. Raises Refused."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=message.case_id)
    moves.demand_writer(case, by)
    message = Message.objects.get(pk=message.pk)
    if not message.can_go_again:
        raise Refused(_("This message needs not be sent again."))
    to = reader_of(case).addresses.get(message.channel)
    if to is None:
        raise Refused(_("There is no address for this channel on the sheet."))
    if not message.template.goes_to_all and OptOut.objects.filter(address=to).exists():
        raise Refused(_("The customer wants no messages to this address."))
    now = timezone.now()
    _settle(message.pk, case, now)
    moves.record(case, AGAIN, by=by, note=lambda: f"{message.what} → {to}", message=message.pk)
    message.pk, message.instead_of_id = None, message.pk
    message._state.adding = True
    message.reference, message.to, message.state = new_reference(), to, Message.State.WAITING
    message.created_at, message.due_at, message.attempts = now, after_quiet(now), 0
    message.claimed_at = message.handed_at = message.sent_at = message.settled_at = None
    message.error = ""
    message.save(force_insert=True)
    send_after([message.pk] if message.due_at <= now else [])
    return message


@act
def want(case: Case, channel: str, wanted: bool, *, by: User | None) -> None:
    """The customer of a case wants messages by a channel no more, or wants them again.

    What the law demands still goes by e-mail and on paper. Raises Refused without an address.
    """
    moves.demand_writer(case, by)
    to = reader_of(case).addresses.get(channel)
    if to is None:
        raise Refused(_("There is no address for this channel on the sheet."))
    if wanted:
        changed = OptOut.objects.filter(address=to).delete()[0]
    else:
        how = {"how": case.number, "noted_by": by}
        changed = OptOut.objects.get_or_create(address=to, defaults=how)[1]
    if changed:
        label = Channel(channel)
        moves.record(
            case,
            OPTED_IN if wanted else OPTED_OUT,
            by=by,
            note=lambda: f"{label.label}: {to}",
            channel=channel,
        )


def stop(address: str, *, how: str) -> bool:
    """An address asked to be left alone, by the word STOP say; returns whether that is new."""
    return OptOut.objects.get_or_create(address=address, defaults={"how": how[:200]})[1]
