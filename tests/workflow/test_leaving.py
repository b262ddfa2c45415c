"""Nobody who cannot act owns work: gone, moved to another office, without the role, on leave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from celery import current_app
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from documents.paper import accountable
from tests import factories
from tests.factories import person, unit
from tests.workflow.screens import finished, fresh
from workflow import chain, ladder, moves, process, reminders, tasks
from workflow.guards import Refused
from workflow.models import Alert, Case, Event, Notice, Reminder, Step, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_room_conditions(monkeypatch):
    monkeypatch.setattr(process, "guards", lambda kind: ())


def gone(who: User) -> None:
    User.objects.filter(pk=who.pk).update(is_active=False)


def moved(who: User) -> None:
    User.objects.filter(pk=who.pk).update(unit=unit("bhxc"))


def without_role(who: User) -> None:
    who.groups.set([Group.objects.get_or_create(name=Role.AUDITOR)[0]])


def on_leave(who: User, days: int = 5) -> None:
    today = timezone.localdate()
    User.objects.filter(pk=who.pk).update(away_from=today, away_until=today + timedelta(days))


WAYS: list[Callable[[User], None]] = [gone, moved, without_role, on_leave]
every_way = pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)


def survey_of(who: User, **columns) -> Step:
    """A survey that the person has claimed."""
    step = finished(factories.case(**columns), Kind.APPLICATION).step(Kind.SURVEY)
    return moves.claim(step, by=who)


def passed(case: Case) -> list[Event]:
    return list(case.events.filter(verb=moves.PASSED_ON).order_by("seq"))


def again(who: User) -> User:
    """The person as a new request reads them."""
    return User.objects.get(pk=who.pk)


# Steps --------------------------------------------------------------------------------------------


@every_way
def test_the_sweep_gives_a_step_of_who_cannot_do_it_back_to_the_queue_and_says_why(leave):
    surveyor = person(Role.SURVEYOR)
    step = survey_of(surveyor)
    leave(surveyor)

    reminders.sweep()

    step.refresh_from_db()
    assert step.owner is None
    [event] = passed(step.case)
    assert (event.step_id, event.actor_id) == (step.pk, None)
    assert (event.data["before"], event.data["after"]) == (surveyor.pk, None)
    why = moves.absence(again(surveyor), fresh(step.case), Role.SURVEYOR)
    assert why
    assert event.note == f"{surveyor} → unclaimed. {why}"
    assert chain.verify()[1] == ""


@every_way
def test_a_step_goes_to_the_stand_in_who_can_do_it(leave):
    deputy = person(Role.SURVEYOR, username="deputy")
    surveyor = person(Role.SURVEYOR, stand_in=deputy)
    step = survey_of(surveyor)
    leave(surveyor)

    reminders.sweep()

    step.refresh_from_db()
    assert step.owner == deputy
    assert [event.data["after"] for event in passed(step.case)] == [deputy.pk]


@every_way
def test_a_stand_in_who_cannot_do_it_either_is_given_nothing(leave):
    deputy = person(Role.SURVEYOR, username="deputy")
    surveyor = person(Role.SURVEYOR, stand_in=deputy)
    step = survey_of(surveyor)
    gone(surveyor)
    leave(deputy)

    reminders.sweep()

    step.refresh_from_db()
    assert step.owner is None


def test_who_can_do_their_work_keeps_it():
    surveyor = person(Role.SURVEYOR, at="lh", stand_in=person(Role.SURVEYOR))
    step = survey_of(surveyor)
    today = timezone.localdate()
    for first, last in ((1, 3), (-5, -1)):
        surveyor.away_from, surveyor.away_until = today + timedelta(first), today + timedelta(last)
        surveyor.save()
        reminders.sweep()

    step.refresh_from_db()
    assert step.owner == surveyor
    assert not passed(step.case)


def test_a_second_sweep_moves_nothing_and_nothing_comes_back_by_itself():
    surveyor = person(Role.SURVEYOR)
    step = survey_of(surveyor)
    on_leave(surveyor)
    reminders.sweep()
    User.objects.filter(pk=surveyor.pk).update(away_from=None, away_until=None)

    reminders.sweep()

    step.refresh_from_db()
    assert step.owner is None
    assert len(passed(step.case)) == 1


def test_a_round_opened_anew_is_not_given_to_who_has_left():
    surveyor = person(Role.SURVEYOR)
    step = survey_of(surveyor)
    step = finished(step.case, Kind.SURVEY).step(Kind.PLAN)
    gone(surveyor)

    moves.send_back(step, by=None, reason="不通", to=Kind.SURVEY)

    assert fresh(step.case).step(Kind.SURVEY).owner is None


def test_who_is_on_leave_takes_nothing_from_the_queue():
    step = finished(factories.case(), Kind.APPLICATION).step(Kind.SURVEY)
    surveyor = person(Role.SURVEYOR)
    on_leave(surveyor)

    with pytest.raises(Refused, match="on leave until"):
        moves.claim(step, by=again(surveyor))


@every_way
def test_nobody_hands_a_step_to_who_cannot_do_it(leave):
    step = survey_of(person(Role.SURVEYOR))
    colleague = person(Role.SURVEYOR, username="colleague")
    leave(colleague)

    with pytest.raises(Refused, match="cannot do this step"):
        moves.assign(step, again(colleague), by=person(Role.SUPERVISOR))


# Cases --------------------------------------------------------------------------------------------


@every_way
def test_a_case_goes_to_the_nearest_person_who_answers_for_cases(leave):
    case = factories.case()
    person(Role.MANAGER, at="jc"), person(Role.SUPERVISOR, at="lh")
    colleague = person(Role.CLERK, username="second")
    before = case.owner
    leave(before)

    reminders.sweep()

    case = fresh(case)
    assert case.owner == colleague
    assert [event.step and event.step.kind for event in passed(case)] == ["application", None]
    assert passed(case)[-1].note.startswith(f"Accountable: {before} → second. ")


def test_a_case_goes_to_the_stand_in_first_and_to_the_office_above_if_need_be():
    deputy = person(Role.PLANNER)
    case = factories.case(by=person(Role.CLERK, stand_in=deputy))
    person(Role.CLERK, username="second")
    chief = person(Role.SUPERVISOR, at="lh")

    gone(case.owner)
    reminders.sweep()
    assert fresh(case).owner == deputy

    gone(deputy)
    gone(User.objects.get(username="second"))
    reminders.sweep()
    assert fresh(case).owner == chief


@every_way
def test_where_truly_nobody_is_there_the_case_stays(leave):
    case = factories.case()
    leave(case.owner)

    reminders.sweep()

    assert fresh(case).owner == case.owner
    assert case.pk in Case.objects.left(timezone.localdate()).values_list("pk", flat=True)


def test_the_cases_of_one_who_left_are_shared():
    leaving = person(Role.CLERK)
    cases = [factories.case(by=leaving) for _ in range(4)]
    one, other = person(Role.CLERK, username="one"), person(Role.CLERK, username="other")
    gone(leaving)

    reminders.sweep()

    owners = [fresh(case).owner for case in cases]
    assert owners.count(one) == owners.count(other) == 2


def test_a_closed_case_keeps_its_name():
    case = factories.case()
    person(Role.CLERK, username="second")
    moves.discard(case, by=case.owner)
    gone(case.owner)

    reminders.sweep()

    assert fresh(case).owner == case.owner
    assert not passed(case)


# Reminders, papers --------------------------------------------------------------------------------


def due_alert(step: Step) -> Alert:
    return Alert.objects.get(subject=Subject.DUE, ref=step.pk)


@pytest.mark.parametrize("leave", [gone, on_leave])
def test_the_first_rung_reaches_somebody_who_is_there(leave):
    surveyor = person(Role.SURVEYOR)
    step = survey_of(surveyor)
    assert ladder.recipients(due_alert(step)) == [surveyor]
    leave(surveyor)
    manager = person(Role.MANAGER, at="jc")
    assert ladder.recipients(due_alert(step)) == [manager]
    supervisor = person(Role.SUPERVISOR, at="lh")
    assert ladder.recipients(due_alert(step)) == [supervisor]
    deputy = person(Role.FITTER)
    User.objects.filter(pk=surveyor.pk).update(stand_in=deputy)
    assert ladder.recipients(due_alert(step)) == [deputy]
    leave(deputy)
    assert ladder.recipients(due_alert(step)) == [supervisor]


def test_a_supervisor_on_leave_is_not_told():
    step = survey_of(person(Role.SURVEYOR))
    supervisor, above = person(Role.SUPERVISOR), person(Role.SUPERVISOR, at="lh")
    alert = due_alert(step)
    alert.level = 2
    assert supervisor in ladder.recipients(alert)

    on_leave(supervisor)

    assert supervisor not in ladder.recipients(alert)
    assert above in ladder.recipients(alert)


def test_no_mail_of_before_leaves_for_who_is_on_leave():
    surveyor = person(Role.SURVEYOR)
    step = survey_of(surveyor)
    now = timezone.now()
    reminder = Reminder.objects.create(
        subject=Subject.DUE,
        ref=step.pk,
        case=step.case,
        due_on=step.due_on,
        level=0,
        created_at=now,
    )
    Notice.objects.create(reminder=reminder, user=surveyor)
    assert Notice.objects.to_mail(now).count() == 1

    on_leave(surveyor)
    assert not Notice.objects.to_mail(now)


@pytest.mark.parametrize("leave", [gone, on_leave])
def test_papers_and_reminders_name_somebody_who_answers(leave):
    case = factories.case()
    leave(case.owner)
    case = fresh(case)
    assert accountable(case)["name"] == str(case.unit)

    chief = person(Role.SUPERVISOR, at="lh", phone="0510-1")
    step = case.step(Kind.APPLICATION)
    reminder = Reminder.objects.create(
        subject=Subject.DUE,
        ref=step.pk,
        case=case,
        step=step,
        due_on=step.due_on,
        level=1,
        created_at=timezone.now(),
    )
    notice = Notice.objects.create(reminder=reminder, user=chief)

    assert accountable(case) == {"name": str(chief), "phone": "0510-1"}
    assert f"Accountable: {chief}." in reminders.wording(notice)[1]


# Choosing somebody --------------------------------------------------------------------------------


def offered(page) -> list[str]:
    return [str(label) for value, label in page.context["form"].fields["to"].choices if value]


@every_way
def test_reassign_offers_who_can_do_the_steps_only(client, leave):
    step = survey_of(person(Role.SURVEYOR))
    client.force_login(person(Role.SUPERVISOR, at="lh"))
    person(Role.SURVEYOR, username="there", at="lh")
    away = person(Role.SURVEYOR, username="away")
    leave(away)

    page = client.get(reverse("workflow:reassign"), {"step": step.pk})
    assert [label.split(" · ")[0] for label in offered(page)] == ["there"]
    page = client.get(reverse("workflow:assign", args=[step.case.number, step.pk]))
    assert [label.split(" · ")[0] for label in offered(page)] == ["there"]


def test_where_nobody_can_be_chosen_both_pages_say_what_to_do(client):
    step = survey_of(person(Role.SURVEYOR))
    client.force_login(person(Role.SUPERVISOR, at="lh"))

    page = client.get(reverse("workflow:reassign"), {"step": step.pk})
    assert "Field surveyor" in page.content.decode()
    assert "Ask the administrator to give somebody the role" in page.content.decode()
    assert b"<select" not in page.content
    page = client.get(reverse("workflow:assign", args=[step.case.number, step.pk]))
    assert page.status_code == 409
    assert "Ask the administrator to give somebody the role" in page.content.decode()
    assert b"<select" not in page.content


def test_reassign_puts_first_who_can_do_most_and_says_when_nobody_can_do_all(client):
    surveyor = person(Role.SURVEYOR)
    steps = [survey_of(surveyor), survey_of(surveyor), factories.case().step(Kind.APPLICATION)]
    client.force_login(person(Role.SUPERVISOR, at="lh"))
    person(Role.CLERK, username="a clerk"), person(Role.SURVEYOR, username="b surveyor")

    page = client.get(reverse("workflow:reassign"), {"step": [step.pk for step in steps]})
    assert [label.split(" · ")[0] for label in offered(page)] == ["b surveyor", "a clerk"]
    assert "Nobody can do all of these steps" in page.content.decode()

    page = client.get(reverse("workflow:reassign"), {"step": [step.pk for step in steps[:2]]})
    assert "Nobody can do all of these steps" not in page.content.decode()


# The administrator -------------------------------------------------------------------------------


@pytest.fixture
def root(client):
    """A browser in which the administrator is signed in."""
    client.force_login(person(Role.ADMINISTRATOR, at="js", is_staff=True))
    return client


def as_typed(root, who: User, **changes) -> dict:
    """The change form of a person as the browser posts it."""
    form = root.get(reverse("admin:accounts_user_change", args=[who.pk])).context["adminform"].form
    data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: "" if value is None else value for name, value in data.items()} | changes
    data["groups"] = [getattr(group, "pk", group) for group in data["groups"]]
    return {name: value for name, value in data.items() if value is not False}


@pytest.mark.parametrize(
    "changes",
    [
        lambda: {"is_active": False},
        lambda: {"unit": unit("bhxc").pk},
        lambda: {"groups": []},
        lambda: {"away_from": timezone.localdate(), "away_until": timezone.localdate()},
    ],
    ids=["deactivated", "moved", "role lost", "on leave"],
)
def test_the_administrator_sees_what_moves_before_it_is_saved(root, changes):
    clerk = person(Role.CLERK)
    cases = [factories.case() for _ in range(3)]
    deputy = person(Role.CLERK, username="deputy", name="李代")
    User.objects.filter(pk=clerk.pk).update(stand_in=deputy)
    url, before = reverse("admin:accounts_user_change", args=[clerk.pk]), Event.objects.count()
    data = as_typed(root, again(clerk), **changes())

    page = root.post(url, data)

    text = page.content.decode()
    assert page.status_code == 200
    assert "3 steps, 3 cases" in text
    assert "李代" in text
    kept = again(clerk)
    assert kept.is_active
    assert not kept.is_away
    assert (kept.unit, kept.roles) == (unit("lhcd"), {Role.CLERK})
    assert Event.objects.count() == before

    hidden = {}
    for name, value in page.context["typed"]:
        hidden.setdefault(name, []).append(value)
    saved = root.post(url, {**hidden, "seen": "1"})

    assert saved.status_code == 302
    assert {fresh(case).owner for case in cases} == {deputy}
    assert {fresh(case).step(Kind.APPLICATION).owner for case in cases} == {deputy}
    assert {event.actor.username for event in passed(cases[0])} == {"administrator-js"}
    assert not moves.left()


def test_the_administrator_sees_where_nobody_is_there(root):
    case = factories.case()
    url = reverse("admin:accounts_user_change", args=[case.owner.pk])

    page = root.post(url, as_typed(root, case.owner, is_active=False))

    assert "1 step, 0 cases" in page.content.decode()
    assert "1 case stays with the person" in page.content.decode()
    assert again(case.owner).is_active


def test_who_has_no_work_is_saved_at_once(root):
    clerk = person(Role.CLERK)
    url = reverse("admin:accounts_user_change", args=[clerk.pk])

    assert root.post(url, as_typed(root, clerk, is_active=False)).status_code == 302
    assert not again(clerk).is_active


# The board ---------------------------------------------------------------------------------------


@every_way
def test_the_board_counts_and_lists_what_nobody_can_act_on(client, leave):
    case, other = factories.case(), factories.case(by=person(Role.CLERK, at="lh"))
    leave(case.owner)
    User.objects.filter(pk=other.owner.pk).update(is_active=False)
    factories.case(by=person(Role.CLERK, at="bh"), unit=unit("bhxc"))
    auditor = person(Role.AUDITOR, at="js")
    reminders.sweep()
    client.force_login(auditor)

    board = client.get(reverse("workflow:board"))
    assert board.context["left"] == 2
    assert "2 open steps of cases without anybody who can act" in board.content.decode()
    rows = client.get(board.context["urls"]["left"]).context["rows"]
    assert {row.case for row in rows} == {case, other}

    # Once somebody is there the next sweep gives them both.
    person(Role.SUPERVISOR, at="lh")
    reminders.sweep()
    board = client.get(reverse("workflow:board"))
    assert board.context["left"] == 0
    assert "without anybody who can act" not in board.content.decode()


# Leave -------------------------------------------------------------------------------------------


def ask_leave(client, by: User, of: User | None = None, days=(0, 7), stand_in: User | None = None):
    client.force_login(by)
    url = reverse("workflow:leave_of", args=[of.pk]) if of else reverse("workflow:leave")
    first, last = (timezone.localdate() + timedelta(n) for n in days)
    data = {"away_from": first, "away_until": last, "stand_in": stand_in.pk if stand_in else ""}
    return client.post(url, data)


def test_who_goes_on_leave_today_gives_their_work_to_the_stand_in(client):
    surveyor, deputy = person(Role.SURVEYOR), person(Role.SURVEYOR, username="deputy")
    step = survey_of(surveyor)

    page = ask_leave(client, surveyor, stand_in=deputy)

    assert page.status_code == 302
    step.refresh_from_db()
    assert step.owner == deputy
    assert passed(step.case)[0].actor == surveyor
    assert "1 step or case was passed on" in client.get(page.url).content.decode()


def test_much_work_is_passed_on_by_the_worker(
    client, monkeypatch, django_capture_on_commit_callbacks
):
    surveyor, deputy = person(Role.SURVEYOR), person(Role.SURVEYOR, username="deputy")
    steps = [survey_of(surveyor) for _ in range(3)]
    monkeypatch.setattr("workflow.moves.leaving.AT_ONCE", 2)
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda name, ids: sent.append((name, ids)))

    with django_capture_on_commit_callbacks(execute=True):
        page = ask_leave(client, surveyor, stand_in=deputy)

    assert sent == [("workflow.tasks.pass_on", [surveyor.pk, surveyor.pk])]
    assert "is being passed on" in client.get(page.url).content.decode()
    assert not passed(steps[0].case)
    assert tasks.pass_on(*sent[0][1]) == 3
    assert {Step.objects.get(pk=step.pk).owner for step in steps} == {deputy}
    assert passed(steps[0].case)[0].actor == surveyor


def test_the_administrator_sees_how_much_the_worker_will_move(root, monkeypatch):
    clerk = person(Role.CLERK)
    [factories.case() for _ in range(3)]
    monkeypatch.setattr("workflow.moves.leaving.AT_ONCE", 2)
    url = reverse("admin:accounts_user_change", args=[clerk.pk])

    page = root.post(url, as_typed(root, again(clerk), is_active=False))

    assert "3 steps, 3 cases" in page.content.decode()
    assert again(clerk).is_active
    saved = root.post(url, dict([*page.context["typed"], ("seen", "1")]))
    assert saved.status_code == 302
    assert not again(clerk).is_active


def test_a_stand_in_who_is_away_today_stays_named(client):
    surveyor, deputy = person(Role.SURVEYOR), person(Role.SURVEYOR, username="deputy")
    User.objects.filter(pk=surveyor.pk).update(stand_in=deputy)
    on_leave(deputy, days=1)

    ask_leave(client, again(surveyor), days=(7, 9), stand_in=deputy)

    assert again(surveyor).stand_in == deputy
    assert again(surveyor).away_from


def test_a_leave_of_later_moves_nothing_until_its_first_day(client):
    surveyor, deputy = person(Role.SURVEYOR), person(Role.SURVEYOR, username="deputy")
    step = survey_of(surveyor)
    ask_leave(client, surveyor, days=(3, 9), stand_in=deputy)
    reminders.sweep()
    step.refresh_from_db()
    assert step.owner == surveyor

    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        reminders.sweep()

    step.refresh_from_db()
    assert step.owner == deputy


def test_a_supervisor_enters_the_leave_of_their_people_and_of_no_others(client):
    surveyor, stranger = person(Role.SURVEYOR), person(Role.SURVEYOR, at="bhxc")
    supervisor = person(Role.SUPERVISOR, at="lh")

    assert ask_leave(client, supervisor, surveyor).status_code == 302
    assert ask_leave(client, supervisor, stranger).status_code == 404

    assert again(surveyor).is_away
    assert not again(stranger).is_away
    page = client.get(reverse("workflow:leave")).content.decode()
    assert reverse("workflow:leave_of", args=[surveyor.pk]) in page
    assert reverse("workflow:leave_of", args=[stranger.pk]) not in page


def test_both_days_empty_end_the_leave(client):
    surveyor = person(Role.SURVEYOR)
    on_leave(surveyor)
    client.force_login(surveyor)

    page = client.post(
        reverse("workflow:leave"), {"away_from": "", "away_until": "", "stand_in": ""}
    )

    assert page.status_code == 302
    assert again(surveyor).is_at_work


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"away_from": "2027-05-02", "away_until": "2027-05-01"}, "the last is not before"),
        ({"away_from": "2027-05-02"}, "a first and a last day"),
        ({"away_until": "2027-05-02"}, "a first and a last day"),
        ({"away_from": "morgen", "away_until": "<b>"}, "Enter a valid date"),
        ({"away_from": "0001-01-01", "away_until": "9999-12-31"}, "cannot be right"),
        ({"stand_in": "999999999999999999999"}, "Select a valid choice"),
        ({"stand_in": "self"}, "Select a valid choice"),
        ({"stand_in": "cashier"}, "Select a valid choice"),
        ({"stand_in": "stranger"}, "Select a valid choice"),
    ],
)
def test_a_leave_that_cannot_be_is_refused_in_words(client, typed, said):
    surveyor = person(Role.SURVEYOR)
    people = {
        "self": surveyor,
        "cashier": person(Role.CASHIER),
        "stranger": person(Role.SURVEYOR, at="bhxc"),
    }
    chosen = typed.get("stand_in", "")
    data = {**typed, "stand_in": people[chosen].pk if chosen in people else chosen}
    client.force_login(surveyor)

    page = client.post(reverse("workflow:leave"), data)

    assert page.status_code == 200
    assert said in page.content.decode()
    kept = again(surveyor)
    assert (kept.away_from, kept.away_until, kept.stand_in) == (None, None, None)


def test_the_administrator_reads_that_nobody_stands_in_for_themselves(root):
    clerk = person(Role.CLERK)
    url = reverse("admin:accounts_user_change", args=[clerk.pk])

    page = root.post(url, as_typed(root, clerk, stand_in=clerk.pk))

    assert page.status_code == 200
    assert "choose a colleague" in page.content.decode()


# What the database holds --------------------------------------------------------------------------


def test_nobody_stands_in_for_themselves_and_no_leave_ends_before_it_begins():
    who, today = person(Role.CLERK), timezone.localdate()
    for columns in (
        {"stand_in": who},
        {"away_from": today, "away_until": today - timedelta(1)},
        {"away_from": today, "away_until": None},
        {"away_from": None, "away_until": today},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=who.pk).update(**columns)
    who.stand_in = who
    with pytest.raises(ValidationError, match="choose a colleague"):
        who.full_clean()


@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_pass_on_once():
    surveyor = person(Role.SURVEYOR)
    steps = [survey_of(surveyor) for _ in range(20)]
    gone(surveyor)

    def one(_number):
        try:
            return reminders.pass_on_left()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        counted = sum(pool.map(one, range(4)))

    assert counted == len(steps) == Event.objects.filter(verb=moves.PASSED_ON).count()
    assert not Step.objects.filter(owner=surveyor, state__in=Step.LIVE).exists()
    assert chain.verify()[1] == ""
