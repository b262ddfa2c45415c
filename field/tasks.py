"""What goes on without anybody asking."""

from celery import shared_task

from field import services


@shared_task
def catch_up() -> int:
    """Apply the records that became whole while their request was cut off."""
    return services.catch_up()


@shared_task
def clear() -> int:
    """Delete what nobody needs any more: copies the cases have had for a month, lost pieces."""
    return services.clear() + services.forget_pieces()
