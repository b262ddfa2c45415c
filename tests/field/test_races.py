"""One record from two sides at once: it is written once, and goes onto its case once."""

from __future__ import annotations

import threading
from time import monotonic

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from field import services
from field.models import Chunk, Record, RecordFile
from metering import services as metering
from metering.models import Installation, Seal
from surveys.models import Photo
from tests.field import factories as tablet
from tests.metering import factories as meters
from tests.surveys import factories as surveys
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.process import Kind

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row locks are PostgreSQL's"),
]


def at_once(*acts):
    """What each said, all begun at the same moment."""
    start, said = threading.Barrier(len(acts)), []

    def run(act):
        try:
            start.wait(timeout=20)
            said.append(act())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert connection.vendor == "postgresql"
    assert len(said) == len(acts)
    return said


def tablet_of(user):
    client = Client()
    client.force_login(user)
    return client


def test_one_envelope_sent_six_times_at_once_is_one_record(site, lina):
    sent = tablet.envelope(site, lina)
    clients = [tablet_of(lina) for _ in range(6)]

    said = at_once(*(lambda client=client: tablet.post(client, sent) for client in clients))

    assert [answer.status_code for answer in said] == [200] * 6
    assert {answer.json()["state"] for answer in said} <= {"applied", "arriving"}
    assert Record.objects.get().state == "applied"
    assert Event.objects.filter(verb=services.APPLIED).count() == 1


def test_the_background_beside_the_last_piece_applies_a_record_once(site, lina):
    photo = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[photo])
    clients = [tablet_of(lina) for _ in range(3)]
    tablet.post(clients[0], sent)
    receipt = f"/field/records/{sent['uuid']}/receipt/"

    at_once(
        *(lambda client=client: tablet.put(client, sent, photo) for client in clients),
        *[lambda: [services.catch_up() for _ in range(10)]] * 3,
        lambda: tablet_of(lina).get(receipt),
    )

    assert Record.objects.get().state == "applied"
    assert RecordFile.objects.get().is_held
    assert Photo.objects.count() == 1
    assert Event.objects.filter(verb=services.APPLIED).count() == 1
    assert not Chunk.objects.exists()


def test_a_correction_beside_a_decision_is_kept_whichever_comes_first(site, lina, boss):
    client = tablet_of(lina)
    wrong = tablet.envelope(site, lina, values=tablet.survey_values(box_slots=2, box_slots_free=5))
    assert tablet.send(client, wrong)["state"] == "returned"
    record = Record.objects.get()
    right = tablet.envelope(site, lina, replaces=wrong["uuid"])

    def decide():
        try:
            services.drop(record, why="重去一次", by=boss)
        except Refused as refusal:
            return refusal
        return None

    said = at_once(lambda: tablet.post(client, right).json(), decide)

    record.refresh_from_db()
    late = Record.objects.get(uuid=right["uuid"])
    assert late.state == "applied", said
    assert (record.state, late.replaces_id) in (("replaced", record.pk), ("settled", None))


def beside(act):
    """A thread that does this with its own connection, and what it says when it ends."""
    said = []

    def run():
        try:
            said.append(act())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def test_a_file_that_has_arrived_stands_while_its_record_waits_for_the_case(site, lina):
    photo, client = tablet.picture(1), tablet_of(lina)
    sent = tablet.envelope(site, lina, photos=[photo])
    tablet.post(client, sent)

    with transaction.atomic():
        Case.objects.select_for_update().get(pk=site.case_id)
        thread, said = beside(lambda: tablet.put(client, sent, photo).json())
        until = monotonic() + 10
        while not RecordFile.objects.get().is_held and monotonic() < until:
            thread.join(0.05)
        assert RecordFile.objects.get().is_held
        assert not said

    thread.join(30)
    assert said[0]["state"] == "applied"


def test_a_record_arrives_while_an_act_of_its_author_is_under_way(site, lina):
    other, client = surveys.at_survey(not_duplicate="别家"), tablet_of(lina)
    sent = tablet.envelope(site, lina)

    with transaction.atomic():
        moves.record(other, "noted", by=lina, note="电话已打")
        thread, said = beside(lambda: tablet.post(client, sent).json())
        thread.join(10)
        assert said
        assert said[0]["state"] == "applied"
    thread.join(30)


def test_of_two_tablets_with_one_seal_at_the_same_moment_the_second_is_told_in_words():
    first, second = meters.fitters()
    meters.meter()
    case = meters.case_at(business_type="meter_move", existing_supply="own")
    step = tablet.step_of(case, Kind.METER)
    Step.objects.filter(pk=step.pk).update(owner=first)
    removal = metering.removal_of(step)
    removal.asset_number, removal.what, removal.removed_at = "1", "taken", timezone.now()
    removal.reading_total, removal.installer, removal.second_installer = 5, first, second
    metering.remove(removal, by=first)
    metering.confirm(removal, by=second)
    other = meters.case_at(business_type="meter_move", existing_supply="own")
    order = Installation.objects.create(step=other.step(Kind.METER))
    values = {"seals__TOTAL_FORMS": 1, "seals__INITIAL_FORMS": 0}
    values |= {"seals__0__place": "meter", "seals__0__number": "S-77"}
    client = tablet_of(first)
    sent = tablet.envelope(
        tablet.step_of(case, Kind.METER), first, sheet="order", values=values, signing=False
    )

    with transaction.atomic():
        Seal.objects.create(installation=order, place="meter", number="S-77")
        thread, said = beside(lambda: tablet.post(client, sent).json())
        thread.join(3)  # the form has seen no such seal; the database waits for us
        assert not said
    thread.join(30)

    assert said[0]["state"] == "returned"
    assert "just saved the same number" in str(said[0]["errors"])
    assert Seal.objects.count() == 1
