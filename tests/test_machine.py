"""Random people do random things to a case in the whole house: the promises hold all the same.

tests/workflow/test_machine.py has the process alone on trial, with the rooms' conditions left out.
Here nothing is left out: every act goes through the rooms' services, the real door, the real guards
and the database's own walls. `JIEDIAN_MACHINE=500` runs so many examples, each run others.
"""

import os
from contextlib import ExitStack
from datetime import date

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.roles import Role
from applications import services as applications
from demo import office, walk
from demo.clock import StoryClock, telling
from fees import proof
from fees.models import Bill, Payment
from metering.models import Meter
from plans.models import Plan, PlanSource
from surveys.models import SourcePoint
from tests import factories, house
from tests.workflow.test_machine import LEGAL
from workflow import chain, moves
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.process import BusinessType, CustomerClass, Kind

MANY = int(os.environ.get("JIEDIAN_MACHINE", "0"))
IN_THE_SUITE = 12
BEGUN = date(2026, 3, 2)
ROOMS = ("workflow", "documents", "applications", "surveys", "plans", "works", "fees", "contracts")
data = st.data()
# What follows a closed case all the same: money on its way back, papers, a talk.
AFTER_THE_END = {"pay_out", "confirm_refund", "decline_proposal", "talk"} | {
    "bring_paper",
    "waive_paper",
}


def people():
    """The demo's people; two who hold several roles, and one of another county with all of them."""
    found = office.build()
    work = [r for r in Role.values if r not in (Role.AUDITOR, Role.ADMINISTRATOR, Role.MANAGER)]
    found["jack"] = factories.person(*work, at="lhcd", username="jack")
    found["jill"] = factories.person(*work[1:], at="lh", username="jill")
    found["stranger"] = factories.person(*work, at="bhxc", username="stranger")
    for n in range(30):
        Meter.objects.create(
            asset_number=f"{int(house.OLD_METER) + n}",
            unit=found["lina"].unit,
            phase="three",
            rating_a="1.5(6)" if n % 2 else "5(60)",
            voltage_v="3×57.7/100" if n % 2 else "3×220/380",
            accuracy="0.5S",
            maker="华立",
            state=Meter.State.IN_STOCK if n else Meter.State.INSTALLED,
        )
    return found


def fingerprint() -> set[tuple]:
    """Every row of the rooms, folded into a number a table."""
    tables = [
        m._meta.db_table
        for m in apps.get_models()
        if m._meta.app_label in (*ROOMS, "metering") and m._meta.model_name != "workday"
    ]
    query = " UNION ALL ".join(
        f"SELECT '{t}', count(*), sum(hashtextextended(r::text, 0)) FROM {t} r" for t in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return set(cursor.fetchall())  # in no order: PostgreSQL may read the tables side by side


class HouseMachine(RuleBasedStateMachine):
    """One case, everybody at it; each example in a transaction of its own."""

    people: dict

    def __init__(self):
        super().__init__()
        self.sound = False
        self.committed = dict(SourcePoint.objects.values_list("pk", "committed_kva"))
        self.example = transaction.atomic()
        self.example.__enter__()
        self.clock = StoryClock(BEGUN)
        self.telling = ExitStack()
        self.telling.enter_context(telling(self.clock))
        self.telling.enter_context(moves.because("staff"))

    def teardown(self):
        try:
            if self.sound:
                self.come_to_an_end()
        finally:
            self.telling.close()
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    @initialize(
        business_type=st.sampled_from(BusinessType.values),
        customer_class=st.sampled_from(CustomerClass.values),
        reached=st.sampled_from([None, *Kind.values]),
    )
    def open(self, business_type, customer_class, reached):
        """A clerk begins a sheet; a competent office leads it some way on."""
        unit = self.people["lina"].unit
        self.house = house.House(self.people, self.clock, unit, typed=self.typed)
        sheet = walk.sheet(self.house.stage, business_type, customer_class, not_duplicate="另一户")
        sheet.papers = sorted(walk.papers(customer_class))
        case = applications.open_draft(sheet, walk.equipment(sheet), by=self.people["sunyue"])
        self.house.case_pk = case.pk
        self.before = fingerprint()
        house.drive_home(self.house, until=reached or Kind.APPLICATION)
        self.commit()
        self.sound = True

    @property
    def case(self) -> Case:
        return self.house.case

    def typed(self):
        """What was typed stays when the button is refused."""
        self.before = fingerprint()

    def commit(self):
        """What waits for the commit is done now."""
        while connection.run_on_commit:
            connection.run_on_commit.pop(0)[1]()
        self.before = fingerprint()

    def attempt(self, name, step, by, choose):
        """Do it; a refusal leaves everything as it was."""
        ended = not self.case.is_open
        try:
            house.ACTS[name].do(self.house, step, by, choose)
        except (Refused, PermissionDenied):
            assert fingerprint() == self.before
        else:
            assert not ended or name in AFTER_THE_END
            self.commit()

    @rule(data=data)
    def somebody_does_something(self, data):
        """Often the right person what can be done with an open step, now and then anybody
        anything.
        """
        self.sound = False
        case = self.case
        steps = data.draw(st.sampled_from([case.live_steps, case.live_steps, case.all_steps]))
        step = data.draw(st.sampled_from(steps or case.all_steps))
        name = data.draw(
            st.sampled_from([n for n, act in house.ACTS.items() if step.kind in act.kinds])
        )
        right = self.house.workers(step, house.ACTS[name].role)
        anybody = data.draw(st.sampled_from([False, False, False, True]))
        by = data.draw(st.sampled_from(list(self.people.values()) if anybody else right))
        self.attempt(name, step, by, lambda *offered: data.draw(st.sampled_from(offered)))
        self.sound = True

    @rule(data=data, turns=st.integers(1, 4))
    def the_office_goes_on(self, data, turns):
        """A few acts that lead on, so that random acts meet every link."""
        self.sound = False
        for _turn in range(turns):
            live = self.case.live_steps
            if live:
                house.one_act(self.house, data.draw(st.sampled_from(live)), stuck=False)
                self.commit()
        self.sound = True

    @rule(working_days=st.sampled_from([1, 4, 15, 70]))
    def days_go_by(self, working_days):
        self.sound = False
        house.days_go_by(self.house, working_days)
        self.commit()
        self.sound = True

    @invariant()
    def every_open_step_has_role_and_date(self):
        if not hasattr(self, "house"):
            return
        case = self.case
        owes = case.papers_owed.owed().exists()
        assert bool(case.live_steps) == case.is_open or (case.is_open and owes)
        for step in case.live_steps:
            assert step.process.role in Role.values
            if step.state == Step.State.IN_HAND:
                assert step.due_on
                assert step.ceiling_on

    @invariant()
    def no_money_before_survey_and_accepted_plan(self):
        if not hasattr(self, "house"):
            return
        case = self.case
        fees = case.step(Kind.FEES)
        if fees and fees.state in (*Step.LIVE, Step.State.DONE) and case.is_open:
            assert case.has_finished(Kind.SURVEY)
            assert case.has_finished(Kind.PLAN)
        if not Bill.objects.exists():
            return
        assert list(proof.findings()) == []
        for payment in Payment.objects.select_related("bill__plan__survey", "bill"):
            assert payment.bill.plan.accepted_at <= payment.received_at
            assert payment.bill.plan.survey.signed_at <= payment.received_at
            assert payment.received_by_id != payment.bill.issued_by_id

    @invariant()
    def what_is_taken_from_a_point_is_what_living_plans_hold(self):
        """Reserved before power is on, committed after."""
        held = dict(
            PlanSource.objects.filter(plan__state__in=Plan.HOLDING)
            .exclude(candidate__source_point=None)
            .values_list("candidate__source_point")
            .annotate(Sum("capacity_kva"))
        )
        for point in SourcePoint.objects.all():
            more = point.committed_kva - self.committed[point.pk]
            assert point.reserved_kva + more == held.get(point.pk, 0)
            assert not more or self.case.has_finished(Kind.METER)

    @invariant()
    def the_log_tells_the_truth(self):
        if not hasattr(self, "house"):
            return
        case = self.case
        assert chain.verify([case.number])[1] == ""
        state, steps = chain.replay(case)
        assert state == case.state
        assert steps == {(s.kind, s.round): s.state for s in case.all_steps}
        seen: dict = {}
        for event in case.events.order_by("seq"):
            for kind, number, reached in event.data.get("changes", ()):
                before = seen.get((kind, number))
                assert (before is None and reached == "waiting") or reached in LEGAL.get(before, ())
                seen[kind, number] = reached

    def come_to_an_end(self):
        """No dead end: a competent office brings every case home, and nothing is forgotten."""
        house.drive_home(self.house)
        self.commit()
        case = self.case
        assert case.state in (Case.State.ARCHIVED, Case.State.WITHDRAWN, Case.State.REFUSED)
        assert not case.papers_owed.owed().exists() or case.state != Case.State.ARCHIVED
        self.every_open_step_has_role_and_date()
        self.no_money_before_survey_and_accepted_plan()
        self.what_is_taken_from_a_point_is_what_living_plans_hold()
        self.the_log_tells_the_truth()
        self.one_changed_byte_is_found()

    def one_changed_byte_is_found(self):
        event = Event.objects.filter(case=self.case).order_by("-seq")[self.case.event_count // 2]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                "UPDATE workflow_event SET verb = overlay(verb PLACING '!' FROM 1) WHERE id = %s",
                [event.pk],
            )
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        assert f"row {event.pk}" in chain.verify([self.case.number])[1]


@pytest.mark.django_db
def test_whoever_does_whatever_every_case_comes_to_its_end_and_no_money_comes_early(monkeypatch):
    monkeypatch.setattr("documents.services._render_after", lambda paper_id: None)
    HouseMachine.people = people()

    run_state_machine_as_test(
        HouseMachine,
        settings=settings(
            max_examples=MANY or IN_THE_SUITE,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=not MANY,
            database=None,
            phases=(Phase.generate,),
        ),
    )
