"""The case page, moving a case by hand, and why a date is what it is."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

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
from workflow import clocks, moves, process, reminders
from workflow.guards import Guard
from workflow.models import Case, Pause, Step, StopReason
from workflow.process import CustomerClass, ExistingSupply, Kind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]


def page(client, user, case, **asked):
    client.force_login(user)
    return client.get(reverse("workflow:case", args=[case.number]), asked)


def verbs(response) -> list[str]:
    return [event.verb for event, _name in response.context["events"]]


def act(client, user, code, step_or_case, **typed):
    """POST one of the small pages; without anything typed: GET it."""
    client.force_login(user)
    if isinstance(step_or_case, Step):
        args = [step_or_case.case.number, step_or_case.pk]
    else:
        args = [step_or_case.number]
    url = reverse(f"workflow:{code}", args=args)
    return client.post(url, typed) if typed else client.get(url)


def stop(step: Step) -> Step:
    return moves.stop(
        step,
        by=worker(step.kind),
        reason=StopReason.objects.get(code="third_party"),
        party="业委会 王主任",
        evidence="征询函 2026-0188",
        review_on=clocks.calendar().add(timezone.localdate(), 3),
    )


# The page ---------------------------------------------------------------------------------------


def test_the_page_opens_at_the_readers_own_work(client):
    case = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY, Kind.PLAN)
    for kind in (Kind.FEES, Kind.CONTRACT):
        assert page(client, worker(kind), case).context["step"].kind == kind

    client.force_login(worker(Kind.CONTRACT))
    step = case.step(Kind.CONTRACT)
    claimed = client.post(reverse("workflow:claim", args=[case.number, step.pk]), follow=True)

    assert claimed.context["step"] == claimed.context["urgent"] == step


def test_the_page_opens_on_the_most_urgent_step(client):
    case = finished(factories.case(), Kind.APPLICATION)

    response = page(client, worker(Kind.SURVEY), case)

    assert [entry.step.kind for entry in response.context["rail"] if entry.here] == [Kind.SURVEY]


def test_a_case_of_another_office_is_not_found(client):
    case = factories.case()
    stranger = factories.person(Role.SUPERVISOR, at="bh")

    assert page(client, stranger, case).status_code == 404
    for code in ("withdraw", "refuse", "facts", "fast_lane_ask", "fast_lane_approve"):
        assert act(client, stranger, code, case).status_code == 404
    step = case.step(Kind.APPLICATION)
    for code in ("assign", "stop", "resume", "send_back", "deadline"):
        assert act(client, stranger, code, step).status_code == 404
    assert act(client, stranger, "claim", step, back="").status_code == 404


def test_a_step_of_another_case_is_not_found(client):
    case, other = factories.case(), factories.case()
    client.force_login(factories.person(Role.CLERK))

    for code in ("deadline", "assign"):
        args = [case.number, other.step(Kind.APPLICATION).pk]
        assert client.get(reverse(f"workflow:{code}", args=args)).status_code == 404
    assert page(client, worker(Kind.SURVEY), case, step="999999").status_code == 404


def test_the_rail_keeps_every_round_and_says_what_is_left_out_and_why(client):
    case = finished(factories.case(), Kind.APPLICATION)
    moves.send_back(case.step(Kind.SURVEY), by=worker(Kind.SURVEY), reason="B 点距离未测")

    response = page(client, worker(Kind.SURVEY), fresh(case))

    rounds = [entry for entry in response.context["rail"] if entry.step.kind == Kind.SURVEY]
    assert [entry.css for entry in rounds] == ["ret", "run"]
    assert rounds[0].sub == "B 点距离未测"
    assert {str(name) for name, why in response.context["left_out"] if why} >= {
        str(Kind.ACCEPTANCE.label),
        str(Kind.DRAWINGS.label),
    }


def test_why_not_names_the_guard_who_owes_it_and_the_way_out(client, monkeypatch):
    monkeypatch.setattr(Step, "get_absolute_url", lambda step: "/sheet/")
    case = finished(factories.case(), Kind.APPLICATION)
    guard = Guard(
        lambda step: False,
        reason="Consent is missing.",
        owes=lambda step: "张建国",
        remedy=lambda step: ("Record the answer", "/search/"),
    )
    monkeypatch.setattr(process, "guards", lambda kind: (guard,) if kind == Kind.SURVEY else ())

    html = page(client, worker(Kind.SURVEY), case).content.decode()

    assert "Consent is missing." in html
    assert "张建国" in html
    assert 'href="/search/"' in html


def test_the_money_question_is_answered_until_fees_open(client, monkeypatch):
    case = finished(factories.case(), Kind.APPLICATION)
    monkeypatch.setattr(
        process,
        "guards",
        lambda kind: (
            (Guard(lambda step: False, reason="Consent is missing.", remedy=lambda step: ("", "")),)
            if kind == Kind.SURVEY
            else ()
        ),
    )

    money = page(client, supervisor(), case).context["money"]

    open_lines = [str(line.missing) for line in money.open]
    assert "Consent is missing." in open_lines
    assert len(open_lines) == 3  # the consent, the survey, the plan
    assert [line.met for line in money.rows][-1] is True  # the application, settled


def test_the_money_question_is_gone_when_the_plan_causes_no_fee(client):
    case = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY)
    assert page(client, supervisor(), case).context["money"] is not None

    moves.finish(case.step(Kind.PLAN), by=worker(Kind.PLAN), facts={"chargeable": False})

    assert page(client, supervisor(), fresh(case)).context["money"] is None


def test_a_waiting_step_says_what_it_waits_for(client):
    case = finished(factories.case(), Kind.APPLICATION)

    response = page(client, supervisor(), case, step=case.step(Kind.METER).pk)

    assert response.context["why"].open


@time_machine.travel("2026-10-20T10:00:00+08:00")
def test_the_three_clocks_stand_side_by_side(client):
    step = surveyed_late(days=20)
    stop(moves.claim(step, by=worker(Kind.SURVEY)))
    Pause.objects.update(started_at=timezone.now() - timedelta(days=4))  # a Friday

    context = page(client, supervisor(), step.case).context

    assert context["elapsed"].value == 20
    assert context["silence"].value == working_days_since(20)
    assert context["silence"].css == "late"
    assert context["utility"].value == context["utility"].ticks.count("u") > 0
    assert "s" in context["utility"].ticks


def test_utility_time_is_the_time_the_clocks_count(client):
    step = surveyed_late(days=20)

    dial = page(client, supervisor(), step.case).context["utility"]

    assert dial.value == clocks.utility_days(fresh(step.case), timezone.localdate())


def test_the_history_shows_both_times_of_what_was_entered_late(client):
    step = surveyed_late(days=3)

    response = page(client, supervisor(), step.case)

    late = [event for event, _ in response.context["events"] if event.entered_late]
    assert late
    assert f"{timezone.localtime(late[0].entered_at):%m-%d %H:%M}" in response.content.decode()


@pytest.mark.parametrize(("seconds", "both"), [(0, False), (59, False), (60, True), (720, True)])
def test_times_a_minute_apart_are_not_the_same(client, seconds, both):
    step = surveyed_late(days=3)
    entered = timezone.now()
    with time_machine.travel(entered, tick=False):
        at = timezone.now() - timedelta(seconds=seconds)
        moves.record(step.case, moves.CONTACTED, by=None, at=at)

    shown = page(client, supervisor(), step.case)

    event, _name = shown.context["events"][0]
    assert (event.happened_at, event.entered_late) == (at, both)
    row = shown.content.decode().partition('id="history"')[2].partition("<tbody>")[2]
    cells = row.partition("</tr>")[0]
    assert ("later" in cells, "at once" in cells) == (both, not both)


def test_reminders_are_folded_away_in_the_history_and_can_be_shown(client):
    case = surveyed_late(days=20).case
    with clocks.one_edition():
        reminders.sweep()
    told = case.events.filter(verb=moves.REMINDED).count()

    folded = page(client, supervisor(), case)
    shown = page(client, supervisor(), case, reminders="1")

    assert told == folded.context["told"] > 0
    assert moves.REMINDED not in verbs(folded)
    assert f"{told} reminder" in folded.content.decode()
    assert verbs(shown).count(moves.REMINDED) == told


def test_the_history_is_cut_at_twenty_and_can_be_opened(client):
    case = factories.case()
    for n in range(25):
        moves.record(case, "noted", by=case.owner, note=f"note {n}")

    assert len(page(client, case.owner, case).context["events"]) == 20
    assert len(page(client, case.owner, case, history="all").context["events"]) == 26
    of_survey = page(client, case.owner, case, of=Kind.SURVEY)
    assert of_survey.context["events"] == []


def test_a_locked_button_says_why(client):
    case = finished(factories.case(), Kind.APPLICATION)

    html = page(client, factories.person(Role.CASHIER), case).content.decode()

    assert 'aria-disabled="true"' in html
    assert re.search(r"Field surveyor|查勘员", html)


def test_the_case_page_costs_the_same_with_more_rounds_and_more_history(client):
    case = finished(factories.case(), Kind.APPLICATION)
    user = supervisor()
    url = reverse("workflow:case", args=[case.number])
    first = queries(client, user, url)
    asked = []
    for n in range(6):
        step = fresh(case).step(Kind.SURVEY)
        moves.send_back(step, by=worker(Kind.SURVEY), reason=f"round {n}")
        moves.record(case, "noted", by=case.owner, note="x")
        asked.append(queries(client, user, url))

    # A round that came back reads why: one statement, the same in each.
    assert max(asked) <= first + 1 <= 15


def test_customer_words_never_become_markup(client):
    case = factories.case(customer_name="<script>alert(1)</script>", address='"><b>x</b>')

    html = page(client, case.owner, case).content.decode()

    assert "<script>alert" not in html
    assert "<b>x</b>" not in html


# Moves by hand ------------------------------------------------------------------------------------

STEP_ACTIONS = ("assign", "stop", "send_back")
CASE_ACTIONS = ("withdraw", "refuse", "facts", "office")


def test_who_has_not_the_role_reads_why_and_gets_403(client):
    case = finished(factories.case(), Kind.APPLICATION)
    cashier = factories.person(Role.CASHIER)

    for code in STEP_ACTIONS:
        response = act(client, cashier, code, case.step(Kind.SURVEY))
        assert response.status_code == 403, code
        assert b'<form method="post" class="body' not in response.content
    for code in CASE_ACTIONS:
        assert act(client, cashier, code, case).status_code == 403, code
        assert act(client, cashier, code, case, reason="x").status_code == 403, code
    assert fresh(case).state == "open"


def test_the_auditor_changes_nothing(client):
    case = factories.case()
    auditor = factories.person(Role.AUDITOR, at="js")

    for code in (*CASE_ACTIONS, "fast_lane_ask"):
        assert act(client, auditor, code, case).status_code == 403, code
    assert page(client, auditor, case).status_code == 200


def test_a_claimed_step_cannot_be_claimed_again(client):
    step = surveyed_late()
    moves.claim(step, by=worker(Kind.SURVEY))
    other = factories.person(Role.SURVEYOR, username="other")

    act(client, other, "claim", step, back="")

    step.refresh_from_db()
    assert step.owner == worker(Kind.SURVEY)


def test_a_supervisor_hands_a_step_to_somebody_who_can_do_it(client):
    step = surveyed_late()
    surveyor = worker(Kind.SURVEY)
    factories.person(Role.SURVEYOR, at="bhxc", username="elsewhere")

    offered = act(client, supervisor(), "assign", step).context["form"].fields["to"].queryset
    assert list(offered) == [surveyor]
    act(client, supervisor(), "assign", step, to=surveyor.pk, note="urgent")

    step.refresh_from_db()
    assert step.owner == surveyor


def test_a_stop_keeps_what_was_typed_when_it_is_refused(client):
    step = surveyed_late()
    typed = {
        "reason": StopReason.objects.get(code="third_party").pk,
        "party": "业委会",
        "evidence": "征询函 2026-0188",
        "review_on": (timezone.localdate() + timedelta(days=300)).isoformat(),
    }

    response = act(client, worker(Kind.SURVEY), "stop", step, **typed)

    assert response.status_code == 422
    assert response.context["form"].errors["review_on"]
    assert "征询函 2026-0188" in response.content.decode()
    step.refresh_from_db()
    assert step.state == "in_hand"


def test_a_stop_and_a_resume_through_their_pages(client):
    step = surveyed_late(days=1)
    surveyor = worker(Kind.SURVEY)
    review = clocks.calendar().add(timezone.localdate(), 2)
    typed = {
        "reason": StopReason.objects.get(code="third_party").pk,
        "party": "业委会",
        "evidence": "征询函",
        "review_on": review.isoformat(),
    }

    assert act(client, surveyor, "stop", step, **typed).status_code == 302
    assert Step.objects.get(pk=step.pk).state == "stopped"
    assert act(client, surveyor, "stop", step, **typed).status_code == 409
    assert act(client, surveyor, "resume", step, note="answer came").status_code == 302
    assert Step.objects.get(pk=step.pk).state == "in_hand"


def test_a_case_goes_back_to_an_earlier_step_with_a_reason(client):
    case = finished(factories.case(), Kind.APPLICATION, Kind.SURVEY)
    plan = case.step(Kind.PLAN)

    assert act(client, worker(Kind.PLAN), "send_back", plan, to=Kind.SURVEY).status_code == 422
    act(client, worker(Kind.PLAN), "send_back", plan, to=Kind.SURVEY, reason="容量不足")

    assert fresh(case).step(Kind.SURVEY).round == 2
    assert fresh(case).step(Kind.PLAN).state == "waiting"


def test_it_cannot_be_sent_back_to_a_later_step(client):
    case = finished(factories.case(), Kind.APPLICATION)
    survey = case.step(Kind.SURVEY)

    response = act(client, worker(Kind.SURVEY), "send_back", survey, to=Kind.METER, reason="x")

    assert response.context["form"].errors["to"]


def test_the_counter_closes_a_case_that_the_customer_withdraws(client):
    case = factories.case()

    act(client, case.owner, "withdraw", case, reason="不办了")

    assert fresh(case).state == "withdrawn"
    assert act(client, case.owner, "withdraw", case).status_code == 409


def test_a_draft_is_discarded_by_who_began_it_and_leaves_its_trace(client):
    case = factories.case()
    other = factories.person(Role.CLERK, username="other")

    assert act(client, other, "discard", case).status_code == 403
    assert act(client, other, "discard", case, sure="1").status_code == 403
    act(client, case.owner, "discard", case, sure="1")

    found = fresh(case)
    assert found.state == "withdrawn"
    assert [event.verb for event in found.events.order_by("-seq")][:1] == ["discarded"]
    assert not found.live_steps


def test_what_was_accepted_is_never_discarded(client):
    case = finished(factories.case(), Kind.APPLICATION)

    assert act(client, case.owner, "discard", case, sure="1").status_code == 409
    assert fresh(case).state == "open"


def test_a_refusal_needs_its_reason_in_plain_words(client):
    case = factories.case()

    act(client, supervisor(), "refuse", case, reason=" ")
    assert fresh(case).state == "open"
    act(client, supervisor(), "refuse", case, reason="附近没有可用电源点", options="改小容量")
    assert fresh(case).state == "refused"
    assert fresh(case).papers.filter(kind="refusal").exists()


def test_the_fast_lane_is_asked_approved_and_revoked_by_different_people(client):
    case = factories.case()
    until = (timezone.localdate() + timedelta(days=30)).isoformat()

    act(client, case.owner, "fast_lane_ask", case, grounds="信用等级 A")
    assert act(client, case.owner, "fast_lane_approve", case).status_code == 403
    act(client, supervisor(), "fast_lane_approve", case, kinds=[Kind.FEES], until=until)
    assert fresh(case).in_fast_lane
    assert fresh(case).step(Kind.FEES).deferred_until is not None
    act(client, supervisor(), "fast_lane_revoke", case, reason="保证金未到")
    assert fresh(case).fast_lane == Case.FastLane.REVOKED


def test_corrected_facts_derive_the_steps_anew(client):
    case = factories.case()
    typed = {
        "business_type": case.business_type,
        "customer_class": CustomerClass.HV_SINGLE,
        "existing_supply": ExistingSupply.SHARED,
        "capacity_kva": "800",
        "importance": "none",
        "note": "现场为 10 kV",
    }

    act(client, supervisor(), "facts", case, **typed)

    assert fresh(case).customer_class == CustomerClass.HV_SINGLE
    assert fresh(case).step(Kind.ACCEPTANCE) is not None


def test_facts_that_are_as_they_were_are_not_corrected(client):
    case = factories.case()
    boxes = ("disputed", "special_load", "concealed_works", "line_works", "customer_works")
    typed = {name: "on" for name in boxes if getattr(case, name)}
    for name in ("business_type", "customer_class", "existing_supply", "importance"):
        typed[name] = getattr(case, name)

    response = act(
        client,
        supervisor(),
        "facts",
        case,
        note="x",
        capacity_kva=f"{case.capacity_kva:.1f}",
        **typed,
    )

    assert response.status_code == 422
    assert "Nothing was changed" in response.content.decode()
    assert fresh(case).event_count == case.event_count


@pytest.mark.parametrize("text", ["x" * 10_000, "a\x00b"])
def test_hostile_words_are_refused_and_nothing_is_written(client, text):
    case = factories.case()

    response = act(client, supervisor(), "refuse", case, reason=text)

    assert response.context["form"].errors["reason"]
    assert fresh(case).state == "open"


# Why this date? -----------------------------------------------------------------------------------


def test_the_ledger_ends_on_the_due_date_and_counts_every_day(client):
    step = surveyed_late(days=8)

    ledger = act(client, supervisor(), "deadline", step).context["ledger"]

    assert ledger.holds
    assert ledger.last_counted == ledger.due == Step.objects.get(pk=step.pk).due_on
    assert ledger.days_late > 0
    cells = [cell for week in ledger.weeks() for cell in week]
    assert [cell.css for cell in cells if "due" in cell.css.split()]
    assert [cell for cell in cells if "today" in cell.css.split()]
    assert len(cells) % 7 == 0


def test_the_ledger_shows_the_stop_and_the_days_it_gave(client):
    begun = timezone.now() - timedelta(days=1)
    case = finished(factories.case(at=begun), Kind.APPLICATION, at=begun)
    step = stop(case.step(Kind.SURVEY))

    response = act(client, supervisor(), "deadline", step)

    assert response.status_code == 200
    assert "征询函 2026-0188" in response.content.decode()
    assert response.context["ledger"].step.due_on is None


def test_a_date_past_the_known_calendar_says_so(client, monkeypatch):
    step = surveyed_late(days=1)
    calendar = clocks.calendar()
    monkeypatch.setattr(calendar, "confirmed_until", timezone.localdate() - timedelta(days=300))

    html = act(client, supervisor(), "deadline", step).content.decode()
    on_case = page(client, supervisor(), step.case).context["unconfirmed"]

    assert re.search("calendar not confirmed|日历未确认", html)
    assert on_case


def test_a_step_whose_clock_has_not_begun_has_no_ledger(client):
    case = factories.case()

    response = act(client, supervisor(), "deadline", case.step(Kind.METER))

    assert response.status_code == 200
    assert not response.context["ledger"].holds


def test_the_ledger_costs_the_same_however_long_the_case_lived(client):
    step = surveyed_late(days=20)
    user = supervisor()
    url = reverse("workflow:deadline", args=[step.case.number, step.pk])
    before = queries(client, user, url)
    for n in range(5):
        moves.record(step.case, "noted", by=user, note=f"{n}")

    assert queries(client, user, url) == before <= 15
