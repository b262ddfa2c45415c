"""What the worker does for dossiers. Tasks take ids and are safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from dossier.models import Dossier

# Who could not be made within a day is told to the administrator, not tried for ever.
TRIED_FOR = timedelta(days=1)


@shared_task
def make(dossier_id: int) -> None:
    """Make one dossier, unless it is made already or removed by now."""
    from dossier import archive, services  # WeasyPrint stays out of the web processes

    dossier = Dossier.objects.unmade().select_related("case__unit").filter(pk=dossier_id).first()
    if dossier:
        with archive.written(dossier) as (file, events, head):
            services.keep(dossier, file, events=events, head=head)


@shared_task
def make_missing() -> int:
    """Send again what was asked for and never made: a worker died, or the broker lost it."""
    now = timezone.now()
    late = Dossier.objects.unmade().filter(
        asked_at__range=(now - TRIED_FOR, now - settings.DOSSIER_LATE)
    )
    ids = list(late.values_list("pk", flat=True))
    for dossier_id in ids:
        make.delay(dossier_id)
    return len(ids)


@shared_task
def clear() -> int:
    """Remove the dossiers of more than a month ago, and bytes that belong to none."""
    from dossier import services

    return services.clear()
