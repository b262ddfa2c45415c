"""What the clock does for plans."""

from celery import shared_task

from plans import steps


@shared_task
def expire() -> int:
    """Void what is past its validity; safe to run twice."""
    return steps.expire()
