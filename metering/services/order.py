"""The work order: a meter leaves the store, hangs and is sealed."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from applications import signers
from documents import services as documents
from metering import fit, guards
from metering.models import (
    Installation,
    Meter,
    MeterPhoto,
    Removal,
)
from metering.services.acts import (
    AHEAD,
    ASSIGNED,
    INSTALLED,
    READINGS,
    RELEASED,
    demand_open,
    is_past,
    unheld,
)
from workflow import moves
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves import countersign
from workflow.moves.unit_of_work import act


@act
def plan_order(order: Installation, *, by: User) -> Installation:
    """Save the draft of a work order; a meter chosen leaves the stock, the paper is issued.

    Raises Refused when the meter is not in stock any more, belongs to another unit or does not fit.
    """
    step = order.step
    demand_open(step, by)
    countersign.demand_draft(order)
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
    if against := against_meter(new, step):
        raise Refused(against)
    turn(new, Meter.State.ASSIGNED)
    order.meter, order.ordered_at = new, timezone.now()
    order.save()
    moves.record(
        step.case, ASSIGNED, by=by, step=step, note=lambda: str(new), meter=new.asset_number
    )
    documents.issue(step.case, "work_order", by=by, step=step)


def against_meter(meter: Meter | None, step: Step) -> list[Refused]:
    """Why this meter cannot be chosen: not free to take, else what of it does not fit the case."""
    if meter is None:
        return []
    try:
        demand_free(meter, step)
    except Refused as refusal:
        reasons = refusal.messages
    else:
        reasons = fit.misfits(meter, step.case)
    return [Refused(text, fields=("meter",)) for text in reasons]


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


@act
def install(order: Installation, *, by: User) -> Installation:
    """Sign the work order: the meter hangs, sealed, read, and the customer has signed for it. The
    second technician confirms it (`metering.services.confirm`).

    Raises Refused with everything that is missing.
    """
    order = plan_order(order, by=by)
    if missing := [*unfinished(order, sealed=order.seals.exists()), *against_signature(order)]:
        raise Refused(missing)
    countersign.present(order, by=by)
    return order


def hang(order: Installation, by: User) -> None:
    """The second technician has confirmed: the meter hangs."""
    step = order.step
    meter = Meter.objects.select_for_update().get(pk=order.meter_id or 0)
    if meter.state != Meter.State.ASSIGNED:
        raise Refused(
            _("Meter %(number)s is %(state)s by now; choose another one.")
            % {"number": meter.asset_number, "state": meter.get_state_display()}
        )
    turn(meter, Meter.State.INSTALLED)
    order.signed_at, order.signed_by = timezone.now(), order.presented_by
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


def against_signature(sheet: Installation | Removal, *, handed_in: bool = False) -> list[Refused]:
    """Why the customer's signature on a sheet is none; its picture is here, or is `handed_in`."""
    pictures = MeterPhoto.objects.filter(step=sheet.step, shows=MeterPhoto.Shows.SIGNATURE)
    return signers.against_signature(
        sheet.step.case,
        sheet.customer_signed_name,
        sheet.customer_signed_at,
        on_file=handed_in or pictures.exists(),
    )


def unfinished(order: Installation, *, sealed: bool) -> list[Refused]:
    """What a work order still lacks before it can be signed, each with its fields."""
    checks = (
        (order.meter_id, _("No meter is chosen."), ("meter",)),
        (
            order.metering_point and order.mode,
            _("Metering point and metering mode are missing."),
            ("metering_point", "mode"),
        ),
        (order.installed_at, _("The time of installation is missing."), ("installed_at",)),
        (is_past(order.installed_at), AHEAD, ("installed_at",)),
        (
            order.reading_total is not None,
            _("The reading at installation is missing."),
            ("reading_total",),
        ),
        (order.adds_up, _("Peak, flat and valley do not make the total."), READINGS),
        (sealed, _("The meter is not sealed."), ("seals",)),
        *(
            (
                getattr(order, name),
                _("The customer has not signed for the meter and its readings."),
                (name,),
            )
            for name in ("customer_signed_name", "customer_signed_at")
        ),
    )
    return [*unheld(checks), *fit.unfit(order), *two_fitters(order)]


def two_fitters(order: Installation | Removal) -> list[Refused]:
    """Licensed installers, two of them, never deferred (DOMAIN section 8)."""
    people = {"installer": order.installer, "second_installer": order.second_installer}
    if None in people.values() or order.installer == order.second_installer:
        text = _("Two different meter technicians must sign.")
        return [Refused(text, fields=("second_installer", "installer"))]
    return [
        Refused(
            _("%(person)s is not a licensed meter technician.") % {"person": person},
            fields=(name,),
        )
        for name, person in people.items()
        if person and not person.has_role(Role.FITTER)
    ]
