"""The old meter comes off, or is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from metering import guards
from metering.models import (
    Installation,
    Meter,
    Removal,
)
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step

if TYPE_CHECKING:
    pass
from metering.steps.acts import DISCONNECTED, REMOVED, demand_open, demand_past
from metering.steps.order import turn, two_fitters


@transaction.atomic
def remove(removal: Removal, *, by: User) -> Step:
    """Sign the removal: the old meter is off, or sealed, with its final readings.

    Where nothing is switched on (closing, suspension, merging) this finishes the step.
    """
    step = removal.step
    demand_open(step, by)
    demand_past(removal.removed_at)
    missing = two_fitters(removal)
    checks = (
        (removal.asset_number, _("The old meter's number is missing.")),
        (removal.what, _("Say what happens to the old meter.")),
        (removal.removed_at, _("The time is missing.")),
        (removal.reading_total is not None, _("The final reading is missing.")),
        (removal.adds_up, _("Peak, flat and valley do not make the total.")),
        (
            removal.what != Removal.What.SEALED or removal.new_seal,
            _("A meter that stays is sealed: the seal number is missing."),
        ),
    )
    missing += [said for holds, said in checks if not holds]
    if missing:
        raise Refused(missing)
    _take_off(removal)
    removal.signed_at, removal.signed_by = timezone.now(), by
    removal.save()
    moves.record(
        step.case,
        REMOVED,
        by=by,
        step=step,
        at=removal.removed_at,
        note=lambda: (
            f"{removal.asset_number}, {removal.reading_total} kWh, {removal.get_what_display()}"
        ),
        meter=removal.asset_number,
    )
    if guards.energizes(step.case):
        return step
    return moves.finish(
        step, by=by, what=DISCONNECTED, outcome="disconnected", at=removal.removed_at
    )


def _take_off(removal: Removal) -> None:
    """A meter of our stock comes off under its lock; an older one is known by its number only."""
    meter = Meter.objects.select_for_update().filter(asset_number=removal.asset_number).first()
    removal.meter = meter
    if meter is None or removal.what == Removal.What.SEALED:
        return
    case = removal.step.case_id
    if meter.state == Meter.State.REMOVED and Removal.objects.filter(
        step__case=case, meter=meter, signed_at__isnull=False
    ):
        return  # off since an earlier round
    if meter.state not in (Meter.State.INSTALLED, Meter.State.FAULTY):
        raise Refused(
            _("Meter %(number)s is %(state)s by now; choose another one.")
            % {"number": meter.asset_number, "state": meter.get_state_display()}
        )
    Installation.objects.filter(meter=meter, ended_at=None).update(ended_at=removal.removed_at)
    turn(meter, Meter.State.REMOVED)


@transaction.atomic
def keep_removal(removal: Removal, *, by: User) -> Removal:
    """Save the draft of a removal."""
    demand_open(removal.step, by)
    removal.save()
    return removal
