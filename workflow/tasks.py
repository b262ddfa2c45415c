"""What the worker and the clock do for the floor. Tasks take ids and are safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import timezone

from workflow import reminders
from workflow.models import Notice

MAIL_LATE = timedelta(minutes=2)
# A worker that has held a notice for longer was killed between the claim and the sending.
ABANDONED = timedelta(minutes=10)


@shared_task(name="workflow.tasks.sweep")
def sweep() -> int:
    """One pass of the sweep; then send again what was told and never mailed."""
    told = reminders.sweep()
    late = Notice.objects.filter(
        mailed_at=None, reminder__created_at__lt=timezone.now() - MAIL_LATE
    ).exclude(Q(user__email="") | Q(user__is_active=False))
    ids = list(late.values_list("pk", flat=True)[:500])
    if ids:
        reminders.send(ids)
    return told


@shared_task(
    name="workflow.tasks.mail_notices", autoretry_for=(OSError,), retry_backoff=True, max_retries=5
)
def mail_notices(notice_ids: list[int]) -> int:
    """Mail notices, each once: claimed by a conditional UPDATE, given back when the mail did not
    leave. A claim whose worker died is taken over, so a mail may come twice but never not at all.
    """
    sent = 0
    with get_connection() as connection:
        for notice_id in notice_ids:
            now, notice = timezone.now(), Notice.objects.filter(pk=notice_id, mailed_at=None)
            free = Q(mailing_since=None) | Q(mailing_since__lt=now - ABANDONED)
            if notice.filter(free).exclude(user__email="").update(mailing_since=now):
                try:
                    _mail(notice_id, connection)
                except OSError:
                    notice.update(mailing_since=None)
                    raise
                notice.update(mailed_at=timezone.now())
                sent += 1
    return sent


def _mail(notice_id: int, connection) -> None:
    notice = Notice.objects.select_related(
        "user", "reminder__case__owner", "reminder__step__owner", "reminder__step__case"
    ).get(pk=notice_id)
    subject, text = reminders.wording(notice)
    address = f"{settings.BASE_URL}{notice.reminder.case.get_absolute_url()}"
    EmailMessage(
        subject, f"{text}\n\n{address}\n", to=[notice.user.email], connection=connection
    ).send()
