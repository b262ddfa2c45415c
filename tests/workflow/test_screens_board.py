"""Board, reassigning, search, reminders and what the machinery asks."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery import current_app
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from tests import factories
from tests.workflow.screens import (
    finished,
    queries,
    supervisor,
    surveyed_late,
    worker,
    working_days_since,
)
from workflow import board, moves, reminders
from workflow.models import Alert, Notice, Step, Sweep
from workflow.process import CustomerClass, Kind
from workflow.views import health

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]
BOARD, REASSIGN = reverse("workflow:board"), reverse("workflow:reassign")
SEARCH, REMINDERS = reverse("workflow:search"), reverse("workflow:reminders")


def get(client, user, url, **asked):
    client.force_login(user)
    return client.get(url, asked)


# Board ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.CLERK, Role.SURVEYOR, Role.CASHIER, Role.ADMINISTRATOR])
def test_the_board_is_for_those_who_steer_and_audit(client, role):
    assert get(client, factories.person(role), BOARD).status_code == 403
    assert get(client, factories.person(role), REASSIGN).status_code == 403


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.MANAGER, Role.AUDITOR])
def test_the_board_opens_for(client, role):
    assert get(client, factories.person(role, at="lh"), BOARD).status_code == 200


def test_the_board_counts_what_the_lists_hold(client):
    surveyed_late(days=20)
    surveyed_late(days=0)
    with moves.because("staff"):
        moves.hand_over(surveyed_late(days=9), by=worker(Kind.SURVEY))

    context = get(client, supervisor(), BOARD).context

    assert context["totals"]["open"] == 3
    assert context["totals"]["overdue"] == 1
    assert context["totals"]["unclaimed"] == 2
    assert context["silent"] == {"n": 2, "longest": working_days_since(20)}
    survey = next(line for line in context["lines"] if line.kind == Kind.SURVEY)
    assert sum(cell.n for cell in survey.bands) == 2
    assert survey.open.n == 3


def test_every_counted_cell_leads_to_as_many_steps(client):
    for days in (0, 1, 2, 4, 7, 12, 25, 60):
        surveyed_late(days=days)
    user = supervisor()

    line = next(x for x in get(client, user, BOARD).context["lines"] if x.kind == Kind.SURVEY)

    cells = [*line.bands, *line.classes, line.open, line.overdue]
    assert sum(cell.n for cell in line.bands) == 8
    assert sum(bool(cell.n) for cell in line.bands) >= 4
    for cell in cells:
        if cell.n:
            assert len(client.get(cell.url).context["rows"]) == cell.n, cell.url


def test_a_cell_is_as_hot_as_its_share_past_the_promise(client):
    surveyed_late(days=60)

    line = next(
        x for x in get(client, supervisor(), BOARD).context["lines"] if x.kind == Kind.SURVEY
    )

    assert line.bands[-1].css == "a5"
    assert line.bands[0].css == "a0"


def test_the_worst_stand_first_and_the_unit_narrows(client):
    worst, late = surveyed_late(days=40), surveyed_late(days=20)

    shown = get(client, supervisor(), BOARD).context["worst"]
    assert [row.step.pk for row in shown] == [worst.pk, late.pk]
    elsewhere = factories.unit("lhcd").path
    assert len(get(client, supervisor(), BOARD, unit=elsewhere).context["worst"]) == 2
    narrowed = get(client, supervisor(), BOARD, customer_class=CustomerClass.HV_DUAL)
    assert narrowed.context["worst"] == []


def test_the_board_never_counts_another_district(client):
    surveyed_late()

    context = get(client, factories.person(Role.SUPERVISOR, at="bh"), BOARD).context

    assert context["totals"]["open"] == 0


def test_the_board_costs_the_same_however_much_is_open(client):
    user = supervisor()
    surveyed_late()
    before = queries(client, user, BOARD)
    for days in range(10):
        surveyed_late(days=days)

    assert queries(client, user, BOARD) == before <= 14


def test_a_sweep_that_stands_still_is_shown(client):
    surveyed_late()
    assert get(client, supervisor(), BOARD).context["sweep_is_late"] is True
    reminders.sweep()
    assert get(client, supervisor(), BOARD).context["sweep_is_late"] is False
    Sweep.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    assert get(client, supervisor(), BOARD).context["sweep_is_late"] is True


@pytest.mark.parametrize(("found", "css"), [(0, "tile ok"), (2, "tile late")])
def test_the_fee_proof_stands_on_the_board(client, monkeypatch, found, css):
    proof = SimpleNamespace(found=found, payments_checked=1284, ran_at=timezone.now())
    monkeypatch.setattr(board, "fee_proof", lambda: proof)

    html = get(client, supervisor(), BOARD).content.decode()

    tile = next(part for part in html.split("<div") if "1284" in part)
    assert css in tile


# Reassigning several ----------------------------------------------------------------------------


def test_several_steps_are_handed_over_and_the_impossible_ones_are_named(client):
    survey = surveyed_late()
    plan = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY).step(Kind.PLAN)
    surveyor = worker(Kind.SURVEY)
    client.force_login(supervisor())

    response = client.post(
        REASSIGN, {"step": [survey.pk, plan.pk], "to": surveyor.pk, "note": ""}, follow=True
    )

    said = [str(message) for message in response.context["messages"]]
    assert Step.objects.get(pk=survey.pk).owner == surveyor
    assert Step.objects.get(pk=plan.pk).owner is None
    assert any(plan.case.number in line for line in said)
    assert len(said) == 2


def test_the_choice_says_how_many_of_the_steps_a_person_could_do(client):
    survey = surveyed_late()
    plan = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY).step(Kind.PLAN)
    worker(Kind.SURVEY)

    response = get(client, supervisor(), REASSIGN, step=[survey.pk, plan.pk])

    labels = [str(label) for value, label in response.context["form"].fields["to"].choices if value]
    assert any("surveyor-lhcd" in label and "1" in label for label in labels)


def test_steps_of_another_district_cannot_be_reassigned(client):
    step = surveyed_late()
    stranger = factories.person(Role.SUPERVISOR, at="bh")

    assert get(client, stranger, REASSIGN, step=[step.pk]).context["rows"] == []
    client.post(REASSIGN, {"step": [step.pk], "to": worker(Kind.SURVEY).pk})
    assert Step.objects.get(pk=step.pk).owner is None


def test_nonsense_in_the_selection_is_left_out(client):
    response = get(client, supervisor(), REASSIGN, step=["x", "9" * 30, "-1", "²"])

    assert response.status_code == 200
    assert response.context["rows"] == []


# Search -----------------------------------------------------------------------------------------


def test_a_number_in_full_leads_straight_to_its_case(client):
    case = factories.case()

    response = get(client, case.owner, SEARCH, q=case.number)

    assert response["Location"] == reverse("workflow:case", args=[case.number])


@pytest.mark.parametrize("words", ["小明", "4217", "人民路", "000001", "人民路 小明"])
def test_a_part_of_name_phone_address_or_number_finds_the_case(client, words):
    case = factories.case()
    factories.case(customer_name="赵桂芳", phone="13800000000", address="桃园新村")

    found = get(client, case.owner, SEARCH, q=words).context["page"].rows

    assert case in found
    assert (len(found) == 1) or words == "000001"


def test_closed_cases_are_found_too_and_the_state_narrows(client):
    case = factories.case()
    moves.withdraw(case, by=case.owner, reason="不办了")
    factories.case()

    assert len(get(client, case.owner, SEARCH).context["page"].rows) == 2
    assert get(client, case.owner, SEARCH, state="withdrawn").context["page"].rows == [case]


def test_another_office_finds_nothing(client):
    case = factories.case()
    stranger = factories.person(Role.CLERK, at="bhxc")

    assert get(client, stranger, SEARCH, q=case.number).status_code == 200
    assert get(client, stranger, SEARCH).context["page"].rows == []


def test_search_pages_by_key_and_costs_the_same(client):
    case = factories.case()
    before = queries(client, case.owner, SEARCH)
    for n in range(55):
        factories.case(customer_name=f"客户{n}")

    first = get(client, case.owner, SEARCH)
    second = client.get(SEARCH + first.context["page"].next_url)

    assert queries(client, case.owner, SEARCH) == before <= 8
    assert len(first.context["page"].rows) == 50
    assert len(second.context["page"].rows) == 6
    assert second.context["page"].previous_url


@pytest.mark.parametrize("words", ["%", "_", "'; DROP TABLE--", "\x00", "x" * 5000, "龘" * 90])
def test_strange_words_find_nothing_and_break_nothing(client, words):
    user = factories.person(Role.CLERK)

    assert get(client, user, SEARCH, q=words).status_code == 200


# Reminders --------------------------------------------------------------------------------------


def told(days: int = 20):
    """A surveyor who was reminded of a late survey."""
    step = moves.claim(surveyed_late(days=days), by=worker(Kind.SURVEY))
    reminders.sweep()
    return step.owner


def test_unread_reminders_are_shown_and_acknowledged_one_by_one_and_all(client):
    told(days=25)
    surveyor = told()
    notices = list(Notice.objects.unread().filter(user=surveyor))
    assert len(notices) > 1

    assert len(get(client, surveyor, REMINDERS).context["rows"]) == len(notices)
    client.post(REMINDERS, {"notice": [notices[0].pk]})
    assert Notice.objects.unread().filter(user=surveyor).count() == len(notices) - 1
    client.post(REMINDERS, {"all": "1"})
    assert not Notice.objects.unread().filter(user=surveyor).exists()
    assert len(get(client, surveyor, REMINDERS, show="all").context["rows"]) == len(notices)


def test_nobody_acknowledges_the_reminders_of_another(client):
    surveyor = told()
    notice = Notice.objects.unread().filter(user=surveyor).first()
    client.force_login(factories.person(Role.CLERK))

    client.post(REMINDERS, {"notice": [notice.pk, "x", "9" * 40]})

    notice.refresh_from_db()
    assert notice.acknowledged_at is None


def test_reminders_cost_the_same_however_many(client):
    surveyor = told()
    before = queries(client, surveyor, REMINDERS)
    told(days=30)

    assert queries(client, surveyor, REMINDERS) == before <= 8


# Health -----------------------------------------------------------------------------------------


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert response.content == b"ok\n"


def test_ready_when_everything_answers(client):
    response = client.get("/readyz")

    assert response.status_code == 200, response.content
    assert response.json() == {
        "ready": True,
        "database": "ok",
        "broker": "ok",
        "migrations": "ok",
        "sweep": "ok",
    }


def test_not_ready_when_the_database_is_away(client, monkeypatch):
    def away():
        raise OperationalError("password authentication failed for user jiedian")

    monkeypatch.setitem(health.CHECKS, "database", away)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] == "failed"
    assert b"password" not in response.content


def test_not_ready_when_the_broker_is_away(client, monkeypatch):
    # An item, not an attribute: what was never set is unset afterwards, not set to its fallback.
    monkeypatch.setitem(current_app.conf.changes, "broker_read_url", "redis://127.0.0.1:1/0")

    assert client.get("/readyz").json()["broker"] == "failed"


def test_not_ready_when_reminders_wait_and_nobody_sweeps(client):
    surveyed_late()
    assert Alert.objects.filter(next_at__lt=timezone.now()).exists()

    assert client.get("/readyz").json()["sweep"] == "failed"
