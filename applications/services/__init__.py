"""The only writer of applications: taking a request, accepting it, noting contacts."""

from applications.services.agent import (
    AUTHORITY_RENEWED,
    may_renew_authority,
    renew_authority,
)
from applications.services.alike import (
    RELATED,
    duplicates,
    join,
    relate,
)
from applications.services.codes import (
    CODE_RENEWED,
    code_of,
    may_hand_out_code,
    renew_code,
)
from applications.services.contacts import (
    may_note,
    note_contact,
)
from applications.services.correcting import (
    CORRECTED,
    PARTY_CORRECTED,
    correct,
    correctable,
    issue_anew,
    may_correct,
    newly_alike,
)
from applications.services.outside import (
    hand_in,
)
from applications.services.taking import (
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
