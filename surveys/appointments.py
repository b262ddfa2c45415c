"""Who is named for a site visit that is still to be made."""

from django.db.models import Q

from surveys.models import Survey
from workflow.moves.named import Named

NAMED = (Named(Survey, ("surveyor", "second_surveyor"), Q(signed_at=None, on_site_at=None)),)
