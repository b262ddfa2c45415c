"""Who is named for a check that is still to be made."""

from django.db.models import Q

from workflow.moves.named import Named
from works.models import Acceptance, MidCheck

NAMED = tuple(
    Named(check, ("inspector",), Q(signed_at=None, inspected_at=None), booked="booked_at")
    for check in (MidCheck, Acceptance)
)
