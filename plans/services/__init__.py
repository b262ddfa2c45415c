"""The only writer of plans: draw, approve, answer, and what the customer decides."""

from plans.services.answer import accept, answer, close_unanswered, object_to
from plans.services.approval import approve, approvers_needed, give_back, given_back, separated
from plans.services.consents import end_consents
from plans.services.drawing import CONTENT, draft_for, save_draft, submit
from plans.services.ground import power_off, power_on, undone
from plans.services.metering import against_transformers, is_high
from plans.services.rights import ACTS, Act, attempts, hindrances, not_yet, unproven
from plans.services.soundness import needed, open_at, overdrawn, points_of, unsound, usable
from plans.services.terms import longer, months_later
from plans.services.validity import expire, extend, lapse, watch

__all__ = [
    "ACTS",
    "CONTENT",
    "Act",
    "accept",
    "against_transformers",
    "answer",
    "approve",
    "approvers_needed",
    "attempts",
    "close_unanswered",
    "draft_for",
    "end_consents",
    "expire",
    "extend",
    "give_back",
    "given_back",
    "hindrances",
    "is_high",
    "lapse",
    "longer",
    "months_later",
    "needed",
    "not_yet",
    "object_to",
    "open_at",
    "overdrawn",
    "points_of",
    "power_off",
    "power_on",
    "save_draft",
    "separated",
    "submit",
    "undone",
    "unproven",
    "unsound",
    "usable",
    "watch",
]
