"""The sweep: tells people what is due, late, silent or owed, each rung once; and what they have
seen.

The database is the truth. A sweep claims each due alert with a conditional UPDATE under the lock of
its case, so
any number of sweeps may run at once, be killed and run again: nothing is told twice, nothing is
lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import User
from workflow import clocks, ladder, moves
from workflow.guards import Refused
from workflow.models import Alert, Case, Notice, Pause, Reminder, Subject, Sweep
from workflow.moves.unit_of_work import act

logger = logging.getLogger(__name__)
BATCH = 1000
KEEP_SWEEPS = timedelta(days=30)


def sweep(now: datetime | None = None) -> int:
    """One pass over everything whose time has come; returns how many reminders were told.

    What cannot be done for one case (it is broken, a lock timed out) is logged and left for the
    next pass; it holds up no other.
    """
    now = now or timezone.now()
    record = Sweep.objects.create(started_at=timezone.now())
    resume_capped(timezone.localdate(now))
    pass_on_left()
    told, after = 0, 0
    while batch := list(
        Alert.objects.filter(next_at__lte=now, pk__gt=after)
        .order_by("pk")
        .values_list("pk", "case_id")[:BATCH]
    ):
        for alert_id, case_id in batch:
            try:
                told += tell(alert_id, case_id, now)
            except Exception:
                logger.exception("alert %s was not told; the next sweep tries again", alert_id)
        after = batch[-1][0]
    record.reminders, record.finished_at = told, timezone.now()
    record.save(update_fields=["reminders", "finished_at"])
    Sweep.objects.filter(started_at__lt=timezone.now() - KEEP_SWEEPS).delete()
    return told


@act
def tell(alert_id: int, case_id: int, now: datetime) -> int:
    """Tell the highest rung of one ladder whose time has come, in place of those below it; returns
    whether it did.
    """
    Case.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    alert = (
        Alert.objects.select_related("case__unit", "case__owner__unit", "step__owner", "owner")
        .filter(pk=alert_id, next_at__lte=now)
        .first()
    )
    if alert is None:
        return 0
    level = alert.level
    while (following := ladder.moment(alert.due_on, level + 1)) <= now:
        level += 1
    claimed = Alert.objects.filter(pk=alert.pk, level=alert.level, due_on=alert.due_on).update(
        level=level + 1, next_at=following
    )
    alert.level = level
    return _remind(alert, now) if claimed else 0


def _remind(alert: Alert, now: datetime) -> int:
    """Write the reminder of the alert's present rung and a notice for everybody it tells."""
    reminder, new = Reminder.objects.get_or_create(
        subject=alert.subject,
        ref=alert.ref,
        level=alert.level,
        due_on=alert.due_on,
        defaults={"case": alert.case, "step": alert.step, "created_at": now},
    )
    if not new:
        return 0
    people = ladder.recipients(alert)
    Notice.objects.bulk_create(Notice(reminder=reminder, user=person) for person in people)
    names = ", ".join(map(str, people))
    moves.record(
        alert.case,
        moves.REMINDED,
        by=None,
        step=alert.step,
        at=now,
        note=lambda: f"{alert.get_subject_display()} {alert.due_on}: {names}",
        level=alert.level,
        told=[person.pk for person in people],
    )
    return 1


def resume_capped(today: date) -> int:
    """Let the clock run again where a stop has reached its cap, from the cap on, however late this
    comes; owner and supervisor are told.
    """
    resumed = 0
    for pause in Pause.objects.filter(ended_at=None, cap_on__lt=today).select_related("step__case"):
        try:
            _end_at_cap(pause)
        except Refused:
            continue  # somebody resumed it meanwhile
        except Exception:
            logger.exception("stop %s goes on past its cap; the next sweep tries again", pause.pk)
            continue
        resumed += 1
    return resumed


@act
def _end_at_cap(pause: Pause) -> None:
    step = moves.resume(
        pause.step,
        by=None,
        at=pause.cap_at,
        note=lambda: _("The cap of the stop was reached: the clock runs again."),
    )
    told = Alert(
        subject=Subject.CAP,
        ref=pause.pk,
        case=step.case,
        step=step,
        due_on=step.due_on,
        level=ladder.WITH_SUPERVISOR,
    )
    _remind(told, timezone.now())


def pass_on_left(person: User | None = None, by: User | None = None) -> int:
    """Pass on what lies with people who cannot do it, or with one of them, however they came to be
    so; returns how many steps and cases were passed on.
    """
    passed = 0
    for case_id in moves.left(person):
        try:
            passed += len(moves.pass_on(case_id, by=by))
        except Exception:
            logger.exception("case %s was not passed on; the next sweep tries again", case_id)
    return passed


@act
def acknowledge(notice_ids: Iterable[int], *, by: User) -> int:
    """The person has seen these notices of theirs; returns how many were unread."""
    return (
        Notice.objects.unread()
        .filter(pk__in=list(notice_ids), user=by)
        .update(acknowledged_at=timezone.now())
    )


def acknowledge_all(*, by: User) -> int:
    """The person has seen every notice there is for them."""
    return Notice.objects.unread().filter(user=by).update(acknowledged_at=timezone.now())


def wording(notice: Notice) -> tuple[str, str]:
    """Subject and text of a notice in its reader's language."""
    reminder = notice.reminder
    case, step = reminder.case, reminder.step
    with override(notice.user.language):
        late = clocks.calendar().between(reminder.due_on, timezone.localdate(reminder.created_at))
        when = (
            _("due on %(day)s") % {"day": reminder.due_on}
            if late <= 0
            else ngettext("%(n)s working day late", "%(n)s working days late", late) % {"n": late}
        )
        what = step.get_kind_display() if step else reminder.get_subject_display()
        subject = f"{case.number} {case.customer_name}: {what}, {when}"
        text = "\n".join(
            [
                _("%(about)s: %(what)s, %(when)s.")
                % {"about": reminder.get_subject_display(), "what": what, "when": when},
                _("Customer: %(name)s, %(phone)s, %(address)s.")
                % {"name": case.customer_name, "phone": case.phone, "address": case.address},
                _("Accountable: %(owner)s.") % {"owner": ladder.answering(case, step)},
            ]
        )
    return subject, text


def last_sweep() -> Sweep | None:
    """The newest finished pass: the watchdog's evidence."""
    return Sweep.objects.filter(finished_at__isnull=False).first()
