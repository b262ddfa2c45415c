"""What a case still owes in papers: asked by the door before it archives, and by the rooms'
guards.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from documents.models import PaperItem
from workflow.guards import Guard
from workflow.models import Case, Step


def owed(case: Case) -> bool:
    """Whether any paper is still owed on the case."""
    return PaperItem.objects.owed().filter(case=case).exists()


def _nothing_blocks(step: Step) -> bool:
    return not PaperItem.objects.blocking(step.kind).filter(case_id=step.case_id).exists()


# For the GUARDS of every link that a paper may block.
PAPERS_RECEIVED = Guard(
    _nothing_blocks,
    reason=_("Papers that this step needs are still owed by the customer."),
    met=_("No paper is missing for this step."),
    owes=lambda step: step.case.customer_name,
    remedy=lambda step: (_("Open the papers"), step.case.get_absolute_url() + "papers/"),
)
