"""Messages of a customer who has a mobile telephone and an e-mail address."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from news.models import Message
from tests.applications.factories import accepted, sheet
from workflow.models import Case

EMAIL = "wang@example.org"
MOBILE = "13900004217"


def told_case(**columns: Any) -> Case:
    """A case accepted at the counter, of a customer who can be written to."""
    columns.setdefault("email", EMAIL)
    return accepted(sheet(**columns))


def message(channel: str, case: Case | None = None) -> Message:
    """The message that tells of the acceptance; the others of the case are out of the way."""
    case = case or told_case()
    found = case.messages.get(channel=channel, verb="application_accepted")
    case.messages.exclude(pk=found.pk).update(
        state=Message.State.SENT, sent_at=timezone.now(), attempts=1
    )
    return found


def now_due(found: Message) -> None:
    """The wait after the last attempt is over."""
    Message.objects.filter(pk=found.pk).update(due_at=timezone.now())
