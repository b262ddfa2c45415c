"""Random people doing random things to random cases: the promises hold all the same.

The rooms' own conditions are left out here, so that the process alone is on trial: nothing
but the table, the rights and the door stands between the machine and a fee before a survey.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.roles import Role
from tests import factories
from workflow import chain, clocks, moves, process
from workflow.guards import Refused
from workflow.models import Case, Step, StopReason
from workflow.process import BusinessType, CustomerClass, Importance, Kind

LEGAL = {
    "waiting": {"in_hand", "with_customer", "void"},
    "in_hand": {"with_customer", "stopped", "done", "returned", "void"},
    "with_customer": {"in_hand", "done", "returned", "void"},
    "stopped": {"in_hand", "returned", "void"},
}
ROLES = list(Role.values)
data = st.data()


class CaseMachine(RuleBasedStateMachine):
    """One case, everybody at it; each example in a transaction of its own."""

    def __init__(self):
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize(
        business_type=st.sampled_from(BusinessType.values),
        customer_class=st.sampled_from(CustomerClass.values),
        works=st.booleans(),
        concealed=st.booleans(),
        importance=st.sampled_from(Importance.values),
    )
    def open(self, business_type, customer_class, works, concealed, importance):
        self.case_pk = factories.case(
            business_type=business_type,
            customer_class=customer_class,
            customer_works=works,
            concealed_works=concealed,
            importance=importance,
        ).pk

    @property
    def case(self) -> Case:
        return Case.objects.select_related("unit", "owner").get(pk=self.case_pk)

    def try_(self, move, *args, **kwargs):
        """Do it; a refusal leaves everything as it was."""
        before = self.case.event_count
        try:
            move(*args, **kwargs)
        except Refused:
            assert self.case.event_count == before

    @rule(data=data, role=st.sampled_from(ROLES))
    def anybody_tries_anything(self, data, role):
        case = self.case
        step = data.draw(st.sampled_from(case.all_steps))
        by = factories.person(role, at="lhcd")
        move = data.draw(st.sampled_from(["claim", "hand_over", "take_back", "finish", "resume"]))
        self.try_(getattr(moves, move), step, by=by)

    @rule(data=data, facts=st.fixed_dictionaries({}, optional={
        "customer_works": st.booleans(), "concealed_works": st.booleans(),
        "chargeable": st.booleans(), "special_load": st.booleans(),
    }))  # fmt: skip
    def the_right_person_goes_on(self, data, facts):
        live = self.case.live_steps
        if not live:
            return
        step = data.draw(st.sampled_from(live))
        by = step.owner or factories.person(step.process.role)
        if step.state == Step.State.STOPPED:
            self.try_(moves.resume, step, by=by)
        elif step.state == Step.State.WITH_CUSTOMER:
            self.try_(moves.take_back, step, by=by)
        else:
            self.try_(moves.finish, step, by=by, facts=facts)

    @rule(data=data)
    def somebody_sends_back(self, data):
        live = self.case.live_steps
        if not live:
            return
        step = data.draw(st.sampled_from(live))
        to = data.draw(st.sampled_from(list(process.PROCESS)))
        by = step.owner or factories.person(step.process.role)
        self.try_(moves.send_back, step, by=by, reason="x", to=to)

    @rule(data=data)
    def somebody_stops_the_clock(self, data):
        live = self.case.live_steps
        if not live:
            return
        step = data.draw(st.sampled_from(live))
        self.try_(
            moves.stop,
            step,
            by=step.owner or factories.person(step.process.role),
            reason=StopReason.objects.first(),
            party="客户",
            evidence="函",
            review_on=clocks.calendar().add(timezone.localdate(), 1),
        )

    @precondition(lambda self: hasattr(self, "case_pk") and self.case.fast_lane == "none")
    @rule()
    def the_fast_lane_is_taken(self):
        self.try_(moves.ask_fast_lane, self.case, by=factories.person(Role.CLERK), grounds="x")
        self.try_(
            moves.approve_fast_lane,
            self.case,
            by=factories.person(Role.SUPERVISOR),
            kinds=[Kind.FEES, Kind.CONTRACT],
            until=timezone.localdate() + timedelta(days=30),
        )

    @rule(
        role=st.sampled_from(ROLES),
        close=st.sampled_from(["withdraw", "refuse"]),
        really=st.integers(0, 9),
    )
    def somebody_closes_it(self, role, close, really):
        if really == 0:
            self.try_(getattr(moves, close), self.case, by=factories.person(role), reason="x")

    @precondition(lambda self: hasattr(self, "case_pk"))
    @invariant()
    def no_fee_before_survey_and_plan(self):
        case = self.case
        fees = case.step(Kind.FEES)
        if fees and fees.state in (*Step.LIVE, Step.State.DONE):
            assert case.has_finished(Kind.SURVEY)
            assert case.has_finished(Kind.PLAN)

    @precondition(lambda self: hasattr(self, "case_pk"))
    @invariant()
    def no_dead_end_and_every_open_step_has_role_and_date(self):
        case = self.case
        assert case.live_steps if case.is_open else not case.live_steps
        for step in case.live_steps:
            assert step.process.role in Role.values
            if step.state == Step.State.IN_HAND:
                assert step.due_on
                assert step.ceiling_on

    @precondition(lambda self: hasattr(self, "case_pk"))
    @invariant()
    def the_log_tells_the_truth(self):
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


@pytest.mark.django_db
def test_no_dead_end_no_state_outside_the_table_no_fee_before_its_time(process_alone):
    for role in ROLES:
        factories.person(role)

    run_state_machine_as_test(
        CaseMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        ),
    )
