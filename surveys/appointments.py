"""Who is named for a site visit that is still to be made, or to confirm what was found there."""

from django.db.models import Q

from surveys.models import Survey
from workflow.moves.named import Named

NAMED = (
    Named(Survey, ("surveyor", "second_surveyor"), Q(signed_at=None, on_site_at=None)),
    Named(
        Survey,
        ("second_surveyor",),
        Q(signed_at=None, on_site_at__isnull=False, presented_at__isnull=False),
        apart=("surveyor", "presented_by"),
    ),
)
