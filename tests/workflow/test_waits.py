"""Every wait has an end and a sentence: on a lock, on a statement, on a broker that hangs."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, ConnectionHandler, OperationalError, connection
from django.test import Client
from kombu.exceptions import OperationalError as BrokerAway

from accounts.roles import Role
from config.celery import Messenger
from tests import factories
from tests.factories import person
from tests.services import free_port, redis_answers
from workflow.models import Event, Step
from workflow.views import health

HOME = {"Origin": "http://testserver"}
ROOT = Path(__file__).resolve().parents[2]
SHORT = "SET lock_timeout = '200ms'"


@pytest.fixture
def elsewhere() -> Iterator:
    """A second connection to the same database, as another process has."""
    other = ConnectionHandler({DEFAULT_DB_ALIAS: connection.settings_dict})[DEFAULT_DB_ALIAS]
    yield other
    other.close()


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {unescape(name): unescape(value) for name, value in found}


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_else_holds_costs_a_moment_and_not_what_was_typed(elsewhere):
    case = factories.case()
    supervisor = person(Role.SUPERVISOR)
    client = Client(raise_request_exception=False)
    client.force_login(supervisor)
    step = Step.objects.filter(case=case).live().get()
    path = f"/cases/{case.number}/steps/{step.pk}/assign/"
    typed = {"to": str(person(Role.CLERK, username="next").pk), "note": 'she "knows" <him>\r\n'}
    with connection.cursor() as cursor:
        cursor.execute(SHORT)
    try:
        with elsewhere.cursor() as cursor:
            elsewhere.set_autocommit(False)
            cursor.execute("SELECT 1 FROM workflow_case WHERE id = %s FOR UPDATE", [case.pk])
            response = client.post(path, typed, headers=HOME)
            elsewhere.rollback()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")

    page = response.content.decode()
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert f'action="{path}"' in page
    assert not Event.objects.filter(case=case, verb="assigned").exists()
    assert client.post(path, hidden(page), headers=HOME).status_code == 302
    assert Event.objects.get(case=case, verb="assigned").note.startswith('she "knows" <him>')


@pytest.mark.django_db(transaction=True)
def test_a_look_at_a_sheet_waits_for_nobody(client, elsewhere):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    typed = {"token": str(uuid4()), "customer_name": "王小明", "check": "1"}
    with connection.cursor() as cursor:
        cursor.execute(SHORT)
    try:
        with elsewhere.cursor() as cursor:
            elsewhere.set_autocommit(False)
            cursor.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR UPDATE", [clerk.pk])
            looked = client.post("/applications/new/", typed)
            elsewhere.rollback()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")

    assert looked.status_code == 200


@pytest.mark.django_db
def test_without_the_database_a_reader_is_told_and_another_sites_words_are_not_repeated(
    client, monkeypatch
):
    client.raise_request_exception = False
    client.force_login(person(Role.CLERK))

    def away(*_args, **_more):
        raise OperationalError("password authentication failed for user jiedian")

    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", away)
    read = client.get("/")
    sent = client.post("/applications/new/", {"remarks": "evil"}, headers={"Origin": "https://e"})

    assert (read.status_code, sent.status_code) == (503, 503)
    assert b"password" not in read.content
    assert b"evil" not in sent.content


@pytest.mark.django_db
def test_the_database_ends_waits_by_itself():
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (f"{settings.LOCK_SECONDS}s",)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",), "a sweep may take its time"


def test_a_page_may_not_take_its_time():
    ask = "import config.wsgi; from django.db import connection as c; k = c.cursor();"
    ask += "k.execute('SHOW statement_timeout'); print(k.fetchone()[0])"
    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "20s"


@pytest.fixture
def broker(tmp_path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A Redis of its own, to be stopped without dying."""
    port = free_port()
    program = [shutil.which("redis-server"), "--port", str(port), "--save", "", "--dir", tmp_path]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    while not redis_answers(port):
        assert process.poll() is None
    yield f"redis://127.0.0.1:{port}/0", process
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait()


def test_a_broker_that_hangs_is_given_up_and_then_left_alone(broker, monkeypatch):
    url, process = broker
    office = Messenger("office", set_as_current=False)
    office.config_from_object("django.conf:settings", namespace="CELERY")
    office.conf.broker_url = url
    office.conf.broker_transport_options |= {"socket_timeout": 1}
    office.send_task("nobody.does.this")
    os.kill(process.pid, signal.SIGSTOP)

    with pytest.raises(BrokerAway, match="Timeout"):
        office.send_task("nobody.does.this")
    with pytest.raises(BrokerAway, match="a moment ago"):
        office.send_task("nobody.does.this")

    monkeypatch.setattr(health, "current_app", office)
    assert not health._holds(health._broker)
    os.kill(process.pid, signal.SIGCONT)
    office.away_until = 0.0
    office.send_task("nobody.does.this")
    assert health._holds(health._broker)


def test_the_product_itself_gives_up():
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert 0 < options["socket_timeout"] <= 2
    assert 0 < options["socket_connect_timeout"] <= 2
