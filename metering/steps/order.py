"""The work order: a meter leaves the store, hangs and is sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from documents import steps as documents
from metering import fit, guards
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
from metering.steps.acts import ASSIGNED, INSTALLED, RELEASED, demand_open, demand_past


@transaction.atomic
def plan_order(order: Installation, *, by: User) -> Installation:
    """Save the draft of a work order; a meter chosen leaves the stock, the paper is issued.

    Raises Refused when the meter is not in stock any more, belongs to another unit or does not fit.
    """
    step = order.step
    demand_open(step, by)
    if order.signed_at:
        raise Refused(_("The work order is signed; it is changed no more."))
    before = Installation.objects.filter(pk=order.pk).values_list("meter", flat=True).first()
    if before != order.meter_id:
        swap(order, before, by)
    order.save()
    return order


def swap(order: Installation, before: int | None, by: User) -> None:
    """Give back the meter chosen before, and take the new one from the stock under its lock."""
    step = order.step
    wanted = sorted(pk for pk in (before, order.meter_id) if pk)
    locked = {
        m.pk: m for m in Meter.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    }
    old, new = locked.get(before or 0), locked.get(order.meter_id or 0)
    if old and old.state == Meter.State.ASSIGNED:
        turn(old, Meter.State.IN_STOCK)
        moves.record(step.case, RELEASED, by=by, step=step, note=old.asset_number)
    if new is None:
        order.ordered_at = None
        return
    demand_free(new, step)
    if misfits := fit.misfits(new, step.case):
        raise Refused(misfits)
    turn(new, Meter.State.ASSIGNED)
    order.meter, order.ordered_at = new, timezone.now()
    order.save()
    moves.record(
        step.case, ASSIGNED, by=by, step=step, note=lambda: str(new), meter=new.asset_number
    )
    documents.issue(step.case, "work_order", by=by, step=step)


def demand_free(meter: Meter, step: Step) -> None:
    """Raise Refused unless the meter lies in a store of the case's units, or moves with it."""
    case = step.case
    related = meter.unit.path.startswith(case.unit.path) or case.unit.path.startswith(
        meter.unit.path
    )
    if not related:
        raise Refused(_("This meter lies in the store of another unit."))
    removal = guards.removal_of(step)
    moved = (
        removal is not None
        and removal.signed_at is not None
        and removal.what == Removal.What.MOVED
        and removal.meter_id == meter.pk
        and meter.state == Meter.State.REMOVED
    )
    if meter.state != Meter.State.IN_STOCK and not moved:
        raise Refused(
            _("Meter %(number)s is %(state)s by now; choose another one.")
            % {"number": meter.asset_number, "state": meter.get_state_display()}
        )


def turn(meter: Meter, state: str) -> None:
    meter.state = state
    meter.save(update_fields=["state"])


@transaction.atomic
def install(order: Installation, *, by: User) -> Installation:
    """Sign the work order: the meter hangs, sealed, read, and the customer has signed for it.

    Raises Refused with everything that is missing.
    """
    order = plan_order(order, by=by)
    step = order.step
    missing = list(unfinished(order))
    if missing:
        raise Refused(missing)
    demand_past(order.installed_at)
    meter = Meter.objects.select_for_update().get(pk=order.meter_id or 0)
    if meter.state != Meter.State.ASSIGNED:
        raise Refused(
            _("Meter %(number)s is %(state)s by now; choose another one.")
            % {"number": meter.asset_number, "state": meter.get_state_display()}
        )
    turn(meter, Meter.State.INSTALLED)
    order.signed_at, order.signed_by = timezone.now(), by
    order.save(update_fields=["signed_at", "signed_by"])
    moves.record(
        step.case,
        INSTALLED,
        by=by,
        step=step,
        at=order.installed_at,
        note=f"{meter.asset_number}, {order.reading_total} kWh",
        meter=meter.asset_number,
        seals=[seal.number for seal in order.seals.all()],
    )
    moves.describe(step.case, by=by, meter_number=meter.asset_number)
    return order


def unfinished(order: Installation) -> list[str]:
    """What a work order still lacks before it can be signed."""
    checks = (
        (order.meter_id, _("No meter is chosen.")),
        (order.metering_point and order.mode, _("Metering point and metering mode are missing.")),
        (order.installed_at, _("The time of installation is missing.")),
        (order.reading_total is not None, _("The reading at installation is missing.")),
        (order.adds_up, _("Peak, flat and valley do not make the total.")),
        (order.pk and order.seals.exists(), _("The meter is not sealed.")),
        (
            order.customer_signed_name and order.customer_signed_at,
            _("The customer has not signed for the meter and its readings."),
        ),
    )
    missing = [said for holds, said in checks if not holds]
    return missing + fit.wrong_ratios(order) + two_fitters(order)


def two_fitters(order: Installation | Removal) -> list[str]:
    """Licensed installers, two of them, never deferred (DOMAIN section 8)."""
    people = [order.installer, order.second_installer]
    if None in people or people[0] == people[1]:
        return [_("Two different meter technicians must sign.")]
    return [
        _("%(person)s is not a licensed meter technician.") % {"person": person}
        for person in people
        if person and not person.has_role(Role.FITTER)
    ]
