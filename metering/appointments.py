"""Who is named for work at the meter that is still to be done, and for following up a call-back."""

from django.db.models import Q

from metering.models import CallBack, Energization, Installation, Removal
from metering.services.callback import await_follow_up
from workflow.moves.named import Named

FITTERS = ("installer", "second_installer")


def _follow_up_moved(sheet: CallBack) -> None:
    """Its reminders go to who follows it up now."""
    await_follow_up(sheet, sheet.follow_up_on)


NAMED = (
    Named(Removal, FITTERS, Q(signed_at=None, removed_at=None)),
    Named(Installation, FITTERS, Q(signed_at=None, installed_at=None)),
    *(
        Named(
            sheet,
            ("second_installer",),
            Q(signed_at=None, presented_at__isnull=False),
            apart=("installer", "presented_by"),
        )
        for sheet in (Removal, Installation)
    ),
    Named(Energization, ("operator",), Q(signed_at=None, energized_at=None), booked="planned_at"),
    Named(
        CallBack,
        ("follow_up_owner",),
        Q(signed_at__isnull=False, follow_up_needed=True, follow_up_done_at=None),
        moved=_follow_up_moved,
    ),
)
