"""How a message leaves the house: by SMTP, by the SMS gateway, or onto the console in the demo.

**E-mail** goes to EMAIL_HOST. Up to the final dot nothing has left: whatever fails before is tried
again. The dot is sent only after `hand()` has noted it; who then gets no answer does not know
whether the message arrived, and it is never sent again unasked.

**SMS** goes to a gateway by HTTP, which every provider's own interface is put behind:

    POST <SMS_URL>
    Authorization: Bearer <SMS_TOKEN>
    Content-Type: application/json
    Idempotency-Key: <id>

    {"id": "9f0c…", "to": "13900004217", "text": "…"}

- 2xx: the gateway has it and will deliver it. The same `id` a second time is answered 2xx as well,
  and is **not** sent a second time: so an answer that was lost may be asked for again.
- 401, 403, 408, 409, 425, 429 and 5xx: not now (our token is wrong, too many, it is down); tried
  again later. Any other 4xx: this number or text can never be delivered.
- No answer within SMS_TIMEOUT seconds, or none that can be read: tried again with the same `id`.

Without EMAIL_HOST or SMS_URL the message is written to the log of the worker: only outside
production; there a channel that is not set up is not used.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from news.models import Channel, Message

logger = logging.getLogger(__name__)
NOT_NOW = frozenset({401, 403, 408, 409, 425, 429})
DOT = b".\r\n"


class NotSent(Exception):
    """The other side has not said yes; the words tell why."""


class Later(NotSent):
    """It did not leave the house: to be tried again."""


class Never(NotSent):
    """The other side will not deliver it."""


class Unknown(NotSent):
    """It left the house, and no answer came."""


def open_for(channel: str) -> bool:
    """Whether a channel is set up here; outside production the console stands in."""
    host = settings.EMAIL_HOST if channel == Channel.EMAIL else settings.SMS_URL
    return bool(host) or not settings.PRODUCTION


def deliver(message: Message, *, hand: Callable[[], None], accepted: Callable[[], None]) -> None:
    """Send a message: `hand` is called right before it may reach the customer, `accepted` as soon
    as the other side has said yes. Raises NotSent in one of its three kinds.
    """
    if message.channel == Channel.EMAIL:
        send = _mail if settings.EMAIL_HOST else _console
    else:
        send = _sms if settings.SMS_URL else _console
    send(message, hand, accepted)


def _console(message: Message, hand: Callable[[], None], accepted: Callable[[], None]) -> None:
    hand()
    logger.info("%s to %s: %s\n%s", message.channel, message.to, message.subject, message.body)
    accepted()


# E-mail -------------------------------------------------------------------------------------------


def _mail(message: Message, hand: Callable[[], None], accepted: Callable[[], None]) -> None:
    smtp = smtplib.SMTP(timeout=settings.EMAIL_TIMEOUT)
    try:
        try:
            _begin(smtp, message)
        except (smtplib.SMTPException, OSError) as error:
            raise Later(_said(error)) from error
        hand()
        try:
            smtp.send(DOT)
            code, answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise Unknown(_said(error)) from error
        _judge(code, answer, Unknown)
        accepted()
        with contextlib.suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def _begin(smtp: smtplib.SMTP, message: Message) -> None:
    """Everything but the final dot."""
    code, answer = smtp.connect(settings.EMAIL_HOST, settings.EMAIL_PORT)
    if code != 220:
        raise Later(_said(answer))
    if settings.EMAIL_USE_TLS:
        smtp.starttls(context=ssl.create_default_context())
    smtp.ehlo_or_helo_if_needed()
    if settings.EMAIL_HOST_USER:
        smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    code, answer = smtp.mail(_envelope(message))
    if code != 250:  # our own address is not liked: nothing the customer could mend
        raise Later(_said(answer))
    code, answer = smtp.rcpt(message.to)
    _judge(code, answer, Later)
    code, answer = smtp.docmd("DATA")
    if code != 354:
        _judge(code, answer, Later)
        raise Later(_said(answer))
    smtp.send(_letter(message))


def _judge(code: int, answer: bytes, otherwise: type[NotSent]) -> None:
    """A yes passes; a no is for good (5xx) or for now (4xx); anything else is `otherwise`."""
    if 200 <= code < 300:
        return
    if 500 <= code < 600:
        raise Never(_said(answer))
    raise (Later if 400 <= code < 500 else otherwise)(_said(answer))


def _envelope(message: Message) -> str:
    """Where it comes back to: an address that names the message (see note_bounce), if there is
    one.
    """
    local, _at, host = settings.MAIL_BOUNCES.partition("@")
    return f"{local}+{message.reference}@{host}" if host else _from_address()


def _from_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _letter(message: Message) -> bytes:
    """The message as it goes over the line, up to the dot."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = settings.DEFAULT_FROM_EMAIL
    letter["To"] = message.to
    letter["Subject"] = message.subject
    letter["Date"] = formatdate(timezone.now().timestamp())
    letter["Message-ID"] = f"<{message.reference}@{_from_address().partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body)
    content = re.sub(rb"(?m)^\.", b"..", letter.as_bytes())
    return content if content.endswith(b"\r\n") else content + b"\r\n"


# SMS ----------------------------------------------------------------------------------------------


def _sms(message: Message, hand: Callable[[], None], accepted: Callable[[], None]) -> None:
    address = urlsplit(settings.SMS_URL)
    secure = address.scheme == "https"
    connection = (HTTPSConnection if secure else HTTPConnection)(
        address.hostname or "", address.port, timeout=settings.SMS_TIMEOUT
    )
    try:
        try:
            connection.connect()
        except OSError as error:
            raise Later(_said(error)) from error
        hand()
        try:
            code, answer = _post(connection, address.path or "/", message)
        except (HTTPException, OSError) as error:
            raise Unknown(_said(error)) from error
    finally:
        connection.close()
    if 200 <= code < 300:
        accepted()
    elif 400 <= code < 500 and code not in NOT_NOW:
        raise Never(f"{code} {answer}")
    else:
        raise Later(f"{code} {answer}")


def _post(connection: HTTPConnection, path: str, message: Message) -> tuple[int, str]:
    body = {"id": message.reference, "to": message.to, "text": message.body}
    headers = {
        "Authorization": f"Bearer {settings.SMS_TOKEN}",
        "Content-Type": "application/json",
        "Idempotency-Key": message.reference,
    }
    connection.request("POST", path, json.dumps(body).encode(), headers)
    response = connection.getresponse()
    return response.status, response.read(200).decode(errors="replace")


def _said(answer: bytes | BaseException) -> str:
    if isinstance(answer, bytes):
        return answer.decode(errors="replace")
    if isinstance(answer, (TimeoutError, socket.timeout)):
        return "timed out"
    return str(answer) or type(answer).__name__
