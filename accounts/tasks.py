"""What the clock does for accounts."""

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Throw away the sessions that have ended."""
    call_command("clearsessions")
