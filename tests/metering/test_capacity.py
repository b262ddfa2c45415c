"""What a plan held at its source point is in use from power on; before that it can be freed."""

import pytest

from accounts.roles import Role
from surveys.models import SourcePoint
from tests.factories import person
from tests.metering import factories as make
from workflow import moves
from workflow.guards import Refused
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def capacity():
    point = SourcePoint.objects.get()
    return point.reserved_kva, point.committed_kva


def supplied():
    """A household of 8 kVA with power on; the point's capacity before it."""
    case = make.case_at()
    before = capacity()
    make.ready(case)
    make.power_on(make.fresh(case.step(Kind.METER)))
    return make.case_of(case), before


def test_at_power_on_what_was_reserved_is_in_use():
    _case, (reserved, committed) = supplied()

    assert reserved == 8
    assert capacity() == (0, committed + 8)


def test_power_on_twice_takes_the_capacity_once():
    case = make.case_at()
    _reserved, committed = capacity()
    make.ready(case)
    step = case.step(Kind.METER)
    make.power_on(make.fresh(step))

    with pytest.raises(Refused):
        make.power_on(make.fresh(step))

    assert capacity() == (0, committed + 8)


def test_power_that_did_not_come_on_leaves_the_capacity_reserved():
    case = make.case_at()
    before = capacity()

    with pytest.raises(Refused):
        make.power_on(case.step(Kind.METER))

    assert capacity() == before


@pytest.mark.parametrize("to", [Kind.METER, Kind.SURVEY])
def test_under_power_nothing_goes_back_and_the_capacity_stays_taken(to):
    case, (_reserved, committed) = supplied()

    with pytest.raises(Refused):
        moves.send_back(case.step(Kind.CALLBACK), by=person(Role.CLERK), reason="相序错误", to=to)

    assert capacity() == (0, committed + 8)


@pytest.mark.parametrize("end", [moves.withdraw, moves.refuse])
def test_a_case_that_ends_unsupplied_frees_what_it_held(end):
    case = make.case_at()
    _reserved, committed = capacity()

    end(case, by=person(Role.SUPERVISOR), reason="客户放弃")

    assert capacity() == (0, committed)
