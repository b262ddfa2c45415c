"""What the worker and the clock do for the floor. Tasks take ids and are safe to run twice."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from workflow import force, mailing, reminders, rescheduling

logger = logging.getLogger(__name__)


@shared_task(name="workflow.tasks.sweep")
def sweep() -> int:
    """One pass of the sweep; then everybody for whom a mail waits gets it from the worker."""
    told = reminders.sweep()
    readers = mailing.readers(timezone.now())
    try:
        if rescheduling.waits():
            reschedule.delay()
        for user_id in readers:
            mail_person.delay(user_id)
    except OperationalError:
        logger.warning("broker away: mails for %s people wait for the next sweep", len(readers))
    return told


@shared_task(name="workflow.tasks.watch")
def watch() -> int:
    """Stand the ladders of what ends soon or has ended."""
    return force.watch()


@shared_task(name="workflow.tasks.reschedule")
def reschedule() -> None:
    """One batch of the due dates that are to be computed anew; then the next."""
    if rescheduling.go_on():
        reschedule.delay()


@shared_task(name="workflow.tasks.pass_on")
def pass_on(person_id: int, by_id: int | None) -> int:
    """Pass on, case by case, what lies with a person who cannot do it any more."""
    by = User.objects.get(pk=by_id) if by_id else None
    return reminders.pass_on_left(User.objects.get(pk=person_id), by=by)


@shared_task(name="workflow.tasks.mail_person")
def mail_person(user_id: int) -> int:
    """Mail a person what waits for them; how many notices it tells of."""
    return mailing.mail(user_id)
