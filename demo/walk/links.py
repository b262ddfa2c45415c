"""From one link to the next, as far as a case is to go."""

from __future__ import annotations

from applications.models import Application
from demo.walk.building import acceptance, contractor, designer, drawings, mid_check
from demo.walk.counter import bring_papers
from demo.walk.hanging import callback, meter
from demo.walk.money import contract, pay
from demo.walk.planning import plan
from demo.walk.site import survey
from demo.walk.stage import Stage, claim, fresh
from workflow import moves
from workflow.models import Case
from workflow.process import (
    HV,
    PROCESS,
    CustomerClass,
    Kind,
    descendants,
    kinds_of,
)

LINKS = {
    Kind.SURVEY: survey,
    Kind.PLAN: plan,
    Kind.DESIGNER: designer,
    Kind.DRAWINGS: drawings,
    Kind.CONTRACTOR: contractor,
    Kind.MID_CHECK: mid_check,
    Kind.ACCEPTANCE: acceptance,
    Kind.FEES: pay,
    Kind.CONTRACT: contract,
    Kind.METER: meter,
    Kind.CALLBACK: callback,
}

# What is said of a link that came late.
WHY_LATE = {
    Kind.SURVEY: "customer_away",
    Kind.PLAN: "passed_late",
    Kind.DESIGNER: "staff",
    Kind.DRAWINGS: "staff",
    Kind.CONTRACTOR: "customer_not_ready",
    Kind.MID_CHECK: "weather",
    Kind.ACCEPTANCE: "customer_not_ready",
    Kind.FEES: "staff",
    Kind.CONTRACT: "customer_date",
    Kind.METER: "outage",
    Kind.CALLBACK: "customer_away",
}


def walk(stage: Stage, case: Case, *, until: str | None = None) -> Case:
    """Do link after link until the named one is open, or the case is closed."""
    if until is not None and until not in PROCESS:
        raise ValueError(until)
    while (case := fresh(case)).is_open:
        live = [step for step in case.live_steps if step.kind != until]
        if until and (reached := case.step(until)) and reached.is_live:
            return case
        if not live:
            bring_papers(stage, case)
            moves.conclude(case, by=None)
            if fresh(case).is_open:
                return fresh(case)
            continue
        claim(stage, live[0])
        stage.clock.later(hours=1)
        with moves.because(WHY_LATE[live[0].kind]):
            LINKS[live[0].kind](stage, fresh(case))
        reached = fresh(case).step(until) if until else None
        if not (reached and reached.is_live):
            stage.clock.next_day()
    return case


# Working days that a link takes in the walk, where it is not one.
DAYS = {Kind.PLAN: 2, Kind.DRAWINGS: 2, Kind.MID_CHECK: 2, Kind.ACCEPTANCE: 2}


def days_until(application: Application, until: str | None) -> int:
    """How many working days the walk takes from the counter to the opening of a link."""
    facts = Case(**{name: value for name, value in application.facts.items() if value is not None})
    if application.customer_class in HV:
        facts.customer_works = facts.concealed_works = True  # as the survey finds
    here = kinds_of(facts)
    before = {k for k in here if until is None or until in descendants(k)} - {Kind.APPLICATION}
    billed = Kind.FEES in before and application.customer_class == CustomerClass.HV_DUAL
    days = sum(DAYS.get(kind, 1) for kind in before) + billed
    return days - 1 if until and before else days
