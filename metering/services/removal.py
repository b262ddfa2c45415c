"""The old meter comes off, or is sealed."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from metering import guards
from metering.models import (
    Installation,
    Meter,
    Removal,
)
from metering.services.acts import (
    AHEAD,
    DISCONNECTED,
    READINGS,
    REMOVED,
    demand_open,
    is_past,
    unheld,
)
from metering.services.order import against_signature, turn, two_fitters
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves import countersign
from workflow.moves.unit_of_work import act


@act
def remove(removal: Removal, *, by: User) -> Step:
    """Sign the removal: the old meter is off, or sealed, with its final readings. The second
    technician confirms it (`metering.services.confirm`).
    """
    step = removal.step
    removal = keep_removal(removal, by=by)
    if missing := [*unfinished_removal(removal), *against_signature(removal)]:
        raise Refused(missing)
    countersign.present(removal, by=by)
    return step


def take_off(removal: Removal, by: User) -> None:
    """The second technician has confirmed: the meter is off, or sealed.

    Where nothing is switched on (closing, suspension, merging) this finishes the step.
    """
    step = removal.step
    _take_off(removal)
    removal.signed_at, removal.signed_by = timezone.now(), removal.presented_by
    removal.save(update_fields=["meter", "signed_at", "signed_by"])
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
    if not guards.energizes(step.case):
        moves.finish(
            step,
            by=by,
            role=step.process.role,
            what=DISCONNECTED,
            outcome="disconnected",
            at=removal.removed_at,
        )


def unfinished_removal(removal: Removal) -> list[Refused]:
    """What a removal still lacks before it can be signed, each with its fields."""
    checks = (
        (removal.asset_number, _("The old meter's number is missing."), ("asset_number",)),
        (removal.what, _("Say what happens to the old meter."), ("what",)),
        (removal.removed_at, _("The time is missing."), ("removed_at",)),
        (is_past(removal.removed_at), AHEAD, ("removed_at",)),
        (
            removal.reading_total is not None,
            _("The final reading is missing."),
            ("reading_total",),
        ),
        (removal.adds_up, _("Peak, flat and valley do not make the total."), READINGS),
        (
            removal.what != Removal.What.SEALED or removal.new_seal,
            _("A meter that stays is sealed: the seal number is missing."),
            ("new_seal", "what"),
        ),
    )
    return [*two_fitters(removal), *unheld(checks)]


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


@act
def keep_removal(removal: Removal, *, by: User) -> Removal:
    """Save the draft of a removal. Raises Refused when it is signed."""
    demand_open(removal.step, by)
    countersign.demand_draft(removal)
    if removal.signed_at:
        raise Refused(_("The removal is signed; it is changed no more."))
    removal.save()
    return removal
