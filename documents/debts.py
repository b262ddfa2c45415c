"""What a case still owes in papers: asked by the door before it archives, and by the rooms'
guards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.models import PaperItem
from workflow.guards import Finding, Guard
from workflow.models import Case, Step


def owed(case: Case) -> bool:
    """Whether any paper is still owed on the case."""
    return PaperItem.objects.owed().filter(case=case).exists()


def _nothing_blocks(step: Step) -> bool:
    return not _blocking(step)


def _blocking(step: Step) -> list[PaperItem]:
    """What is owed and keeps this link from being finished. In the fast lane a paper may follow
    after power on (DOMAIN section 8), until its own day or that of the other formalities.
    """
    found = [
        item
        for item in checklist(step.case)
        if item.state == PaperItem.State.OWED and item.requirement.blocks == step.kind
    ]
    if found and step.case.in_fast_lane:
        if any(other.is_deferred for other in step.case.all_steps):
            return []
        return [item for item in found if item.is_overdue(timezone.localdate())]
    return found


def checklist(case: Case) -> list[PaperItem]:
    """The papers of the case, received and owed; read once a case object."""
    items = PaperItem.objects.select_related("requirement", "attachment", "settled_by")
    prefetch_related_objects([case], Prefetch("papers_owed", items))
    return list(case.papers_owed.all())


@dataclass(frozen=True)
class PapersReceived(Guard):
    """The papers that block a link are here; names those that are not."""

    def says(self, step: Step) -> str:
        said = _("Papers that this step needs are still owed by the customer: %(papers)s.")
        return said % {"papers": self._named(step)}

    def finding(self, step: Step) -> Finding:
        found = super().finding(step)
        if found.met:
            return found
        return replace(found, what=self.reason, detail=self._named(step))

    def _named(self, step: Step) -> str:
        return _(", ").join(item.requirement.label for item in _blocking(step))


# For the GUARDS of every link that a paper may block.
PAPERS_RECEIVED = PapersReceived(
    _nothing_blocks,
    reason=_("Papers that this step needs are still owed by the customer."),
    met=_("No paper is missing for this step."),
    owes=lambda step: step.case.customer_name,
    since=lambda step: (
        timezone.localdate(step.case.accepted_at) if step.case.accepted_at else step.since
    ),
    remedy=lambda step: (
        _("Open the papers"),
        reverse("documents:papers", args=[step.case.number]),
    ),
)
