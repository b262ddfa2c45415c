"""What the pages of a case show of the messages to its customer."""

from __future__ import annotations

from accounts.models import User
from applications.services import may_note
from news.models import Channel, Message, OptOut
from news.services import reader_of
from workflow.models import Case

LATEST = 30


def messages(case: Case, user: User) -> dict:
    """The latest messages, and by which channels the customer wants none; three queries."""
    addresses = reader_of(case).addresses
    unwanted = set(
        OptOut.objects.filter(address__in=addresses.values()).values_list("address", flat=True)
    )
    return {
        "news": list(Message.objects.filter(case=case)[:LATEST]),
        "ways": [(Channel(name), to, to in unwanted) for name, to in addresses.items()],
        "writable": may_note(case, user),
    }
