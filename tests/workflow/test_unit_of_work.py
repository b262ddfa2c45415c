"""One unit of work: the case locked and read once, written once, whole or not at all."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.roles import Role
from tests import factories as office
from tests.applications import factories as applications
from tests.surveys import factories as surveys
from workflow import clocks, moves
from workflow.guards import Refused
from workflow.models import Case, Event
from workflow.moves.unit_of_work import act, bring, current, leave, part, unit_of_work
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def statements(captured):
    """What was asked of the database, without the frames of transactions."""
    return [q["sql"] for q in captured if "SAVEPOINT" not in q["sql"]]


def frames(captured):
    return sum(q["sql"].startswith("SAVEPOINT") for q in captured)


@pytest.fixture
def case():
    return surveys.at_survey()


@act
def twice(case, by):
    moves.claim(case.step(Kind.SURVEY), by=by)
    moves.contact(case, by=by, two_way=True, note="said")


def test_acts_within_an_act_lock_and_read_the_case_once(case):
    with CaptureQueriesContext(connection) as found:
        twice(case, surveys.surveyor())

    asked = statements(found)
    assert sum("FOR UPDATE" in sql for sql in asked) == 1
    assert sum('FROM "workflow_step"' in sql for sql in asked) == 1
    assert sum(sql.startswith('UPDATE "workflow_step"') for sql in asked) == 1
    assert frames(found) == 1


def test_what_an_act_writes_stands_whole_or_not_at_all(case):
    before = Event.objects.count()

    @act
    def breaks_off():
        moves.claim(case.step(Kind.SURVEY), by=surveys.surveyor())
        raise Refused("no")

    with pytest.raises(Refused):
        breaks_off()

    assert surveys.fresh(case).owner is None
    assert Event.objects.count() == before


def test_a_part_that_is_refused_leaves_the_rest_and_the_case_in_memory_as_they_were(case):
    by = surveys.surveyor()

    @act
    def goes_on():
        held = current().locked(case.pk)
        step = held.step(Kind.SURVEY)
        try:
            with part():
                moves.claim(step, by=by)
                assert step.owner == by
                raise Refused("no")
        except Refused:
            assert (step.owner, step.owner_id) == (None, None)
        moves.contact(case, by=by, two_way=False, note="said")
        return held

    held = goes_on()

    assert surveys.fresh(case).owner is None
    kept = Case.objects.get(pk=case.pk)
    assert (kept.event_count, kept.event_hash) == (held.event_count, held.event_hash)
    assert [e.verb for e in kept.events.order_by("seq")][-1] == moves.CONTACTED


def test_a_state_is_changed_in_an_act_only():
    with pytest.raises(RuntimeError, match="no act is under way"):
        current()


@pytest.mark.django_db(transaction=True)
def test_what_runs_on_commit_is_a_unit_of_its_own():
    case, by, seen = surveys.at_survey(), surveys.surveyor(), []

    def later():
        with unit_of_work():
            seen.append((connection.in_atomic_block, current().cases))
        moves.claim(surveys.fresh(case), by=by)

    with unit_of_work():
        current().locked(case.pk)
        transaction.on_commit(later)

    assert seen == [(True, {})]
    assert surveys.fresh(case).owner == by


def test_an_act_goes_on_from_the_case_its_request_has_locked_and_leaves_the_page_its_own(case):
    case.edition = clocks.rulebook().token
    bring(case)
    try:
        with CaptureQueriesContext(connection) as found, unit_of_work():
            held = current().locked(case.pk)
        assert (statements(found), held.number) == ([], case.number)
        assert held is not case
        assert held.step(Kind.SURVEY) is not case.step(Kind.SURVEY)
        with CaptureQueriesContext(connection) as found, unit_of_work():
            current().locked(case.pk)
        assert len(statements(found)) == 1, "an act was done meanwhile: read anew"
    finally:
        leave()


def test_a_refused_act_of_a_request_does_not_stain_the_next_one(case):
    by = surveys.surveyor()

    @act
    def breaks_off():
        moves.claim(case.step(Kind.SURVEY), by=by)
        raise Refused("no")

    bring(case)
    try:
        with pytest.raises(Refused):
            breaks_off()
        assert moves.claim(case.step(Kind.SURVEY), by=by).owner == by
    finally:
        leave()


@pytest.mark.django_db(transaction=True)
def test_the_case_a_request_has_locked_is_forgotten_with_its_lock():
    case = surveys.at_survey()
    with transaction.atomic():
        bring(case)

    with CaptureQueriesContext(connection) as found, unit_of_work():
        current().locked(case.pk)

    assert sum("FOR UPDATE" in sql for sql in statements(found)) == 1


def pressed(client, url, data, *, at_most_frames=2):
    """What a press of a button costs, session and person included; the frames are the request's and
    the act's.
    """
    with CaptureQueriesContext(connection) as found:
        assert client.post(url, data).status_code == 302
    assert frames(found) <= at_most_frames
    return len(statements(found))


def test_what_acts_on_a_case_cost(client, case):
    """Goals: claim 8, contact 9, sign 25."""
    by = surveys.surveyor()
    client.force_login(by)
    number, step = case.number, case.step(Kind.SURVEY)

    claim = pressed(client, reverse("workflow:claim", args=[number, step.pk]), {})
    contact = pressed(client, reverse("applications:contact", args=[number]), {"summary": "said"})
    surveys.candidate(case, by=by)
    sign = pressed(client, reverse("surveys:survey", args=[number]), surveys.posted())

    assert (claim, contact, sign) == (7, 10, 34)


def test_what_accepting_an_application_costs(client):
    """Goal: 35. Frames of its own: a number that may be taken meanwhile, two messages."""
    client.force_login(office.person(Role.CLERK))

    form = applications.posted("accept")

    assert pressed(client, reverse("applications:new"), form, at_most_frames=5) == 67
