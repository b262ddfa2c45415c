"""A real worker over the real broker is killed with a message in its hand: none is lost, none
arrives twice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from queue import Empty

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.celery import app
from news import tasks
from news.models import Message
from news.services.sending import LEASE
from tests.news.factories import message

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60
State = Message.State


class Worker:
    """A worker process on the test's own database and broker, with the test's own other side."""

    def __init__(self) -> None:
        name = connection.settings_dict["NAME"]
        address = (
            f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"
            if connection.vendor == "postgresql"
            else f"sqlite:///{name}"
        )
        other_side = {
            "EMAIL_HOST": settings.EMAIL_HOST,
            "EMAIL_PORT": str(settings.EMAIL_PORT),
            "SMS_URL": settings.SMS_URL,
            "QUIET_HOURS": "",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-l", "ERROR"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": address, **other_side},
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def workers():
    """Start a worker; none outlives the test."""
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker())
        return started[-1]

    app.control.purge()
    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()
    app.control.purge()


def wait_for(what) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "the worker did not do it in time"
        time.sleep(0.05)


def killed_at(script, where: str, found: Message, workers) -> None:
    """A worker takes the message, gets as far as that, and is killed."""
    app.control.purge()
    worker = workers()
    tasks.send.delay([found.pk])
    try:
        assert script.reached.get(timeout=PATIENCE) == where
    except Empty:
        pytest.fail("the worker never got there")
    if where == "quit":
        wait_for(lambda: Message.objects.get(pk=found.pk).state == State.SENT)
    worker.kill()
    script.let_go.set()


def ten_minutes_on(found: Message) -> None:
    """The claim of the dead worker has grown old, and the clock comes by; then the waits are over
    and it comes by again.
    """
    old = timezone.now() - LEASE - timedelta(minutes=1)
    Message.objects.filter(pk=found.pk, state=State.SENDING).update(claimed_at=old)
    tasks.send_due()
    late = timezone.now() - timedelta(minutes=1)
    Message.objects.filter(pk=found.pk, state=State.WAITING).update(due_at=late)
    tasks.send_due()


def settled(found: Message) -> str:
    wait_for(lambda: Message.objects.get(pk=found.pk).state not in (State.WAITING, State.SENDING))
    return Message.objects.get(pk=found.pk).state


@pytest.mark.parametrize(
    ("word", "where", "ends"),
    [
        ("hang_hello", "hello", State.SENT),
        ("hang_dot", "dot", State.DOUBT),
        ("hang_quit", "quit", State.SENT),
    ],
    ids=["when it was claimed", "when it was handed over", "when it was sent"],
)
def test_a_worker_killed_with_a_mail_loses_none_and_sends_none_twice(
    mailbox, gateway, workers, word, where, ends
):
    found = message("email")
    mailbox.does = [word]
    killed_at(mailbox, where, found, workers)

    workers()
    ten_minutes_on(found)

    assert settled(found) == ends
    assert len(mailbox.taken) == 1
    told = found.case.events.filter(verb="message_undelivered").count()
    assert told == (1 if ends == State.DOUBT else 0)


@pytest.mark.parametrize("word", ["hang", "hang_after"])
def test_a_worker_killed_with_an_sms_loses_none_and_sends_none_twice(
    mailbox, gateway, workers, word
):
    found = message("sms")
    gateway.does = [word]
    killed_at(gateway, word, found, workers)

    workers()
    ten_minutes_on(found)

    assert settled(found) == State.SENT
    assert len(gateway.taken) == 1


def test_two_workers_and_a_hurried_clock_send_each_message_once(mailbox, gateway, workers):
    sms, mail = message("sms"), None
    mail = Message.objects.filter(case=sms.case, channel="email").first()
    Message.objects.filter(pk=mail.pk).update(state=State.WAITING, sent_at=None)
    app.control.purge()
    for _n in range(5):
        for found in (sms, mail):
            tasks.send.delay([found.pk])
    workers()
    workers()

    assert {settled(sms), settled(mail)} == {State.SENT}
    assert (len(gateway.taken), len(mailbox.taken)) == (1, 1)
