"""What only PostgreSQL can show: many people pressing the same button, many sweeps at once."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.roles import Role
from tests import factories
from workflow import chain, moves, process, reminders
from workflow.guards import Refused
from workflow.models import Alert, Case, Event, Notice, Reminder
from workflow.process import Kind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_room_conditions(monkeypatch):
    monkeypatch.setattr(process, "guards", lambda kind: ())


def at_once(count: int, press) -> list:
    """Let so many threads press; returns what each got, a Refused or a result."""

    def one(number):
        try:
            return press(number)
        except Refused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_twenty_people_finishing_the_same_step_make_one_transition_and_one_event():
    case = factories.case()
    step, clerk = case.step(Kind.APPLICATION), factories.person(Role.CLERK)

    results = at_once(20, lambda _: moves.finish(step, by=clerk))

    assert sum(isinstance(result, Refused) for result in results) == 19
    assert Event.objects.filter(case=case, verb="finished").count() == 1
    assert Case.objects.get(pk=case.pk).step(Kind.SURVEY).state == "in_hand"
    assert chain.verify()[1] == ""


def test_twenty_surveyors_claiming_the_same_step_leave_one_owner():
    case = factories.case()
    moves.finish(case.step(Kind.APPLICATION), by=factories.person(Role.CLERK))
    survey = Case.objects.get(pk=case.pk).step(Kind.SURVEY)
    people = [factories.person(Role.SURVEYOR, username=f"s{n}") for n in range(20)]

    results = at_once(20, lambda n: moves.claim(survey, by=people[n]))

    assert sum(isinstance(result, Refused) for result in results) == 19
    assert Event.objects.filter(case=case, verb="claimed").count() == 1


def test_cases_opened_at_once_get_numbers_of_their_own():
    factories.person(Role.CLERK), factories.unit()

    cases = at_once(12, lambda _: factories.case())

    assert len({case.number for case in cases}) == 12


def due(count: int) -> None:
    """So many cases whose survey ladder has its first rung due now."""
    for _ in range(count):
        case = factories.case()
        moves.finish(case.step(Kind.APPLICATION), by=case.owner)
    Alert.objects.filter(subject="silent").delete()
    Alert.objects.update(next_at=timezone.now() - timedelta(minutes=1), level=1)


def test_eight_sweeps_at_once_tell_each_rung_exactly_once():
    due(500)

    at_once(8, lambda _: reminders.sweep())

    assert Reminder.objects.count() == 500
    assert Notice.objects.count() == 500
    assert Event.objects.filter(verb="reminded").count() == 500
    assert not Alert.objects.filter(next_at__lte=timezone.now()).exists()
    assert chain.verify()[1] == ""


def test_a_sweep_killed_in_the_middle_loses_nothing_and_doubles_nothing():
    due(80)
    settings = connection.settings_dict
    address = (
        f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}"
        f"/{settings['NAME']}"
    )
    for _ in range(3):
        before = Reminder.objects.count()
        sweep = subprocess.Popen(
            [sys.executable, "manage.py", "sweep"], env={**os.environ, "DATABASE_URL": address}
        )
        while sweep.poll() is None and Reminder.objects.count() < before + 5:
            time.sleep(0.01)
        sweep.send_signal(signal.SIGKILL)
        sweep.wait()

    assert Reminder.objects.count() > 0
    reminders.sweep()

    assert Reminder.objects.count() == Notice.objects.count() == 80
    assert Event.objects.filter(verb="reminded").count() == 80
    assert chain.verify()[1] == ""
