"""The only writer of this room."""

from surveys.services.awaiting import await_consent, forget, forget_unplanned
from surveys.services.capacity import commit, release, reserve, uncommit
from surveys.services.evidence import add_photo, attempt, book
from surveys.services.points import (
    LABELS,
    answer_consent,
    ask_consent,
    measure,
    renew_consent,
    withdraw_consent,
    write_letter,
)
from surveys.services.sheet import (
    NO_SUPPLY,
    SURVEY_SIGNED,
    against_signature,
    begin,
    confirm,
    draft_for,
    may_work,
    previous,
    save,
    sign,
)

__all__ = [
    "LABELS",
    "NO_SUPPLY",
    "SURVEY_SIGNED",
    "add_photo",
    "against_signature",
    "answer_consent",
    "ask_consent",
    "attempt",
    "await_consent",
    "begin",
    "book",
    "commit",
    "confirm",
    "draft_for",
    "forget",
    "forget_unplanned",
    "may_work",
    "measure",
    "previous",
    "release",
    "renew_consent",
    "reserve",
    "save",
    "sign",
    "uncommit",
    "withdraw_consent",
    "write_letter",
]
