"""The desk: the right steps, in the right tab, with true numbers, at a constant price."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from tests import factories
from tests.workflow.screens import (
    finished,
    fresh,
    queries,
    supervisor,
    surveyed_late,
    worker,
    working_days_since,
)
from workflow import moves, process, queue
from workflow.guards import Guard
from workflow.models import Step, StopReason
from workflow.process import CustomerClass, Kind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]
DESK = reverse("workflow:desk")


def page(client, user, **asked):
    client.force_login(user)
    return client.get(DESK, asked)


def numbers(response) -> list[str]:
    return [row.case.number for row in response.context["rows"]]


def tabs(response) -> dict[str, int]:
    return {code: n for code, _label, n, _url in response.context["tabs"]}


def test_the_desk_shows_the_steps_of_ones_own_role_and_no_others(client):
    mine = finished(factories.case(), Kind.APPLICATION)
    other = factories.case()

    shown = numbers(page(client, worker(Kind.SURVEY)))

    assert shown == [mine.number]
    assert other.number not in shown


def test_a_supervisor_sees_every_step_below(client):
    surveyed, fresh_one = finished(factories.case(), Kind.APPLICATION), factories.case()

    assert set(numbers(page(client, supervisor()))) == {surveyed.number, fresh_one.number}


def test_a_row_leads_to_its_own_step(client):
    case = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY, Kind.PLAN)
    contract = case.step(Kind.CONTRACT)

    (row,) = page(client, worker(Kind.CONTRACT)).context["rows"]

    assert client.get(row.url).context["step"] == contract


def test_the_filter_by_owner_names_nobody_of_another_office(client):
    stranger = factories.person(Role.CLERK, at="bhxc", username="stranger")
    colleague = worker(Kind.SURVEY)
    survey = finished(factories.case(), Kind.APPLICATION).step(Kind.SURVEY)
    moves.claim(survey, by=colleague)

    hidden = page(client, worker(Kind.APPLICATION), owner=stranger.pk).content.decode()
    shown = page(client, worker(Kind.APPLICATION), owner=colleague.pk).content.decode()

    assert f"Owner: {stranger}" not in hidden
    assert f"Owner: {colleague}" in shown


def test_the_desk_never_shows_the_cases_of_another_office(client):
    clerk = factories.person(Role.CLERK, at="bhxc")
    factories.case(by=clerk, unit=factories.unit("bhxc"))

    assert numbers(page(client, factories.person(Role.CLERK))) == []


def test_an_approver_finds_the_plans_of_colleagues_on_the_desk(client):
    case = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY)

    assert numbers(page(client, factories.person(Role.APPROVER, at="lh"))) == [case.number]


def test_the_numbers_on_the_tabs_are_those_of_the_lists_behind_them(client):
    surveyor = worker(Kind.SURVEY)
    surveyed_late()
    moves.claim(surveyed_late(days=0), by=surveyor)
    stopped = moves.claim(surveyed_late(), by=surveyor)
    today = timezone.localdate()
    moves.stop(
        stopped,
        by=surveyor,
        reason=StopReason.objects.get(code="third_party"),
        party="业委会",
        evidence="征询函",
        review_on=queue.clocks.calendar().add(today, 2),
    )
    moves.hand_over(surveyed_late(days=0), by=surveyor)

    counted = tabs(page(client, surveyor))

    assert counted["open"] == 4
    assert counted["overdue"] == 2  # one of them is stopped, and was late before
    assert counted["stopped"] == counted["with_customer"] == 1
    assert counted["silent"] == 2
    for tab, n in counted.items():
        assert len(numbers(page(client, surveyor, tab=tab))) == n, tab


def test_the_most_urgent_stands_first_and_what_has_no_date_last(client):
    later, late = surveyed_late(days=0), surveyed_late(days=20)
    with moves.because("staff"):
        with_customer = moves.hand_over(surveyed_late(days=30), by=worker(Kind.SURVEY))

    shown = numbers(page(client, worker(Kind.SURVEY)))

    assert shown == [late.case.number, later.case.number, with_customer.case.number]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"owner": "me"}, {"mine"}),
        ({"owner": "unclaimed"}, {"school"}),
        ({"customer_class": CustomerClass.HV_SINGLE}, {"school"}),
        ({"q": "第二实验小学"}, {"school"}),
        ({"step": Kind.PLAN}, set()),
        ({"age": "5"}, set()),
        ({"age": "0"}, {"mine", "school"}),
        ({"owner": "nonsense", "step": "nonsense", "age": "99", "q": "\x00"}, {"mine", "school"}),
    ],
)
def test_filters_narrow_the_list_and_nonsense_is_left_out(client, asked, found):
    surveyor = worker(Kind.SURVEY)
    mine = moves.claim(surveyed_late(days=0), by=surveyor)
    school = surveyed_late(
        days=0, customer_name="第二实验小学", customer_class=CustomerClass.HV_SINGLE
    )
    names = {"mine": mine.case.number, "school": school.case.number}

    assert set(numbers(page(client, surveyor, **asked))) == {names[name] for name in found}


def test_the_list_is_paged_by_key_there_and_back(client):
    case = finished(factories.case(), Kind.APPLICATION)
    for n in range(60):
        factories.case(customer_name=f"客户{n}")
    clerk = factories.person(Role.CLERK)

    first = page(client, clerk)
    second = client.get(DESK + first.context["page"].next_url)
    back = client.get(DESK + second.context["page"].previous_url)

    assert len(numbers(first)) == 50
    assert len(numbers(second)) == 10
    assert not set(numbers(first)) & set(numbers(second))
    assert numbers(back) == numbers(first)
    assert not back.context["page"].previous_url
    assert case.number not in numbers(first) + numbers(second)


def test_a_broken_page_key_shows_the_first_page(client):
    step = surveyed_late()

    for key in ("x", "2026-13-45_1", "none_99999999999999999999", "_"):
        assert numbers(page(client, worker(Kind.SURVEY), after=key)) == [step.case.number]


def test_a_look_inside_a_row_needs_no_script(client):
    step = surveyed_late()

    response = page(client, worker(Kind.SURVEY), open=step.pk)

    assert response.context["peek"]["step"] == step
    assert b'class="peek"' in response.content
    assert b'class="peek"' not in page(client, worker(Kind.SURVEY)).content


def test_a_look_inside_names_what_is_missing(client, monkeypatch):
    step = surveyed_late()
    guard = Guard(lambda step: False, reason="The neighbour has not answered.")
    monkeypatch.setattr(process, "guards", lambda kind: (guard,))
    monkeypatch.setattr(Step, "get_absolute_url", lambda step: "/sheet/")

    response = page(client, worker(Kind.SURVEY), open=step.pk)

    assert "The neighbour has not answered." in response.content.decode()


def test_the_keys_stand_on_the_elements_they_press(client):
    surveyed_late()

    html = page(client, worker(Kind.SURVEY)).content.decode()

    assert {"/", "f", "u", "a"} <= set(re.findall(r'data-key="([^"]+)"', html))
    assert "data-href=" in html
    assert "data-peek" in html
    assert "style=" not in html


def test_the_next_unclaimed_is_the_most_urgent_and_becomes_mine(client):
    surveyed_late(days=1)
    urgent = surveyed_late(days=25)
    surveyor = worker(Kind.SURVEY)
    client.force_login(surveyor)

    response = client.post(reverse("workflow:next"))

    assert response.status_code == 302
    urgent.refresh_from_db()
    assert urgent.owner == surveyor
    assert Step.objects.filter(owner=surveyor).count() == 1


def test_the_next_unclaimed_says_when_there_is_none(client):
    client.force_login(worker(Kind.METER))

    assert client.post(reverse("workflow:next"), follow=True).status_code == 200
    assert client.get(reverse("workflow:next")).status_code == 405


def test_claiming_from_the_list_goes_back_to_the_same_list(client):
    step = surveyed_late()
    client.force_login(worker(Kind.SURVEY))

    url = reverse("workflow:claim", args=[step.case.number, step.pk])
    response = client.post(url, {"back": "?tab=overdue"})

    assert response["Location"] == f"{DESK}?tab=overdue"


def test_silence_is_shown_in_the_working_days_it_is_limited_in(client):
    surveyed_late(days=20)

    [row] = page(client, worker(Kind.SURVEY)).context["rows"]

    assert row.silent == f"{working_days_since(20)} wd"


def test_the_tabs_of_all_and_of_ours_have_names_of_their_own():
    names = {lang: [] for lang in ("en", "zh-hans")}
    for lang, found in names.items():
        with translation.override(lang):
            found += [queue.tab_label(tab) for tab in queue.TABS]

    assert names["en"][2:4] == ["All", "With us"]
    assert all(len(set(found)) == len(found) for found in names.values())


def test_only_who_steers_can_select_rows(client):
    surveyed_late()

    assert b'form="bulk"' not in page(client, worker(Kind.SURVEY)).content
    assert b'form="bulk"' in page(client, supervisor()).content


def test_every_tab_says_why_it_is_empty(client):
    for user in (worker(Kind.SURVEY), factories.person(Role.CLERK), supervisor()):
        for tab in queue.TABS:
            assert b'class="nothing"' in page(client, user, tab=tab).content


@pytest.mark.parametrize("who", ["surveyor", "supervisor"])
def test_the_desk_costs_the_same_however_long_it_is(client, who):
    user = worker(Kind.SURVEY) if who == "surveyor" else supervisor()
    surveyed_late()
    before = queries(client, user, DESK)
    for days in range(12):
        step = surveyed_late(days=days)
        if days % 3 == 0:
            with moves.because("staff"):
                moves.hand_over(step, by=worker(Kind.SURVEY))

    assert queries(client, user, DESK) == before <= 8


def test_finished_steps_leave_the_desk(client):
    case = fresh(finished(factories.case(), Kind.APPLICATION, Kind.SURVEY))

    assert numbers(page(client, worker(Kind.SURVEY))) == []
    assert numbers(page(client, worker(Kind.PLAN))) == [case.number]
