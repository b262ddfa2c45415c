"""The one door: rights, rounds, pauses, closing, the fast lane."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone, translation

from accounts.roles import Role
from tests import factories
from workflow import chain, clocks, moves
from workflow.guards import Refused
from workflow.models import Alert, Case, Pause, Step, StopReason
from workflow.process import CustomerClass, Kind

# About the floor: the rooms' own conditions have tests of their own.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("process_alone")]


def worker(step: Step):
    return factories.person(step.process.role)


def done(case: Case, *kinds: str) -> Case:
    """Finish these links one after the other."""
    for kind in kinds:
        step = Case.objects.get(pk=case.pk).step(kind)
        if step.state == Step.State.WITH_CUSTOMER:
            step = moves.take_back(step, by=worker(step))
        moves.finish(step, by=worker(step))
    return Case.objects.get(pk=case.pk)


def test_a_new_case_has_a_row_for_every_link_that_applies():
    case = factories.case()

    states = {step.kind: step.state for step in case.all_steps}
    assert states[Kind.APPLICATION] == "in_hand"
    assert states[Kind.SURVEY] == states[Kind.FEES] == "waiting"
    assert Kind.ACCEPTANCE not in states


def test_the_survey_opens_when_the_application_is_accepted_and_the_fees_do_not():
    case = done(factories.case(), Kind.APPLICATION)

    assert case.step(Kind.SURVEY).state == "in_hand"
    assert case.step(Kind.FEES).state == "waiting"
    assert case.accepted_at is not None


def test_a_waiting_step_cannot_be_finished():
    case = factories.case()
    fees = case.step(Kind.FEES)

    with pytest.raises(Refused):
        moves.finish(fees, by=worker(fees))
    fees.refresh_from_db()
    assert fees.state == "waiting"


def test_only_the_role_of_the_step_may_work_on_it():
    case = done(factories.case(), Kind.APPLICATION)

    with pytest.raises(Refused, match=r"surveyor|查勘员"):
        moves.finish(case.step(Kind.SURVEY), by=factories.person(Role.CASHIER))


def test_another_unit_may_not_work_on_it():
    case = done(factories.case(), Kind.APPLICATION)

    with pytest.raises(Refused):
        moves.claim(case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR, at="bhxc"))


def test_who_has_the_step_keeps_it_until_it_is_handed_over():
    case = done(factories.case(), Kind.APPLICATION)
    survey = moves.claim(case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR))
    other = factories.person(Role.SURVEYOR, username="other")

    with pytest.raises(Refused):
        moves.finish(survey, by=other)
    survey = moves.assign(survey, other, by=factories.person(Role.SUPERVISOR, at="lh"))
    assert moves.finish(survey, by=other).state == "done"


def test_a_step_is_not_handed_to_somebody_who_cannot_do_it():
    case = done(factories.case(), Kind.APPLICATION)
    supervisor = factories.person(Role.SUPERVISOR, at="lh")

    with pytest.raises(Refused):
        moves.assign(case.step(Kind.SURVEY), factories.person(Role.CASHIER), by=supervisor)


def test_the_state_cannot_be_written_past_the_door():
    case = factories.case()

    with pytest.raises(AttributeError):
        case.state = "archived"
    with pytest.raises(AttributeError):
        case.step(Kind.SURVEY).state = "done"


def test_refreshing_one_row_does_not_unlock_another():
    case = factories.case()
    case.refresh_from_db()

    with pytest.raises(AttributeError):
        case.state = "archived"


def test_a_failed_attempt_keeps_its_row_and_opens_the_next_round():
    case = done(factories.case(), Kind.APPLICATION)
    survey = moves.claim(case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR))

    again = moves.send_back(survey, by=survey.owner, reason="B 点距离未测")

    rounds = [
        (s.round, s.state) for s in Case.objects.get(pk=case.pk).all_steps if s.kind == Kind.SURVEY
    ]
    assert rounds == [(1, "returned"), (2, "in_hand")]
    assert again.round == 2
    assert again.owner == survey.owner


def test_sending_back_needs_a_reason():
    case = done(factories.case(), Kind.APPLICATION)

    with pytest.raises(Refused):
        moves.send_back(case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR), reason=" ")


def test_the_planner_sends_the_survey_back_and_the_plan_waits_again():
    case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY)

    moves.send_back(
        case.step(Kind.PLAN),
        by=factories.person(Role.PLANNER),
        reason="缺电源点距离",
        to=Kind.SURVEY,
    )

    case = Case.objects.get(pk=case.pk)
    assert (case.step(Kind.SURVEY).round, case.step(Kind.SURVEY).state) == (2, "in_hand")
    assert (case.step(Kind.PLAN).round, case.step(Kind.PLAN).state) == (2, "waiting")


def test_a_step_is_never_sent_back_to_a_later_one():
    case = done(factories.case(), Kind.APPLICATION)

    with pytest.raises(Refused):
        moves.send_back(
            case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR), reason="x", to=Kind.METER
        )


@pytest.mark.parametrize("what", [moves.SENT_BACK, moves.CONTACTED])
def test_a_finished_step_is_not_begun_anew_by_a_verb_that_does_not_say_so(what):
    case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY)

    with pytest.raises(Refused):
        moves.send_back(
            case.step(Kind.SURVEY),
            by=factories.person(Role.SURVEYOR),
            reason="x",
            what=what,
        )

    case = Case.objects.get(pk=case.pk)
    assert (case.step(Kind.SURVEY).round, case.step(Kind.SURVEY).state) == (1, "done")


def test_facts_found_later_derive_the_steps_that_have_not_begun():
    case = done(factories.case(customer_class=CustomerClass.HV_SINGLE), Kind.APPLICATION)
    assert case.step(Kind.MID_CHECK) is None

    survey = case.step(Kind.SURVEY)
    moves.finish(survey, by=worker(survey), facts={"concealed_works": True, "customer_works": True})

    case = Case.objects.get(pk=case.pk)
    assert case.step(Kind.MID_CHECK).state == "waiting"
    assert case.step(Kind.DESIGNER).state == "waiting"
    moves.set_facts(case, by=None, concealed_works=False)
    assert Case.objects.get(pk=case.pk).step(Kind.MID_CHECK).state == "void"


def test_a_plan_that_causes_no_fee_leaves_the_fees_out():
    case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY)
    plan = case.step(Kind.PLAN)
    moves.finish(plan, by=worker(plan), facts={"chargeable": False})

    case = Case.objects.get(pk=case.pk)
    assert case.step(Kind.FEES).state == "void"
    assert case.step(Kind.CONTRACT).state == "in_hand"


@pytest.mark.parametrize("customer_class", CustomerClass.values)
def test_every_class_reaches_the_archive(customer_class):
    case = factories.case(
        customer_class=customer_class, customer_works=True, concealed_works=True, importance="first"
    )
    while (case := Case.objects.get(pk=case.pk)).is_open:
        done(case, case.live_steps[0].kind)

    assert case.state == "archived"
    assert not case.alerts.exists()
    assert chain.verify([case.number])[1] == ""


def test_with_the_customer_the_clock_stands_still_and_the_days_are_added():
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY)
        plan = moves.claim(case.step(Kind.PLAN), by=factories.person(Role.PLANNER))
        assert plan.due_on == date(2026, 6, 4)
        clock.move_to("2026-06-02T10:00+08:00")
        plan = moves.hand_over(plan, by=plan.owner)
        assert plan.due_on is None
        assert not Alert.objects.filter(subject="due", ref=plan.pk).exists()
        clock.move_to("2026-06-05T10:00+08:00")
        plan = moves.take_back(plan, by=plan.owner)
        # 3 and 4 June were wholly the customer's
        assert plan.due_on == date(2026, 6, 8)


def stop(step: Step, **changed):
    given = {
        "by": step.owner,
        "reason": StopReason.objects.get(code="third_party"),
        "party": "业委会 王主任",
        "evidence": "征询函 2026-0188",
        "review_on": clocks.calendar().add(timezone.localdate(), 3),
    }
    return moves.stop(step, **given | changed)


def test_a_stop_names_reason_evidence_party_and_review_and_adds_its_days():
    with time_machine.travel("2026-09-28T15:40+08:00", tick=False) as clock:
        case = done(
            factories.case(customer_class=CustomerClass.HV_SINGLE), Kind.APPLICATION, Kind.SURVEY
        )
        plan = moves.claim(case.step(Kind.PLAN), by=factories.person(Role.PLANNER))
        assert plan.due_on == date(2026, 10, 16)
        clock.move_to("2026-10-13T09:12+08:00")
        plan = stop(plan, review_on=date(2026, 10, 20))
        assert plan.due_on is None
        clock.move_to("2026-10-16T16:05+08:00")
        plan = moves.resume(plan, by=plan.owner)
        # 14 and 15 October lie wholly within it
        assert plan.due_on == date(2026, 10, 20)


@pytest.mark.parametrize(
    "fault",
    [
        {"party": ""},
        {"evidence": " "},
        {"review_on": date(2020, 1, 1)},
        {"review_on": date(2100, 1, 1)},
    ],
)
def test_an_incomplete_stop_is_refused_and_leaves_nothing(fault):
    case = done(factories.case(), Kind.APPLICATION)
    survey = moves.claim(case.step(Kind.SURVEY), by=factories.person(Role.SURVEYOR))

    with pytest.raises(Refused):
        stop(survey, **fault)
    survey.refresh_from_db()
    assert survey.state == "in_hand"
    assert not Pause.objects.exists()


def test_a_closed_case_has_nothing_open_and_nobody_is_reminded():
    case = done(factories.case(), Kind.APPLICATION)
    moves.refuse(case, by=factories.person(Role.SUPERVISOR, at="lh"), reason="附近无可用电源点")

    case = Case.objects.get(pk=case.pk)
    assert case.state == "refused"
    assert all(step.is_finished for step in case.all_steps)
    assert not case.alerts.exists()


def test_a_refusal_without_a_reason_is_refused():
    case = factories.case()

    with pytest.raises(Refused):
        moves.refuse(case, by=factories.person(Role.SUPERVISOR, at="lh"), reason="  ")


def test_the_fast_lane_defers_fees_and_contract_but_nothing_else():
    case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY, Kind.PLAN)
    moves.ask_fast_lane(case, by=factories.person(Role.CLERK), grounds="信用 AAA")
    supervisor = factories.person(Role.SUPERVISOR, at="lh")
    until = timezone.localdate() + timedelta(days=30)

    with pytest.raises(Refused):
        moves.approve_fast_lane(case, by=supervisor, kinds=[Kind.SURVEY], until=until)
    moves.approve_fast_lane(case, by=supervisor, kinds=[Kind.FEES, Kind.CONTRACT], until=until)

    case = done(case, Kind.METER)
    assert case.state == "energized"
    case = done(case, Kind.CALLBACK)
    assert case.state == "energized"  # debts are open
    case = done(case, Kind.FEES, Kind.CONTRACT)
    assert case.state == "archived"


def withdrawn(**columns) -> Case:
    """A case that the customer took back, as if it had come to this by another door."""
    case = moves.withdraw(factories.case(), by=factories.person(Role.CLERK), reason="不办了")
    Case.objects.filter(pk=case.pk).update(**columns)
    return Case.objects.get(pk=case.pk)


def asked(case: Case) -> None:
    moves.ask_fast_lane(case, by=factories.person(Role.CLERK), grounds="信用 AAA")


def approved(case: Case) -> None:
    moves.approve_fast_lane(
        case,
        by=factories.person(Role.SUPERVISOR, at="lh"),
        kinds=[Kind.FEES],
        until=timezone.localdate() + timedelta(days=9),
    )


def revoked(case: Case) -> None:
    moves.revoke_fast_lane(case, by=factories.person(Role.SUPERVISOR, at="lh"), reason="失信")


def corrected(case: Case) -> None:
    moves.set_facts(case, by=factories.person(Role.SUPERVISOR, at="lh"), disputed=True)


@pytest.mark.parametrize(
    ("move", "fast_lane"),
    [(asked, "none"), (approved, "asked"), (revoked, "approved"), (corrected, "none")],
)
def test_nothing_is_decided_about_a_closed_case(move, fast_lane):
    case = withdrawn(fast_lane=fast_lane)
    before = case.event_count

    with translation.override("en"), pytest.raises(Refused, match="Withdrawn"):
        move(case)

    case = Case.objects.get(pk=case.pk)
    assert (case.fast_lane, case.disputed, case.event_count) == (fast_lane, False, before)


def test_a_withdrawal_and_the_fast_lane_say_why():
    case, clerk = factories.case(), factories.person(Role.CLERK)

    with pytest.raises(Refused):
        moves.withdraw(case, by=clerk, reason=" ")
    with pytest.raises(Refused):
        moves.ask_fast_lane(case, by=clerk, grounds="")
    asked(case)
    approved(case)
    with pytest.raises(Refused):
        moves.revoke_fast_lane(case, by=factories.person(Role.SUPERVISOR, at="lh"), reason="")

    case = Case.objects.get(pk=case.pk)
    assert (case.state, case.fast_lane) == ("open", "approved")


@pytest.mark.parametrize("roles", [(), (Role.AUDITOR,)])
def test_who_only_looks_asks_for_nothing_and_is_told_so(roles):
    looker = factories.person(*roles, username="looker")

    with translation.override("en"), pytest.raises(Refused, match="You may look, not change"):
        moves.ask_fast_lane(factories.case(), by=looker, grounds="信用 AAA")


def test_an_auditor_who_also_works_may_write():
    moves.demand_writer(factories.case(), factories.person(Role.AUDITOR, Role.CLERK))


def test_who_asked_for_the_fast_lane_does_not_approve_it():
    case = done(factories.case(), Kind.APPLICATION)
    both = factories.person(Role.CLERK, Role.SUPERVISOR)
    moves.ask_fast_lane(case, by=both, grounds="信用 AAA")

    with pytest.raises(Refused):
        moves.approve_fast_lane(
            case, by=both, kinds=[Kind.FEES], until=timezone.localdate() + timedelta(days=9)
        )


def test_only_two_way_contact_resets_the_contact_clock():
    case = factories.case()
    before = case.last_contact_at
    with time_machine.travel(before + timedelta(days=2), tick=False):
        moves.contact(case, by=case.owner, two_way=False, note="短信已发")
        assert Case.objects.get(pk=case.pk).last_contact_at == before
        moves.contact(case, by=case.owner, two_way=True, note="电话说明进度")
        assert Case.objects.get(pk=case.pk).last_contact_at > before


def test_the_whole_case_counts_the_utilitys_time_only():
    with time_machine.travel("2026-06-01T10:00+08:00", tick=False) as clock:
        case = done(factories.case(), Kind.APPLICATION, Kind.SURVEY)
        assert case.due_on == date(2026, 6, 8)
        plan = moves.hand_over(case.step(Kind.PLAN), by=factories.person(Role.PLANNER))
        clock.move_to("2026-06-04T10:00+08:00")
        moves.take_back(plan, by=plan.owner)
        # 2 and 3 June were wholly the customer's
        assert Case.objects.get(pk=case.pk).due_on == date(2026, 6, 10)


def test_events_replay_to_the_present_state():
    case = done(
        factories.case(customer_class=CustomerClass.HV_DUAL, customer_works=True),
        Kind.APPLICATION,
        Kind.SURVEY,
    )
    moves.send_back(
        case.step(Kind.PLAN), by=factories.person(Role.PLANNER), reason="x", to=Kind.SURVEY
    )

    case = Case.objects.get(pk=case.pk)
    state, steps = chain.replay(case)
    assert state == case.state
    assert steps == {(s.kind, s.round): s.state for s in case.all_steps}


def test_the_numbers_of_a_year_grow_by_a_place_when_six_are_used_up():
    year = timezone.localdate().year
    Case.objects.filter(pk=factories.case().pk).update(number=f"{year}-999998")

    found = [factories.case().number for _more in range(3)]

    assert found == [f"{year}-999999", f"{year}-1000000", f"{year}-1000001"]


def test_corrected_facts_are_told_from_what_to_what_in_every_language():
    case = factories.case()
    moves.set_facts(
        case,
        by=factories.person(Role.SUPERVISOR, at="lh"),
        note="现场查明合表",
        existing_supply="shared",
        disputed=True,
        capacity_kva=Decimal(16),
    )

    event = case.events.get(verb="facts_changed")
    assert event.data["facts"]["existing_supply"] == "shared"
    assert event.data["changed"]["existing_supply"] == [case.existing_supply, "shared"]
    with translation.override("en"):
        assert "in dispute: no → yes" in event.note
        assert event.note.endswith("Why: 现场查明合表")
        assert "→ 16" in event.note
    with translation.override("zh-hans"):
        assert "合表" in event.note.split("→")[1]
        assert "否 → 是" in event.note
