"""The server and the worker are killed in the middle of a record: it goes onto its case, once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.conf import settings
from django.db import connection, transaction

from config.celery import app
from field import services, tasks
from field.models import Chunk, Record, RecordFile
from surveys.models import Photo, Visit
from tests.browser import tablet as hand
from tests.documents.test_worker import Worker, wait_for
from tests.field import factories as make
from tests.services import free_port
from tests.surveys import factories as surveys
from workflow.models import Case, Event, Step

pytestmark = pytest.mark.django_db(transaction=True)
PHOTOS = 12
PIECE = 256 * 1024
PATIENCE = 120


class Server:
    """The web server as processes of its own, on the test's database, broker and store."""

    def __init__(self) -> None:
        self.port = free_port()
        self.start()

    def start(self) -> None:
        name = connection.settings_dict["NAME"]
        address = (
            f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"
            if connection.vendor == "postgresql"
            else f"sqlite:///{name}"
        )
        where = ("-b", f"127.0.0.1:{self.port}", "-w", "2", "--threads", "4")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi", *where, "--log-level", "critical"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": address, "MEDIA_ROOT": str(settings.MEDIA_ROOT)},
            start_new_session=True,
        )
        give_up = time.monotonic() + PATIENCE
        while not self._answers():
            if time.monotonic() > give_up:
                self.kill()
                raise AssertionError("the server did not start in time")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as wire:
            wire.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return b" 200 " in wire.recv(16)
        return False

    def kill(self) -> None:
        """Master and workers at once, with no time for a last word."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server():
    serving = Server()
    yield serving
    serving.kill()


@pytest.fixture
def tablets(browser, server, browser_type_launch_args):
    """Tablets on a server that can be killed."""
    given = hand.Tablets(browser, ("127.0.0.1", server.port), browser_type_launch_args)
    yield given
    given.stop()


# Twelve photos of two pieces each behind one envelope: the last piece is the 25th message.
LAST = 1 + 2 * PHOTOS
KILLED_AT = (
    (1, hand.ASKED),
    (4, hand.UNASKED),
    (16, hand.UNANSWERED),
    (LAST, hand.ASKED),
    (LAST, hand.UNANSWERED),
)


def test_a_killed_server_that_comes_back_has_every_record_whole_and_once(tablets, server):
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    tablet = tablets(lina)
    page, wire = tablet.page, tablet.wire
    sums: set[str] = set()
    for round_, (message, moment) in enumerate(KILLED_AT, 1):
        photos = [make.picture(100 * round_ + n * 3, 780) for n in range(PHOTOS)]
        tablet.offline()
        page.goto(f"{wire.url}/field/")
        hand.attempt(page, step, f"第 {round_} 次", photos)
        kept = next(r for r in hand.records(page) if r["state"] == "waiting")
        assert all(PIECE < size <= 2 * PIECE for size in kept["sizes"]), kept["sizes"]
        sums |= set(kept["sums"])
        before = len(wire.cuts)

        wire.cut_at(message, moment, server.kill)
        tablet.online_as_armed()
        _until(page, lambda before=before: len(wire.cuts) > before)
        assert server.process.poll() is not None
        still = next(r for r in hand.records(page) if r["uuid"] == kept["uuid"])
        assert (still["state"], still["files"]) == ("waiting", PHOTOS)
        server.start()
        wire.mend()
        hand.all_gone(page)

        place = (message, moment)
        assert Record.objects.filter(state=Record.State.APPLIED).count() == round_, place
        assert Record.objects.count() == Visit.objects.count() == round_, place
        assert Event.objects.filter(verb=services.APPLIED).count() == round_, place
        assert Photo.objects.count() == PHOTOS * round_, place
        assert not Chunk.objects.exists(), place

    stored = hand.stored()
    assert set(stored) == sums
    assert len(sums) == PHOTOS * len(KILLED_AT)
    assert all(named == found for named, found in stored.items())


def _until(page, holds) -> None:
    for _try in range(PATIENCE * 10):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError((hand.records(page), page.locator("#notes").inner_text()))


# The worker ---------------------------------------------------------------------------------------


def _whole_records(client, count: int) -> list[Record]:
    """Records whose files have all arrived, while nobody has put them onto their case."""
    step = make.step_of(surveys.at_survey())
    lina = surveys.surveyor()
    Step.objects.filter(pk=step.pk).update(owner=lina)
    client.force_login(lina)
    found = []
    for number in range(count):
        photos = [make.picture(10 * number + n) for n in range(3)]
        values = {"at": hand.minute(), "outcome": "no_access", "evidence": f"第 {number} 次"}
        sent = make.envelope(step, lina, sheet="attempt", photos=photos, values=values)
        assert make.post(client, sent).status_code == 200
        record = Record.objects.get(uuid=sent["uuid"])
        for file, content in zip(record.files.order_by("pk"), photos, strict=True):
            services.take_chunk(file, 0, content)
        found.append(record)
    return found


def _case(records: list[Record]) -> None:
    """Before the first record is touched."""
    Case.objects.select_for_update().get(steps=records[0].step_id)


def _second(records: list[Record]) -> None:
    """Between two records."""
    Record.objects.select_for_update().get(pk=records[1].pk)


def _history(_records: list[Record]) -> None:
    """In the middle of one: its sheet is written, its event is not."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Event._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row locks are PostgreSQL's")
@pytest.mark.parametrize("hold", [_case, _second, _history], ids=lambda hold: hold.__name__)
def test_a_worker_killed_while_it_catches_up_applies_each_record_once(client, hold):
    records = _whole_records(client, 3)
    app.control.purge()
    worker = Worker()
    try:
        with transaction.atomic():
            hold(records)
            tasks.catch_up.delay()
            wait_for(_somebody_waits)
            worker.kill()
    finally:
        if worker.process.poll() is None:
            worker.kill()
    applied = Record.objects.filter(state=Record.State.APPLIED)
    assert applied.count() == Visit.objects.count() == (1 if hold is _second else 0)
    again = Worker()
    try:
        tasks.catch_up.delay()  # as the clock asks, every few minutes
        tasks.catch_up.delay()
        wait_for(lambda: applied.count() == 3)
    finally:
        again.stop()

    assert Visit.objects.count() == 3
    assert Event.objects.filter(verb=services.APPLIED).count() == 3
    assert Photo.objects.count() == 9
    stored = hand.stored()
    assert set(stored) == set(RecordFile.objects.values_list("sha256", flat=True))
    assert all(named == found for named, found in stored.items())
