"""What the machinery around asks: alive, ready for work. Answers also without the database."""

from __future__ import annotations

from collections.abc import Callable

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from kombu.exceptions import KombuError

from workflow.board import sweep_is_late


@login_not_required
@never_cache
@transaction.non_atomic_requests
def alive(request: HttpRequest) -> HttpResponse:
    """The process answers; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@transaction.non_atomic_requests
def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker, migrations, sweep; 503 as soon as one fails. Says which, nothing more."""
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


def _sweep() -> bool:
    return not sweep_is_late()


CHECKS = {"database": _database, "broker": _broker, "migrations": _migrations, "sweep": _sweep}
