"""A case goes to another office: the site moved, or the request came to the wrong one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.roles import Role
from tests import factories
from tests.factories import person, unit
from tests.workflow.screens import finished, fresh
from workflow import chain, ladder, moves, process
from workflow.guards import Refused
from workflow.models import Alert, Case, Step, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_room_conditions(monkeypatch):
    monkeypatch.setattr(process, "guards", lambda kind: ())


def surveyed_by(who) -> Case:
    """A case whose survey the person has."""
    step = finished(factories.case(), Kind.APPLICATION).step(Kind.SURVEY)
    moves.claim(step, by=who)
    return fresh(step.case)


def send(client, who, case: Case, to: str = "bhxc", reason: str = "地址在新城营业厅辖区"):
    client.force_login(who)
    url = reverse("workflow:office", args=[case.number])
    return client.post(url, {"unit": unit(to).pk, "reason": reason}, follow=True)


def test_the_steps_follow_and_who_does_not_see_the_case_there_gives_them_back(client):
    case = surveyed_by(person(Role.SURVEYOR))
    there = person(Role.CLERK, at="bhxc")

    page = send(client, person(Role.SUPERVISOR, at="lh"), case)

    case = fresh(case)
    assert {case.unit} == {step.unit for step in case.all_steps} == {unit("bhxc")}
    assert case.step(Kind.SURVEY).owner is None
    assert case.owner == there
    event = case.events.get(verb=moves.OFFICE_CHANGED)
    assert event.actor == person(Role.SUPERVISOR, at="lh")
    assert event.note == "城东营业厅 → 新城营业厅. 地址在新城营业厅辖区"
    assert case.events.filter(verb=moves.PASSED_ON).count() == 2
    assert chain.verify()[1] == ""
    # Not theirs any more: the desk, with a message.
    assert page.redirect_chain == [(reverse("workflow:desk"), 302)]
    assert f"{case.number} belongs to the other office now." in page.content.decode()
    assert case not in Case.objects.visible_to(person(Role.SUPERVISOR, at="lh"))


def test_who_sees_the_case_there_too_keeps_their_step_and_stays_on_its_page(client):
    surveyor = person(Role.SURVEYOR, at="jc")
    case = surveyed_by(surveyor)
    manager = person(Role.MANAGER, at="jc")

    page = send(client, manager, case)

    assert page.redirect_chain == [(case.get_absolute_url(), 302)]
    assert fresh(case).step(Kind.SURVEY).owner == surveyor


def test_the_ladder_climbs_in_the_other_office():
    case = surveyed_by(person(Role.SURVEYOR))
    supervisor = person(Role.SUPERVISOR, at="bh")
    moves.change_office(
        case, by=person(Role.MANAGER, at="jc"), unit=unit("bhxc"), reason="址在新城"
    )
    alert = Alert.objects.get(subject=Subject.DUE, ref=case.step(Kind.SURVEY).pk)
    alert.level = 2

    assert supervisor in ladder.recipients(alert)


def test_a_step_that_opens_later_belongs_to_the_other_office():
    case = surveyed_by(person(Role.SURVEYOR))
    moves.change_office(case, by=person(Role.SUPERVISOR), unit=unit("bhxc"), reason="址在新城")

    moves.send_back(fresh(case).step(Kind.SURVEY), by=None, reason="重来")

    assert {step.unit for step in Step.objects.filter(case=case)} == {unit("bhxc")}


@pytest.mark.parametrize(
    ("to", "reason", "said"),
    [
        ("lhcd", "地址", "Select a valid choice"),
        ("bhxc", "", "This field is required"),
        ("bhxc", "  ", "This field is required"),
    ],
)
def test_it_needs_another_office_and_a_reason(client, to, reason, said):
    case = surveyed_by(person(Role.SURVEYOR))

    page = send(client, person(Role.SUPERVISOR, at="lh"), case, to, reason)

    assert page.status_code == 422
    assert said in page.content.decode()
    assert fresh(case).unit == unit("lhcd")
    assert not case.events.filter(verb=moves.OFFICE_CHANGED).exists()


@pytest.mark.parametrize(
    ("roles", "at"), [([Role.CLERK], "lhcd"), ([Role.SUPERVISOR], "bhxc"), ([Role.MANAGER], "bh")]
)
def test_only_who_steers_where_it_lies_hands_it_on(roles, at):
    case = factories.case()

    with pytest.raises(Refused):
        moves.change_office(case, by=person(*roles, at=at), unit=unit("bhxc"), reason="址在新城")


def test_a_closed_case_stays_where_it_is():
    case = factories.case()
    moves.discard(case, by=case.owner)

    with pytest.raises(Refused, match="not open any more"):
        moves.change_office(case, by=person(Role.SUPERVISOR), unit=unit("bhxc"), reason="址在新城")
    assert fresh(case).unit == unit("lhcd")


@pytest.mark.parametrize(
    ("to", "reason", "said"),
    [("lhcd", "址在新城", "already"), ("bhxc", " ", "Write down why")],
)
def test_the_door_itself_asks_for_another_office_and_a_reason(to, reason, said):
    case = factories.case()

    with pytest.raises(Refused, match=said):
        moves.change_office(case, by=person(Role.SUPERVISOR), unit=unit(to), reason=reason)
