"""The one door: the only code that changes a state.

Each move locks the case row, checks the person, checks the guards, makes the transition, sets
the clocks, opens what became ready and appends one event, in one transaction. Everything else
(pages, tablets, tasks, admin, commands) goes through the rooms' `steps.py`, and those through here.
"""

from workflow.moves.acts import (
    ASSIGNED,
    CLAIMED,
    CONCLUDED,
    CONTACTED,
    DESCRIBED,
    DUE_CHANGED,
    FACTS,
    FAST_LANE_APPROVED,
    FAST_LANE_ASKED,
    FAST_LANE_REVOKED,
    FINISHED,
    HANDED_OVER,
    OPENED,
    REFUSED,
    REMINDED,
    RESUMED,
    SENT_BACK,
    STOPPED,
    TAKEN_BACK,
    WITHDRAWN,
)
from workflow.moves.cases import conclude, contact, describe, refuse, set_facts, withdraw
from workflow.moves.clock import reschedule, resume, stop
from workflow.moves.lane import approve_fast_lane, ask_fast_lane, revoke_fast_lane
from workflow.moves.move import record
from workflow.moves.opening import open_case
from workflow.moves.rights import demand_role, demand_worker, demand_writer, hindrances, sees
from workflow.moves.rounds import send_back
from workflow.moves.steps import (
    assign,
    claim,
    demand_predecessors,
    finish,
    hand_over,
    hindrances_of_assignee,
    take_back,
)

__all__ = [
    "ASSIGNED",
    "CLAIMED",
    "CONCLUDED",
    "CONTACTED",
    "DESCRIBED",
    "DUE_CHANGED",
    "FACTS",
    "FAST_LANE_APPROVED",
    "FAST_LANE_ASKED",
    "FAST_LANE_REVOKED",
    "FINISHED",
    "HANDED_OVER",
    "OPENED",
    "REFUSED",
    "REMINDED",
    "RESUMED",
    "SENT_BACK",
    "STOPPED",
    "TAKEN_BACK",
    "WITHDRAWN",
    "approve_fast_lane",
    "ask_fast_lane",
    "assign",
    "claim",
    "conclude",
    "contact",
    "demand_predecessors",
    "demand_role",
    "demand_worker",
    "demand_writer",
    "describe",
    "finish",
    "hand_over",
    "hindrances",
    "hindrances_of_assignee",
    "open_case",
    "record",
    "refuse",
    "reschedule",
    "resume",
    "revoke_fast_lane",
    "sees",
    "send_back",
    "set_facts",
    "stop",
    "take_back",
    "withdraw",
]
