"""How the people of the demo do each link of the chain: by the rooms' services, like everybody.

Each function takes a case whose link is the customer's or the utility's turn, and brings it to the
end of that link. Nothing here writes a row itself where a room has a verb for it.
"""

from demo.walk.building import (
    WORKS,
    acceptance,
    check,
    contractor,
    designer,
    drawings,
    licence,
    mid_check,
    qualification,
    receive,
)
from demo.walk.counter import bring_papers, contact, equipment, papers, sheet, take
from demo.walk.hanging import callback, hang_meter, meter, meter_from_stock, second_fitter, take_off
from demo.walk.links import DAYS, LINKS, days_until, walk
from demo.walk.money import contract, issue_bill, pay
from demo.walk.planning import answer_plan, approve_plan, begin_plan, draw_plan, plan
from demo.walk.site import add_photo, begin_survey, point, sign_survey, survey
from demo.walk.stage import COLOURS, Stage, claim, fresh, picture

__all__ = [
    "COLOURS",
    "DAYS",
    "LINKS",
    "WORKS",
    "Stage",
    "acceptance",
    "add_photo",
    "answer_plan",
    "approve_plan",
    "begin_plan",
    "begin_survey",
    "bring_papers",
    "callback",
    "check",
    "claim",
    "contact",
    "contract",
    "contractor",
    "days_until",
    "designer",
    "draw_plan",
    "drawings",
    "equipment",
    "fresh",
    "hang_meter",
    "issue_bill",
    "licence",
    "meter",
    "meter_from_stock",
    "mid_check",
    "papers",
    "pay",
    "picture",
    "plan",
    "point",
    "qualification",
    "receive",
    "second_fitter",
    "sheet",
    "sign_survey",
    "survey",
    "take",
    "take_off",
    "walk",
]
