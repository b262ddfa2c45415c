"""Reminders by e-mail: one digest a person and working morning, at once only what is due today.

The notices are the outbox. A mail claims those it tells of under the lock of the person, so that
two workers never write to the same person at once; what became of it is written on each of them.
Each mail fails for itself: what cannot be delivered is shown to those who steer, what may yet be is
tried again later and less and less often.
"""

from __future__ import annotations

import contextlib
import smtplib
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Unit, User
from workflow import clocks, reminders
from workflow.models import Notice
from workflow.moves.unit_of_work import act

FIRST_WAIT = timedelta(minutes=5)
# The last of them about a day after the first.
TRIES = 9
LISTED = 100
SHOWN = timedelta(days=7)


class NotSent(Exception):
    """The mail did not leave, or perhaps did; `for_good` when there is no use in trying again."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


def readers(now: datetime) -> list[int]:
    """The people for whom a notice waits that may be mailed at this moment."""
    if clocks.is_quiet(now):
        return []
    waiting = Notice.objects.to_mail(now).order_by("user").values_list("user_id", flat=True)
    return list(waiting.distinct())


def mail(user_id: int, now: datetime | None = None) -> int:
    """Send a person what may be mailed now, in one mail; returns how many notices it told of."""
    now = now or timezone.now()
    notices = _claim(user_id, now)
    if not notices:
        return 0
    mine = Notice.objects.filter(pk__in=[notice.pk for notice in notices])
    try:
        _send(_letter(notices))
    except NotSent as error:
        _put_off(mine, notices[0].mail_tries + 1, error, now)
        return 0
    return mine.update(mailed_at=timezone.now(), mailing_since=None)


def undelivered(user: User, now: datetime) -> list[Notice]:
    """The newest mail of each person below the reader's office that did not arrive these days."""
    found = (
        Notice.objects.undelivered_since(now - SHOWN)
        .filter(user__unit__in=Unit.objects.under(user.unit), user__is_active=True)
        .select_related("user__unit", "reminder")
        .order_by("-pk")
    )
    newest: dict[int, Notice] = {}
    for notice in found[:500]:
        newest.setdefault(notice.user_id, notice)
    return list(newest.values())


@act
def _claim(user_id: int, now: datetime) -> list[Notice]:
    """The notices of the next mail: all of them in the morning, later those due today."""
    if clocks.is_quiet(now) or not User.objects.select_for_update().filter(pk=user_id).exists():
        return []
    theirs = Notice.objects.filter(user=user_id)
    under_way = theirs.filter(mailed_at=None, undelivered="").exclude(mailing_since=None)
    waiting = theirs.to_mail(now)
    if under_way.exclude(pk__in=waiting.values("pk")).exists():
        return []
    today = timezone.localdate(now)
    digest = _may_have_a_digest(theirs, now, today)
    if not digest:
        waiting = waiting.filter(reminder__due_on=today)
    claimed = list(waiting.values_list("pk", flat=True))
    theirs.filter(pk__in=claimed).update(mailing_since=now, in_digest=digest)
    return list(
        Notice.objects.filter(pk__in=claimed)
        .select_related(
            "user", "reminder__case__owner", "reminder__step__owner", "reminder__step__case"
        )
        .order_by("-reminder__level", "reminder__due_on", "pk")
    )


def _may_have_a_digest(theirs: QuerySet[Notice], now: datetime, today: date) -> bool:
    """Once a working day, from the hour on at which the day's reminders are told."""
    morning = clocks.morning(today)
    had_one = theirs.filter(Q(in_digest=True), mailed_at__gte=morning)
    return clocks.calendar().is_working(today) and now >= morning and not had_one.exists()


def _letter(notices: list[Notice]) -> EmailMessage:
    user = notices[0].user
    told = [(*reminders.wording(notice), _address(notice)) for notice in notices[:LISTED]]
    with override(user.language):
        if len(notices) == 1:
            [(subject, text, address)] = told
            body = f"{text}\n\n{address}\n"
        else:
            subject = _("%(n)s reminders, the longest overdue first") % {"n": len(notices)}
            parts = [f"{about}\n{address}" for about, _text, address in told]
            if more := len(notices) - len(told):
                parts.append(_("And %(n)s more:") % {"n": more})
            everything = f"{settings.BASE_URL}{reverse('workflow:reminders')}"
            parts.append(_("All your reminders: %(address)s") % {"address": everything})
            body = "\n\n".join(parts) + "\n"
    # What somebody typed may hold a line break, which no subject may.
    return EmailMessage(" ".join(subject.split()), body, to=[user.email])


def _address(notice: Notice) -> str:
    return f"{settings.BASE_URL}{notice.reminder.case.get_absolute_url()}"


def _send(letter: EmailMessage) -> None:
    """Hand a mail to the server. Raises NotSent."""
    connection = get_connection()
    try:
        try:
            connection.open()
        except OSError as error:
            raise NotSent(_said(error), for_good=False) from error
        try:
            connection.send_messages([letter])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise NotSent(_said(answer), for_good=code >= 500) from error
        except smtplib.SMTPSenderRefused as error:  # ours: the reader's address is not at fault
            raise NotSent(_said(error.smtp_error), for_good=False) from error
        except smtplib.SMTPResponseException as error:
            for_good = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
            raise NotSent(_said(error.smtp_error), for_good=for_good) from error
        except OSError as error:  # broken off: it may have arrived, and nobody is written to twice
            raise NotSent(_("perhaps: %(why)s") % {"why": _said(error)}, for_good=True) from error
        except ValueError as error:  # an address or a subject that no mail can have
            raise NotSent(_said(error), for_good=True) from error
    finally:
        with contextlib.suppress(OSError):
            connection.close()


def _said(answer: bytes | BaseException) -> str:
    if isinstance(answer, bytes):
        return answer.decode(errors="replace")
    return str(answer) or type(answer).__name__


def _put_off(mine: QuerySet[Notice], tries: int, error: NotSent, now: datetime) -> None:
    """Try again later, twice as late each time; or give up, and say why."""
    given_up = error.for_good or tries >= TRIES
    mine.update(
        mailing_since=None,
        mail_tries=tries,
        mail_again_at=None if given_up else now + FIRST_WAIT * 2 ** (tries - 1),
        undelivered=str(error)[:200] if given_up else "",
    )
