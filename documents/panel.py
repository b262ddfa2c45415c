"""What the case page shows of papers."""

from __future__ import annotations

from accounts.models import User
from documents import debts
from workflow.models import Case


def papers(case: Case, user: User) -> dict:
    """The checklist of the case and the papers issued in the reader's language; two queries."""
    items = debts.checklist(case)
    issued = case.papers.filter(language=user.language).with_ends()
    return {
        "case": case,
        "items": items,
        "owed": sum(1 for item in items if item.state == "owed"),
        "received": sum(1 for item in items if item.state == "received"),
        "issued": issued,
    }
