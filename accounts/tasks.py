"""What the clock does for accounts."""

from celery import shared_task
from django.core.management import call_command

from accounts import once


@shared_task
def clear_sessions() -> None:
    """Throw away the sessions that have ended, and the numbers of forms long handed in."""
    call_command("clearsessions")
    once.clear()
