"""The only writer of this room: meters assigned, hung and taken off, power on, the call afterwards.

A meter is locked before it changes hands: of two fitters who reach for the same one at once the
first has it and the second is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from applications import steps as applications
from applications.models import Contact
from documents import steps as documents
from metering import fit, guards
from metering.models import (
    CallAttempt,
    CallBack,
    Energization,
    Installation,
    Meter,
    MeterPhoto,
    Removal,
)
from plans import steps as plans
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import BusinessType, Kind
from workflow.verbs import verb
from workflow.words import keep

if TYPE_CHECKING:
    from metering.forms import WorkForm

ASSIGNED = verb("meter_assigned", gettext_lazy("Meter assigned, work order issued"))
RELEASED = verb("meter_released", gettext_lazy("Meter back in stock"))
INSTALLED = verb("meter_installed", gettext_lazy("Meter hung and sealed"))
REMOVED = verb("meter_removed", gettext_lazy("Old meter off or sealed"))
ENERGIZED = verb("energized", gettext_lazy("Power on"))
NOT_ENERGIZED = verb("not_energized", gettext_lazy("Power could not be switched on"))
DISCONNECTED = verb("disconnected", gettext_lazy("Supply ended at the meter"))
CALLED = verb("called_back", gettext_lazy("Called back"))
FOLLOW_UP = verb("follow_up", gettext_lazy("Follow-up after the call-back"))
OVERCHARGED = verb(
    "charged_beyond_bill", gettext_lazy("Charged beyond the bill, says the customer")
)


# Drafts -------------------------------------------------------------------------------------------


def order_of(step: Step, by: User | None = None) -> Installation:
    """The work order of this round, or a new one not yet saved, with what the round before left."""
    order = guards.installation_of(step)
    if order:
        return order
    before = Installation.of(step.case)
    order = Installation(step=step, installer=step.owner or by)
    if before:
        for name in ("metering_point", "mode", "ct_ratio", "pt_ratio", "box"):
            setattr(order, name, getattr(before, name))
    else:
        order.metering_point, order.mode = step.case.address[:120], fit.mode_of(step.case)
        order.ct_ratio, order.pt_ratio = fit.ratios_of(step.case)
    return order


def removal_of(step: Step, by: User | None = None) -> Removal:
    """The removal of this round, or a new one not yet saved, of the meter the round before took."""
    before = Removal.objects.filter(step__case=step.case_id, signed_at__isnull=False).last()
    return guards.removal_of(step) or Removal(
        step=step,
        installer=step.owner or by,
        asset_number=before.asset_number if before else step.case.meter_number,
        what=WHAT_HAPPENS.get(step.case.business_type, Removal.What.TAKEN),
    )


WHAT_HAPPENS: dict[str, str] = {
    BusinessType.METER_MOVE: Removal.What.MOVED,
    BusinessType.SUSPENSION: Removal.What.SEALED,
}


def power_of(step: Step, by: User | None = None) -> Energization:
    """The energization of this round, or a new one not yet saved."""
    return guards.energization_of(step) or Energization(step=step, operator=step.owner or by)


def call_of(step: Step) -> CallBack:
    """The call-back of this round, or a new one not yet saved."""
    return guards.callback_of(step) or CallBack(step=step)


def demand_open(step: Step, by: User) -> None:
    """Raise Refused unless the step is in the person's hand."""
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("%(step)s is not open.") % {"step": step.get_kind_display()})


def demand_past(at: datetime | None) -> None:
    """Raise Refused for a time that lies ahead."""
    if at and at > timezone.now():
        raise Refused(_("This time lies ahead."))


# The work order -----------------------------------------------------------------------------------


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
        _swap(order, before, by)
    order.save()
    return order


def _swap(order: Installation, before: int | None, by: User) -> None:
    """Give back the meter chosen before, and take the new one from the stock under its lock."""
    step = order.step
    wanted = sorted(pk for pk in (before, order.meter_id) if pk)
    locked = {
        m.pk: m for m in Meter.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    }
    old, new = locked.get(before or 0), locked.get(order.meter_id or 0)
    if old and old.state == Meter.State.ASSIGNED:
        _turn(old, Meter.State.IN_STOCK)
        moves.record(step.case, RELEASED, by=by, step=step, note=old.asset_number)
    if new is None:
        order.ordered_at = None
        return
    demand_free(new, step)
    if misfits := fit.misfits(new, step.case):
        raise Refused(misfits)
    _turn(new, Meter.State.ASSIGNED)
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


def _turn(meter: Meter, state: str) -> None:
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
    _turn(meter, Meter.State.INSTALLED)
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
    _turn(meter, Meter.State.REMOVED)


@transaction.atomic
def keep_removal(removal: Removal, *, by: User) -> Removal:
    """Save the draft of a removal."""
    demand_open(removal.step, by)
    removal.save()
    return removal


# Power on -----------------------------------------------------------------------------------------


@transaction.atomic
def keep_power(power: Energization, *, by: User) -> Energization:
    """Plan the energization; a failed attempt is recorded with its reason, and tried again."""
    step = power.step
    demand_open(step, by)
    demand_past(power.energized_at)
    before = Energization.objects.filter(pk=power.pk).values_list("result", flat=True).first()
    power.save()
    if power.result == Energization.Result.FAILED and before != power.result:
        moves.record(step.case, NOT_ENERGIZED, by=by, step=step, note=power.remarks)
    return power


@transaction.atomic
def energize(power: Energization, *, by: User) -> Step:
    """Power is on: the step is finished, the customer supplied.

    Raises Refused with every condition that does not hold, checked at this moment.
    """
    power = keep_power(power, by=by)
    step = power.step
    order = guards.installation_of(step)
    if (
        power.energized_at
        and order
        and order.installed_at
        and power.energized_at < order.installed_at
    ):
        raise Refused(_("Power cannot be on before the meter hangs."))
    if power.result == Energization.Result.ON and power.energized_at and power.operator_id:
        power.signed_at, power.signed_by = timezone.now(), by
        power.save(update_fields=["signed_at", "signed_by"])
    step = moves.finish(
        step,
        by=by,
        what=ENERGIZED,
        outcome="energized",
        at=power.energized_at,
        meter=order.meter.asset_number if order and order.meter else "",
    )
    plans.power_on(step.case)
    return step


@transaction.atomic
def hand_in(form: WorkForm, *, by: User) -> Installation | Removal | Energization | Step:
    """Save a sheet with its seals and photos, and sign it when the form asks for that."""
    kind = type(form.instance)
    keep: dict[type, Any] = {
        Installation: plan_order,
        Removal: keep_removal,
        Energization: keep_power,
    }
    sheet = keep[kind](form.save(commit=False), by=by)
    _keep_rows(form, by)
    if not form.signing:
        return sheet
    sign: dict[type, Any] = {Installation: install, Removal: remove, Energization: energize}
    return sign[kind](sheet, by=by)


def _keep_rows(form: WorkForm, by: User) -> None:
    """Save seals and photos below a sheet."""
    formsets: Any = form.formsets
    for rows in formsets:
        rows.save(commit=False)
        for gone in rows.deleted_objects:
            gone.delete()
        touched = [row for row in rows.forms if row.has_changed() and row not in rows.deleted_forms]
        for row in touched:
            if isinstance(row.instance, MeterPhoto) and (file := row.cleaned_data.get("file")):
                step = row.instance.step
                row.instance.attachment = documents.attach(
                    step.case, file, title=row.instance.get_shows_display, by=by, step=step
                )
            row.instance.save()


# When it no longer holds --------------------------------------------------------------------------


@transaction.atomic
def undone(step: Step, *, by: User | None) -> None:
    """Closed or sent back: a meter assigned returns to stock, one hung counts as taken off, and
    capacity in use is held by the plan again.
    """
    if step.kind != Kind.METER:
        return
    if step.outcome == "energized":
        plans.power_off(step.case)
    orders = Installation.objects.filter(step=step, ended_at=None).exclude(meter=None)
    for order in orders:
        meter = Meter.objects.select_for_update().get(pk=order.meter_id or 0)
        free = meter.state == Meter.State.ASSIGNED
        _turn(meter, Meter.State.IN_STOCK if free else Meter.State.REMOVED)
        order.ended_at = timezone.now()
        order.save(update_fields=["ended_at"])


# The call-back ------------------------------------------------------------------------------------


@transaction.atomic
def not_reached(sheet: CallBack, *, note: str, by: User) -> CallAttempt:
    """A call that reached nobody; the contact clock runs on."""
    step = sheet.step
    demand_open(step, by)
    if sheet.pk is None:
        sheet.save()
    now = timezone.now()
    attempt = CallAttempt.objects.create(callback=sheet, at=now, note=note, by=by)
    _note(
        step.case,
        Contact.Outcome.NOT_REACHED,
        note or keep(lambda: _("Call-back: not reached.")),
        now,
        by,
    )
    return attempt


@transaction.atomic
def keep_call(sheet: CallBack, *, by: User) -> CallBack:
    """Save the draft of a call-back."""
    demand_open(sheet.step, by)
    sheet.save()
    return sheet


@transaction.atomic
def call_back(sheet: CallBack, *, by: User) -> Step:
    """Sign the call-back: the contact clock is set back, a dissatisfied answer has its owner."""
    step = sheet.step
    demand_open(step, by)
    demand_past(sheet.called_at)
    sheet.follow_up_needed = sheet.follow_up_needed or sheet.is_dissatisfied
    if sheet.charged_beyond_bill and not sheet.charged_what.strip():
        raise Refused(_("Say what was charged beyond the bill, and by whom."))
    sheet.save()
    if sheet.reached:
        said = sheet.words or keep(
            lambda: str(sheet.get_satisfaction_display() or _("Called back"))
        )
        at = sheet.called_at or timezone.now()
        _note(step.case, Contact.Outcome.REACHED, said, at, by)
    if sheet.charged_beyond_bill:
        moves.record(step.case, OVERCHARGED, by=by, step=step, note=sheet.charged_what)
    if sheet.follow_up_needed and sheet.follow_up_owner:
        moves.record(
            step.case,
            FOLLOW_UP,
            by=by,
            step=step,
            note=f"{sheet.follow_up_owner}, {sheet.follow_up_on}: {sheet.follow_up}",
            owner=sheet.follow_up_owner_id,
            due_on=sheet.follow_up_on,
        )
    step = moves.finish(
        step,
        by=by,
        what=CALLED,
        outcome="reached" if sheet.reached else "not_reached",
        satisfaction=sheet.satisfaction,
    )
    sheet.signed_at, sheet.signed_by = timezone.now(), by
    sheet.save(update_fields=["signed_at", "signed_by"])
    return step


def _note(case: Case, outcome: str, said: str, at: datetime, by: User) -> None:
    contact = Contact(
        direction=Contact.Direction.OUT,
        channel=Contact.Channel.PHONE,
        outcome=outcome,
        summary=said[:1000],
        at=at,
    )
    applications.note_contact(contact, case=case, by=by)
