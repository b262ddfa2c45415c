"""Two clerks with two cases that are one: neither waits for the other for ever."""

import threading

import pytest
from django.db import connection, connections, transaction

from accounts.roles import Role
from applications import services
from applications.models import Relation
from tests.applications.factories import ZHAO, accepted, sheet
from tests.factories import person
from workflow.guards import Refused
from workflow.models import Case

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row locks are PostgreSQL's"),
]


def test_who_relates_a_case_that_somebody_writes_on_is_told_to_press_again():
    clerk, mine = person(Role.CLERK), accepted()
    other = accepted(sheet(id_number=ZHAO, phone="13911112222", street="别处 1 号"))
    held, done = threading.Event(), threading.Event()

    def write():
        try:
            with transaction.atomic():
                Case.objects.select_for_update(of=("self",)).get(pk=other.pk)
                held.set()
                done.wait(30)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    assert held.wait(30)
    try:
        with pytest.raises(Refused, match=other.number):
            services.relate(mine, other, by=clerk, reason="同一户")
    finally:
        done.set()
        writer.join(30)

    assert not Relation.objects.exists()
    services.relate(mine, other, by=clerk, reason="同一户")
    assert Relation.objects.count() == 1
    assert connection.vendor == "postgresql"
