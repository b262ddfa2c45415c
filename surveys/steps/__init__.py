"""The only writer of this room."""

from surveys.steps.capacity import commit, release, reserve, uncommit
from surveys.steps.evidence import add_photo, attempt
from surveys.steps.points import answer_consent, ask_consent, measure
from surveys.steps.sheet import NO_SUPPLY, SURVEY_SIGNED, begin, draft_for, may_work, save, sign

__all__ = [
    "NO_SUPPLY",
    "SURVEY_SIGNED",
    "add_photo",
    "answer_consent",
    "ask_consent",
    "attempt",
    "begin",
    "commit",
    "draft_for",
    "may_work",
    "measure",
    "release",
    "reserve",
    "save",
    "sign",
    "uncommit",
]
