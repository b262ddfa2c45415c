"""A message on its way: claimed by one worker, sent once, or shown as not delivered.

A worker claims a message by a conditional UPDATE that notes the time. Whoever dies with it leaves
the claim behind; when that has grown old, the message is waiting again, unless it had left the
house by e-mail: then nobody knows whether it arrived, and a person decides.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from news import channels, wording
from news.models import Channel, Message
from workflow import clocks, ladder, moves
from workflow.models import Case, Subject
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

logger = logging.getLogger(__name__)
UNDELIVERED = verb("message_undelivered", gettext_lazy("Message not delivered"))
# Longer than any attempt can take: each answer is waited for EMAIL_TIMEOUT seconds at most.
LEASE = timedelta(minutes=10)
ATTEMPTS = 10
FIRST_WAIT = timedelta(minutes=1)
BATCH = 200


class Superseded(Exception):
    """The claim had grown old and was taken back; the message is somebody else's now."""


def send(pk: int, now: datetime | None = None) -> bool:
    """Try to send one message; returns whether it was this caller's turn to try."""
    message = claim(pk, now or timezone.now())
    if message is None:
        return False
    try:
        channels.deliver(
            message, hand=partial(_hand, message), accepted=partial(_accepted, message)
        )
    except Superseded:
        logger.warning("message %s was taken back before it left", pk)
    except channels.Never as error:
        give_up(message, Message.State.UNDELIVERED, str(error))
    except channels.Unknown as error:
        if message.channel == Channel.EMAIL:
            give_up(message, Message.State.DOUBT, str(error))
        else:  # the gateway knows it by its key: asking again sends nothing twice
            _again(message, str(error), handed_at=message.handed_at or timezone.now())
    except channels.Later as error:
        _again(message, str(error), handed_at=message.handed_at)
    return True


def claim(pk: int, now: datetime) -> Message | None:
    """Take a message that is due; None when another has it, or people are left in peace now."""
    waiting = Message.objects.filter(pk=pk, state=Message.State.WAITING, due_at__lte=now)
    if clocks.is_quiet(now):
        waiting.update(due_at=wording.after_quiet(now))
        return None
    claimed = waiting.update(
        state=Message.State.SENDING, claimed_at=now, attempts=F("attempts") + 1
    )
    return Message.objects.get(pk=pk) if claimed else None


def _held(message: Message):
    """The message while the claim of this worker stands."""
    return Message.objects.filter(
        pk=message.pk, state=Message.State.SENDING, claimed_at=message.claimed_at
    )


def _hand(message: Message) -> None:
    """Note, before it leaves the house, that it may now have left. Raises Superseded."""
    if not _held(message).update(handed_at=timezone.now()):
        raise Superseded


def _accepted(message: Message) -> None:
    """The other side has said yes, however late: that holds, whatever was noted meanwhile."""
    known = Message.objects.filter(
        pk=message.pk,
        claimed_at=message.claimed_at,
        state__in=[Message.State.SENDING, Message.State.DOUBT],
    )
    if known.update(state=Message.State.SENT, sent_at=timezone.now(), error=""):
        ladder.stand(Subject.MESSAGE, message.pk, case=message.case, due_on=None, at=timezone.now())


def _again(message: Message, error: str, *, handed_at: datetime | None) -> None:
    """Wait longer after each attempt; after the last one it counts as not delivered.

    `handed_at` stays where an attempt may have reached the customer.
    """
    if message.attempts >= ATTEMPTS:
        state = Message.State.DOUBT if handed_at else Message.State.UNDELIVERED
        give_up(message, state, error)
        return
    due_at = wording.after_quiet(timezone.now() + FIRST_WAIT * 2 ** (message.attempts - 1))
    _held(message).update(
        state=Message.State.WAITING, due_at=due_at, handed_at=handed_at, error=error[:300]
    )


@act
def give_up(message: Message, state: str, error: str) -> bool:
    """Not delivered, or perhaps not: the history tells it, and it is a task for the owner."""
    Case.objects.select_for_update(of=("self",)).get(pk=message.case_id)
    if not _held(message).update(state=state, error=error[:300]):
        return False
    tell_owner(message, error)
    return True


def tell_owner(message: Message, error: str) -> None:
    """The customer does not know: somebody reaches them otherwise by the next working day."""
    now = timezone.now()
    moves.record(
        message.case,
        UNDELIVERED,
        by=None,
        note=lambda: (
            _("%(channel)s to %(to)s: %(what)s. %(error)s")
            % {
                "channel": message.get_channel_display(),
                "to": message.to,
                "what": message.what,
                "error": error[:200],
            }
        ).strip(),
        message=message.pk,
    )
    tomorrow = clocks.calendar().add(timezone.localdate(now), 1)
    ladder.stand(Subject.MESSAGE, message.pk, case=message.case, due_on=tomorrow, at=now)


def recover(now: datetime | None = None) -> int:
    """Take back the claims of workers that died; returns how many. Safe to run at any time."""
    now = now or timezone.now()
    old = Message.objects.filter(state=Message.State.SENDING, claimed_at__lt=now - LEASE)
    taken = 0
    for message in old.select_related("case")[:BATCH]:
        died = _("The worker died while it was sending.")
        if message.handed_at and message.channel == Channel.EMAIL:
            give_up(message, Message.State.DOUBT, died)
        else:
            _again(message, died, handed_at=message.handed_at)
        taken += 1
    return taken


def due(now: datetime | None = None) -> list[int]:
    """Messages that wait and whose time has come, those first that wait longest."""
    waiting = Message.objects.filter(state=Message.State.WAITING, due_at__lte=now or timezone.now())
    return list(waiting.order_by("due_at").values_list("pk", flat=True)[:BATCH])
