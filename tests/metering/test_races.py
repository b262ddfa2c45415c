"""Two technicians reach for the same meter at once: one has it, the other is told."""

import threading

import pytest
from django.db import connection, connections

from metering import services
from metering.models import Installation, Meter
from tests.metering import factories as make
from workflow.guards import Refused
from workflow.process import Kind

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row locks are PostgreSQL's"),
]


def test_of_eight_technicians_one_has_the_meter_and_the_others_are_told():
    chosen = make.meter()
    cases = [make.case_at(business_type="meter_move", existing_supply="own") for _ in range(8)]
    first, _second = make.fitters()
    start, said = threading.Barrier(8), []

    def reach(case):
        try:
            order = services.order_of(case.step(Kind.METER))
            order.meter = Meter.objects.get(pk=chosen.pk)
            start.wait(timeout=20)
            services.plan_order(order, by=first)
            said.append("has it")
        except Refused:
            said.append("told")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=reach, args=(case,)) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(said) == ["has it"] + ["told"] * 7
    assert Installation.objects.filter(meter=chosen).count() == 1
    assert connection.vendor == "postgresql"
