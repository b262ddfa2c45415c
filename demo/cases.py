"""The cases of the demo: over all classes, links and states, the same every time.

A row says what the customer asks for, which link the case has come to, how many working days it has
lain there, and what else happened to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from django.utils import timezone

from accounts.models import Unit
from accounts.roles import Role
from applications.models import Application
from demo import office, story, walk
from demo.clock import StoryClock, telling
from demo.walk import Stage
from fees import services as fees
from plans import services as plans
from workflow import clocks, moves
from workflow.models import Case, StopReason
from workflow.process import BusinessType, CustomerClass, Kind

RES, OTHER, SINGLE, DUAL = CustomerClass.values
NEW, INCREASE, SEPARATION = BusinessType.NEW, BusinessType.INCREASE, BusinessType.SEPARATION


class Row(NamedTuple):
    """One demo case."""

    business_type: str
    customer_class: str
    until: str | None  # the link it waits at; None: archived
    lain: int = 0  # working days it has waited there
    also: str = ""  # a name in TWISTS
    columns: dict = {}
    unit: str = "lhcd"


def twist_silent(stage: Stage, case: Case) -> None:
    """Nothing: nobody has called."""


def twist_called(stage: Stage, case: Case) -> None:
    walk.contact(stage, case, "电话告知进度，客户知悉")


def twist_unreached(stage: Stage, case: Case) -> None:
    walk.contact(stage, case, "两次未接通", reached=False)


def twist_unclaimed(stage: Stage, case: Case) -> None:
    """Nobody has taken the step: nothing to do."""


def twist_claimed(stage: Stage, case: Case) -> None:
    for step in case.live_steps:
        if step.owner_id is None:
            moves.claim(step, by=stage.who(step.process.role))


def twist_stopped(stage: Stage, case: Case) -> None:
    step = next(step for step in case.live_steps if step.state == "in_hand")
    moves.stop(
        step,
        by=stage.worker(step),
        reason=StopReason.objects.get(code="papers"),
        party=case.customer_name[:60],
        evidence="一次性告知书",
        review_on=clocks.calendar().add(timezone.localdate(), 4),
    )


def twist_returned(stage: Stage, case: Case) -> None:
    step = next(step for step in case.live_steps if step.state == "in_hand")
    moves.send_back(step, by=stage.worker(step), reason="缺电源点距离，需补测")


def twist_fast_lane(stage: Stage, case: Case) -> None:
    twist_fast_lane_asked(stage, case)
    moves.approve_fast_lane(
        walk.fresh(case),
        by=stage.who(Role.SUPERVISOR),
        kinds=[Kind.FEES, Kind.CONTRACT],
        until=timezone.localdate() + timedelta(days=30),
    )


def twist_withdrawn(stage: Stage, case: Case) -> None:
    moves.withdraw(case, by=stage.who(Role.CLERK), reason="客户改为租用有表的门面")


def twist_plan_begun(stage: Stage, case: Case) -> None:
    walk.begin_plan(stage, case)


def twist_plan_approved(stage: Stage, case: Case) -> None:
    walk.draw_plan(stage, case)
    walk.approve_plan(stage, case)


def twist_plan_drawn(stage: Stage, case: Case) -> None:
    walk.draw_plan(stage, case)


def twist_plan_answered(stage: Stage, case: Case) -> None:
    twist_plan_approved(stage, case)
    walk.answer_plan(stage, case)


def twist_billed(stage: Stage, case: Case) -> None:
    walk.issue_bill(stage, case)


def twist_paid_then_withdrawn(stage: Stage, case: Case) -> None:
    """The customer pays and gives up: the money has to go back."""
    walk.pay(stage, case)
    stage.clock.next_day()
    twist_withdrawn(stage, walk.fresh(case))


def twist_waiver_proposed(stage: Stage, case: Case) -> None:
    bill = walk.issue_bill(stage, case)
    fees.propose(bill, by=stage.who(Role.BILLER), kind="waive", reason="政府投资项目，按文件减免")


def twist_objected(stage: Stage, case: Case) -> None:
    twist_plan_answered(stage, case)
    step = walk.fresh(case).step(Kind.PLAN)
    plans.object_to(step, by=stage.worker(step), reason="希望由路东的环网柜接电")


def twist_received(stage: Stage, case: Case) -> None:
    """The customer handed in the file, or asked for the check: our turn."""
    for step in case.live_steps:
        if step.kind in walk.WORKS:
            walk.receive(stage, case, step.kind)


def twist_fast_lane_asked(stage: Stage, case: Case) -> None:
    moves.ask_fast_lane(case, by=stage.who(Role.CLERK), grounds="信用 AAA，连续三年无欠费")


def twist_survey_begun(stage: Stage, case: Case) -> None:
    walk.begin_survey(stage, case)


TWISTS: dict[str, Callable[[Stage, Case], None]] = {
    name.removeprefix("twist_"): function
    for name, function in list(globals().items())
    if name.startswith("twist_")
}
IMPORTANT = {"importance": "second"}
ROWS = (
    # Residential, link by link
    Row(NEW, RES, Kind.SURVEY, 0, "unclaimed"),
    Row(NEW, RES, Kind.SURVEY, 0, "claimed"),
    Row(NEW, RES, Kind.SURVEY, 1, "survey_begun"),
    Row(INCREASE, RES, Kind.SURVEY, 2, "claimed"),
    Row(NEW, RES, Kind.SURVEY, 4, "unclaimed"),
    Row(NEW, RES, Kind.SURVEY, 9, "unreached"),
    Row(BusinessType.EV_CHARGER, RES, Kind.SURVEY, 0, "called"),
    Row(BusinessType.EV_CHARGER, RES, Kind.PLAN, 0, "claimed"),
    Row(BusinessType.EV_CHARGER, RES, Kind.PLAN, 1, "plan_answered"),
    Row(NEW, RES, Kind.SURVEY, 3, "stopped"),
    Row(NEW, RES, Kind.SURVEY, 1, "returned"),
    Row(NEW, RES, Kind.PLAN, 0, "unclaimed"),
    Row(NEW, RES, Kind.PLAN, 0, "claimed"),
    Row(INCREASE, RES, Kind.PLAN, 1, "plan_drawn"),
    Row(NEW, RES, Kind.PLAN, 5, "claimed"),
    Row(NEW, RES, Kind.PLAN, 2, "plan_answered"),
    Row(NEW, RES, Kind.PLAN, 8, "plan_answered"),
    Row(NEW, RES, Kind.CONTRACT, 0, "unclaimed"),
    Row(NEW, RES, Kind.CONTRACT, 1, "claimed"),
    Row(INCREASE, RES, Kind.CONTRACT, 3, "called"),
    Row(NEW, RES, Kind.METER, 0, "unclaimed"),
    Row(NEW, RES, Kind.METER, 1, "claimed"),
    Row(NEW, RES, Kind.METER, 4, "claimed"),
    Row(NEW, RES, Kind.CALLBACK, 0, "unclaimed"),
    Row(NEW, RES, Kind.CALLBACK, 3, "unclaimed"),
    Row(NEW, RES, None),
    Row(INCREASE, RES, None),
    Row(BusinessType.EV_CHARGER, RES, None),
    Row(NEW, RES, Kind.SURVEY, 2, "withdrawn"),
    Row(BusinessType.METER_MOVE, RES, Kind.SURVEY, 0, "unclaimed"),
    Row(BusinessType.METER_MOVE, RES, Kind.METER, 1, "claimed"),
    Row(BusinessType.NAME_CHANGE, RES, Kind.CONTRACT, 0, "claimed"),
    Row(BusinessType.NAME_CHANGE, RES, None),
    Row(BusinessType.CLOSING, RES, Kind.METER, 0, "unclaimed"),
    Row(BusinessType.CLOSING, RES, None),
    Row(BusinessType.SUSPENSION, RES, Kind.METER, 2, "claimed"),
    Row(NEW, RES, Kind.SURVEY, 0, "unclaimed", unit="lhxq"),
    Row(NEW, RES, Kind.PLAN, 1, "claimed", unit="lhxq"),
    # Low voltage, other
    Row(NEW, OTHER, Kind.SURVEY, 0, "unclaimed"),
    Row(NEW, OTHER, Kind.SURVEY, 3, "claimed"),
    Row(INCREASE, OTHER, Kind.PLAN, 0, "claimed"),
    Row(NEW, OTHER, Kind.PLAN, 2, "plan_drawn"),
    Row(NEW, OTHER, Kind.PLAN, 3, "plan_answered"),
    Row(NEW, OTHER, Kind.CONTRACTOR, 1, "silent", {"customer_works": True}),
    Row(NEW, OTHER, Kind.ACCEPTANCE, 2, "called", {"customer_works": True}),
    Row(BusinessType.TEMPORARY, OTHER, Kind.SURVEY, 1, "claimed"),
    Row(BusinessType.TEMPORARY, OTHER, Kind.CONTRACT, 2, "claimed"),
    Row(NEW, OTHER, Kind.CONTRACT, 0, "unclaimed"),
    Row(NEW, OTHER, Kind.METER, 2, "claimed"),
    Row(NEW, OTHER, None),
    Row(BusinessType.DECREASE, OTHER, Kind.SURVEY, 1, "claimed"),
    # High voltage, single source
    Row(NEW, SINGLE, Kind.SURVEY, 0, "unclaimed"),
    Row(NEW, SINGLE, Kind.SURVEY, 4, "claimed"),
    Row(INCREASE, SINGLE, Kind.PLAN, 3, "claimed"),
    Row(NEW, SINGLE, Kind.PLAN, 14, "claimed"),
    Row(NEW, SINGLE, Kind.PLAN, 6, "plan_drawn"),
    Row(NEW, SINGLE, Kind.PLAN, 4, "plan_answered"),
    Row(NEW, SINGLE, Kind.DESIGNER, 5, "silent"),
    Row(NEW, SINGLE, Kind.DRAWINGS, 2, "called", IMPORTANT),
    Row(NEW, SINGLE, Kind.CONTRACTOR, 1, "called"),
    Row(INCREASE, SINGLE, Kind.MID_CHECK, 3, "called"),
    Row(NEW, SINGLE, Kind.ACCEPTANCE, 1, "called"),
    Row(NEW, SINGLE, Kind.CONTRACT, 6, "claimed"),
    Row(NEW, SINGLE, Kind.METER, 1, "claimed"),
    Row(NEW, SINGLE, None),
    Row(BusinessType.TEMPORARY, SINGLE, Kind.PLAN, 2, "fast_lane"),
    # High voltage, several sources
    Row(NEW, DUAL, Kind.SURVEY, 1, "claimed"),
    Row(NEW, DUAL, Kind.PLAN, 7, "plan_drawn", IMPORTANT),
    Row(INCREASE, DUAL, Kind.FEES, 0, "unclaimed"),
    Row(NEW, DUAL, Kind.FEES, 2, "billed"),
    Row(NEW, DUAL, Kind.DRAWINGS, 4, "silent", IMPORTANT),
    Row(NEW, DUAL, Kind.ACCEPTANCE, 3, "called", IMPORTANT),
    Row(NEW, DUAL, None, 0, "", IMPORTANT),
    Row(INCREASE, DUAL, Kind.PLAN, 1, "fast_lane"),
    # What waits for a reviewer, an inspector, a planner, a supervisor or a cashier
    Row(NEW, SINGLE, Kind.DESIGNER, 1, "received"),
    Row(NEW, DUAL, Kind.DRAWINGS, 3, "received", IMPORTANT),
    Row(NEW, SINGLE, Kind.CONTRACTOR, 0, "received"),
    Row(INCREASE, SINGLE, Kind.MID_CHECK, 1, "received"),
    Row(NEW, SINGLE, Kind.ACCEPTANCE, 2, "received"),
    Row(NEW, SINGLE, Kind.PLAN, 1, "plan_begun"),
    Row(NEW, OTHER, Kind.PLAN, 1, "plan_approved"),
    Row(NEW, SINGLE, Kind.PLAN, 3, "objected"),
    Row(NEW, SINGLE, Kind.PLAN, 0, "fast_lane_asked"),
    Row(NEW, DUAL, Kind.FEES, 1, "waiver_proposed"),
    Row(NEW, DUAL, Kind.FEES, 3, "paid_then_withdrawn"),
)


def seed(today: date | None = None) -> list[Case]:
    """Make the whole demo: the stories, then the rows."""
    # The last moment of the demo is yesterday's: nothing lies in the reader's future.
    last = clocks.calendar().add(today or timezone.localdate(), -1)
    people = office.build()
    units = {unit.code: unit for unit in Unit.objects.all()}
    random = Random(20261020)
    cases = []
    for tell, ago in story.STORIES.values():
        with telling(_clock(last, ago, random)) as clock, moves.because("third_party"):
            cases.append(tell(Stage(people, clock, random, units["lhcd"])))
    for row in ROWS:
        stage = Stage(people, _clock(last, 0, random), random, units[row.unit])
        with telling(stage.clock):
            application = walk.sheet(stage, row.business_type, row.customer_class, **row.columns)
        stage.clock = _clock(last, row.lain + walk.days_until(application, row.until), random)
        with telling(stage.clock):
            cases.append(_tell(stage, row, application))
    return cases


def _clock(last: date, ago: int, random: Random) -> StoryClock:
    """A clock that stands so many working days before the last one, some time in the morning."""
    day = clocks.calendar().add(last, -ago) if ago else last
    return StoryClock(day, hour=8, minute=random.randrange(60))


def _tell(stage: Stage, row: Row, application: Application) -> Case:
    """Walk a row to its link, and let happen what else happened."""
    case = walk.take(stage, application)
    walk.contact(stage, case, "受理时当面说明流程和时限")
    case = walk.walk(stage, case, until=row.until)
    if row.also:
        stage.clock.later(minutes=30)
        with moves.because("staff"):
            TWISTS[row.also](stage, case)
    return walk.fresh(case)
