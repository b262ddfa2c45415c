"""An act that the customer is told of: its messages are written with it, in one transaction."""

from __future__ import annotations

import logging
from datetime import date, datetime
from functools import partial
from typing import Any, NamedTuple

from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from applications.models import Application
from applications.services import code_of
from documents.letterhead import SERVICE_LINE
from news import channels, wording
from news.models import Channel, Message, OptOut, Template
from workflow import ladder
from workflow.models import Case, Event, Step, StopReason
from workflow.moves import STOPPED
from workflow.process import Kind

logger = logging.getLogger(__name__)
SUBJECT = 300


class Reader(NamedTuple):
    """The customer as a reader: in which language, and where each channel reaches them."""

    language: str
    addresses: dict[str, str]


def tell(event: Event, case: Case) -> list[Message]:
    """Write what the customer is told of an act, ready to be sent once the act stands.

    Called by the door for every verb that is `told`, with the locked case. Without words or without
    an address nothing is written; an error here is logged and never breaks the act.
    """
    try:
        with transaction.atomic():
            return _write(event, case)
    except Exception:
        logger.exception("%s: the customer was not told of %s", case.number, event.verb)
        return []


def _write(event: Event, case: Case) -> list[Message]:
    reader = reader_of(case)
    if not reader.addresses:
        return []
    templates = Template.objects.in_use().filter(
        verb=event.verb, language=reader.language, channel__in=reader.addresses
    )
    if not (found := list(templates)):
        return []
    unwanted = set(
        OptOut.objects.filter(address__in=reader.addresses.values()).values_list(
            "address", flat=True
        )
    )
    with override(reader.language):
        values = values_of(event, case)
    now = timezone.now()
    messages = [
        Message(
            case=case,
            event=event,
            template=template,
            verb=event.verb,
            channel=template.channel,
            to=reader.addresses[template.channel],
            state=_state(template, reader.addresses[template.channel] in unwanted),
            created_at=now,
            due_at=wording.after_quiet(now),
            **rendered(template, values),
        )
        for template in found
    ]
    Message.objects.bulk_create(messages)
    send_after([m.pk for m in messages if m.state == Message.State.WAITING and m.due_at <= now])
    return messages


def _state(template: Template, unwanted: bool) -> Message.State:
    withheld = unwanted and not template.goes_to_all
    return Message.State.WITHHELD if withheld else Message.State.WAITING


def reader_of(case: Case) -> Reader:
    """Language and addresses from the latest sheet; a case without one has its telephone."""
    sheet = Application.of(case) or Application(phone=case.phone)
    language, phone, email = sheet.language, sheet.phone, sheet.email
    addresses = {Channel.SMS: wording.mobile(phone), Channel.EMAIL: email}
    return Reader(
        language,
        {channel: to for channel, to in addresses.items() if to and channels.open_for(channel)},
    )


def rendered(template: Template, values: dict[str, str]) -> dict[str, str]:
    """Subject and body as the customer reads them."""
    if template.channel == Channel.SMS:
        return {"subject": "", "body": wording.fit(template.body, values)}
    return {
        "subject": wording.line(template.subject, values, SUBJECT),
        "body": wording.fill(template.body, values),
    }


def values_of(event: Event, case: Case) -> dict[str, str]:
    """What stands for each placeholder, in the language that is active."""
    data = event.data
    live = case.live_steps
    owner = ladder.answering(case, live[0] if live else None)
    step = event.step or (live[0] if live else None)
    kind = data.get("to") or (step.kind if step else "")
    code = code_of(case)
    code.case = case
    new = data.get("new") or data.get("cap_on") or data.get("due_on") or case.due_on
    return {
        "number": case.number,
        "customer": case.customer_name,
        "office": str(case.unit),
        "step": str(Kind(kind).label) if kind else "",
        "note": _note(event),
        "options": "; ".join(filter(None, map(str.strip, data.get("options", "").splitlines()))),
        "on": _moment(data.get("booked_at") or event.happened_at),
        "old": _moment(data.get("old")),
        "new": _moment(new),
        "next": coming(live),
        "who": str(owner),
        "phone": owner.phone or case.unit.phone or SERVICE_LINE,
        "link": code.url,
    }


def _note(event: Event) -> str:
    """What was noted; of a stop only its listed reason, as its evidence may name other people."""
    if event.verb == STOPPED:
        return str(StopReason.objects.filter(code=event.data.get("reason")).first() or "")
    return " ".join(event.note.split()).rstrip("。.;； ")


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else "–"


def coming(live: list[Step]) -> str:
    """What comes next: the first link that is open, and by when; or what we wait for."""
    if not live:
        return "–"
    step = live[0]
    name = step.get_kind_display()
    if step.state == Step.State.WITH_CUSTOMER:
        return _("your turn: %(step)s") % {"step": name}
    if step.due_on is None:
        return name
    return _("%(step)s, by %(day)s") % {"step": name, "day": f"{step.due_on:%Y-%m-%d}"}


def send_after(ids: list[int]) -> None:
    """Hand messages to the worker once this transaction stands.

    Robust: with the broker away the act stands, and the clock sends them later.
    """
    if ids:
        transaction.on_commit(partial(current_app.send_task, "news.tasks.send", [ids]), robust=True)
