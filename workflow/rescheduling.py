"""Limits or calendar changed: the worker computes every open due date anew, case by case.

No request waits for it and no case is held longer than its own dates take. What was asked for is a
row, written with the change itself: a worker may be killed at any time, the next one goes on.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from workflow import clocks, moves
from workflow.models import Case, Rescheduling, Step
from workflow.moves.unit_of_work import act
from workflow.words import Words, as_data, from_data, keep

logger = logging.getLogger(__name__)
BATCH = 20
# Longer than a batch takes: then its worker is dead.
LEASE = timedelta(minutes=10)


@act
def ask(*, by: User | None, what: Words) -> Rescheduling:
    """Limits or calendar change in this transaction: from its end on every process reads them anew,
    and the worker begins.

    Robust: with the broker away the row stands, and the sweep sends it later.
    """
    clocks.new_edition()
    asked = Rescheduling.objects.create(what=keep(what), asked_by=by, asked_at=timezone.now())
    transaction.on_commit(send, robust=True)
    return asked


def send() -> None:
    current_app.send_task("workflow.tasks.reschedule")


def waits() -> bool:
    """Something was asked for that nobody is working on."""
    return _free(timezone.now()).exists()


def go_on() -> bool:
    """Compute the next batch of the oldest that waits; returns whether there may be more to do."""
    now = timezone.now()
    asked = Rescheduling.objects.filter(finished_at=None).order_by("pk").first()
    if asked is None or not _free(now).filter(pk=asked.pk).update(leased_until=now + LEASE):
        return False  # nothing, or another worker is at it
    asked.refresh_from_db()
    cases = Case.objects.open().filter(steps__state=Step.State.IN_HAND, pk__gt=asked.done_to)
    ids = list(cases.distinct().order_by("pk").values_list("pk", flat=True)[:BATCH])
    failed: list[int] = []
    moved = sum(_reschedule(pk, asked, failed) for pk in ids or asked.failed)
    Rescheduling.objects.filter(pk=asked.pk).update(
        moved=F("moved") + moved,
        done_to=ids[-1] if ids else asked.done_to,
        # Those that somebody held are tried once more at the end; what fails then stays named.
        failed=[*asked.failed, *failed] if ids else failed,
        leased_until=None,
        finished_at=None if ids else timezone.now(),
    )
    return True


def _free(now: datetime) -> QuerySet[Rescheduling]:
    """What is not finished and lies with no worker that lives."""
    return Rescheduling.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now), finished_at=None
    )


def _reschedule(case_id: int, asked: Rescheduling, failed: list[int]) -> int:
    """The dates of one case; what cannot be done is logged and noted, and holds up no other."""
    try:
        changed = moves.reschedule(
            Case(pk=case_id), by=asked.asked_by, why=lambda: from_data(as_data(asked.what))
        )
    except Exception:
        logger.exception("the due dates of case %s were not computed anew", case_id)
        failed.append(case_id)
        return 0
    return len(changed)
