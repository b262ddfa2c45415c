"""What the worker and the clock do for messages. Tasks take ids and are safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from news import services

# What was just written has its own task on the way.
LATE = timedelta(seconds=30)


@shared_task(name="news.tasks.send")
def send(message_ids: list[int]) -> int:
    """Try to send messages; returns how many it was this worker's turn to try."""
    return sum(services.send(pk) for pk in message_ids)


@shared_task(name="news.tasks.send_due")
def send_due() -> int:
    """Take back what dead workers held, and send what waits: each as a task of its own."""
    services.recover()
    ids = services.due(timezone.now() - LATE)
    for pk in ids:
        send.delay([pk])
    return len(ids)
