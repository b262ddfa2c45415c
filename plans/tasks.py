"""What the clock does for plans."""

from celery import shared_task

from plans import services


@shared_task
def expire() -> int:
    """Void what is past its validity; safe to run twice."""
    return services.expire()


@shared_task
def end_consents() -> int:
    """Deal with every consent whose time is over; safe to run twice."""
    return services.end_consents()
