"""What goes on without anybody asking."""

from celery import shared_task

from public import drafts, services


@shared_task
def clear_guesses() -> int:
    """Forget the wrong codes of yesterday."""
    return services.clear_guesses()


@shared_task
def clear_drafts() -> int:
    """Delete the applications begun on the web that nobody touched for 30 days."""
    return drafts.clear()
