"""Which papers of the published list a case needs."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from documents.models import Requirement
from workflow.process import Importance


def requirements(
    *,
    customer_class: str,
    business_type: str,
    existing_supply: str,
    importance: str,
    asked_at: Iterable[str] = (),
) -> list[Requirement]:
    """The papers for such a case, in the order of the list; `asked_at` limits them to links."""
    found = Requirement.objects.filter(
        Q(customer_class="") | Q(customer_class=customer_class),
        Q(business_type="") | Q(business_type=business_type),
        Q(existing_supply="") | Q(existing_supply=existing_supply),
        active=True,
    )
    if importance == Importance.NONE:
        found = found.filter(important_only=False)
    if asked_at:
        found = found.filter(asked_at__in=list(asked_at))
    return list(found)
