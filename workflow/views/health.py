"""What the machinery around asks: alive, and ready for work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from kombu.exceptions import KombuError

from workflow.models import Alert, Sweep

# The sweep may miss two turns before somebody must look.
MISSED_TURNS = 3


@login_not_required
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker, migrations and sweep; 503 as soon as one of them fails. Says which, nothing more."""
    found = {name: _holds(check) for name, check in CHECKS.items()}
    well = all(found.values())
    words = {name: "ok" if fine else "failed" for name, fine in found.items()}
    return JsonResponse({"ready": well, **words}, status=200 if well else 503)


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, KombuError, OSError):
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _broker() -> bool:
    with current_app.connection_for_read(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        return True


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def sweep_is_late() -> bool:
    """Whether the newest sweep is too old; without any, whether a reminder has been waiting for it."""
    oldest = timezone.now() - timedelta(minutes=MISSED_TURNS * settings.SWEEP_MINUTES)
    newest = Sweep.objects.exclude(finished_at=None).first()
    if newest:
        return newest.finished_at < oldest
    return Alert.objects.filter(next_at__lt=oldest).exists()


def _sweep() -> bool:
    return not sweep_is_late()


CHECKS = {"database": _database, "broker": _broker, "migrations": _migrations, "sweep": _sweep}
