"""The only writer of plans: draw, approve, answer, and what the customer decides."""

from plans.steps.answer import accept, answer, object_to
from plans.steps.approval import approve, approvers_needed, give_back, separated
from plans.steps.drawing import CONTENT, draft_for, save_draft, submit
from plans.steps.ground import power_off, power_on, undone
from plans.steps.rights import ACTS, Act, hindrances, not_yet
from plans.steps.soundness import needed, open_at, points_of, usable
from plans.steps.validity import expire, extend, lapse, months_later, watch

__all__ = [
    "ACTS",
    "CONTENT",
    "Act",
    "accept",
    "answer",
    "approve",
    "approvers_needed",
    "draft_for",
    "expire",
    "extend",
    "give_back",
    "hindrances",
    "lapse",
    "months_later",
    "needed",
    "not_yet",
    "object_to",
    "open_at",
    "points_of",
    "power_off",
    "power_on",
    "save_draft",
    "separated",
    "submit",
    "undone",
    "usable",
    "watch",
]
