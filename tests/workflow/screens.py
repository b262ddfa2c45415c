"""Cases for the tests of the screens: moved by the one door, the guards of the rooms set aside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from tests import factories
from workflow import clocks, moves, process
from workflow.models import Case, Step
from workflow.process import Kind

WORKER = {rule.kind: rule.role for rule in process.PROCESS.values()}


def worker(kind: str) -> User:
    """Somebody at the office who does this link."""
    return factories.person(WORKER[kind])


def finished(case: Case, *kinds: str, at: datetime | None = None) -> Case:
    """The case with these links done, in this order."""
    for kind in kinds:
        step = fresh(case).step(kind)
        moves.finish(step, by=worker(kind), at=at)
    return fresh(case)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def surveyed_late(days: int = 20, **columns: Any) -> Step:
    """A survey in hand since so many calendar days ago, unclaimed."""
    begun = timezone.now() - timedelta(days=days)
    case = finished(factories.case(at=begun, **columns), Kind.APPLICATION, at=begun)
    return case.step(Kind.SURVEY)


def supervisor(**columns: Any) -> User:
    return factories.person(Role.SUPERVISOR, at="lh", **columns)


def queries(client: Client, user: User, url: str, **asked: Any) -> int:
    """Statements of one page, without the savepoints that only the test causes."""
    client.force_login(user)
    client.get(url, asked)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url, asked).status_code == 200
    return sum("SAVEPOINT" not in query["sql"] for query in caught)


def working_days_since(days: int) -> int:
    """Working days from so many calendar days ago until today."""
    today = timezone.localdate()
    return clocks.calendar().between(today - timedelta(days), today)
