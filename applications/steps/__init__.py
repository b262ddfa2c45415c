"""The only writer of applications: taking a request, accepting it, noting contacts."""

from applications.steps.agent import (
    AUTHORITY_RENEWED,
    may_renew_authority,
    renew_authority,
)
from applications.steps.alike import (
    RELATED,
    duplicates,
    join,
    relate,
)
from applications.steps.codes import (
    CODE_RENEWED,
    code_of,
    may_hand_out_code,
    renew_code,
)
from applications.steps.contacts import (
    may_note,
    note_contact,
)
from applications.steps.correcting import (
    CORRECTED,
    PARTY_CORRECTED,
    correct,
    correctable,
    issue_anew,
    may_correct,
    newly_alike,
)
from applications.steps.outside import (
    hand_in,
)
from applications.steps.taking import (
    ACCEPTED,
    AGENT_PAPER,
    KEPT_FACTS,
    accept,
    demand_complete,
    description,
    draft_for,
    open_draft,
    save_draft,
    take,
)

__all__ = [
    "ACCEPTED",
    "AGENT_PAPER",
    "AUTHORITY_RENEWED",
    "CODE_RENEWED",
    "CORRECTED",
    "KEPT_FACTS",
    "PARTY_CORRECTED",
    "RELATED",
    "accept",
    "code_of",
    "correct",
    "correctable",
    "demand_complete",
    "description",
    "draft_for",
    "duplicates",
    "hand_in",
    "issue_anew",
    "join",
    "may_correct",
    "may_hand_out_code",
    "may_note",
    "may_renew_authority",
    "newly_alike",
    "note_contact",
    "open_draft",
    "relate",
    "renew_authority",
    "renew_code",
    "save_draft",
    "take",
]
