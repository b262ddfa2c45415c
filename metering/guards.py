"""What must hold before power is switched on, each condition naming who owes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from applications.force import sheet_of
from applications.signers import same_name
from contracts.models import Contract
from documents.debts import PAPERS_RECEIVED
from metering.models import CallBack, Energization, Installation, Removal
from workflow.guards import Guard
from workflow.models import Case, Step
from workflow.moves.countersign import waits_for, way_to_confirm
from workflow.process import FULL_FLOW, BusinessType, ExistingSupply, Kind

# Where nothing is switched on: the meter comes off or is sealed.
NOT_ENERGIZED = {BusinessType.CLOSING, BusinessType.SUSPENSION, BusinessType.MERGING}
INSTALLS = {*FULL_FLOW, BusinessType.METER_MOVE, BusinessType.DECREASE}
# Where an old meter is always at hand; elsewhere its removal is offered.
REMOVES = {*NOT_ENERGIZED, BusinessType.METER_MOVE}
OFFERS_REMOVAL = {BusinessType.INCREASE, BusinessType.DECREASE, BusinessType.RELOCATION}
CALLS_BEFORE_GIVING_UP = 3


def installs(case: Case) -> bool:
    """A meter is put up in this case."""
    return case.business_type in INSTALLS


def energizes(case: Case) -> bool:
    """Power is switched on in this case."""
    return case.business_type not in NOT_ENERGIZED


def removes(case: Case) -> bool:
    """An old meter must come off, or be sealed, in this case."""
    return case.business_type in REMOVES


def may_remove(case: Case) -> bool:
    """An old meter may have to come off."""
    return (
        removes(case)
        or case.business_type in OFFERS_REMOVAL
        or case.existing_supply == ExistingSupply.OWN
    )


def read_once(step: Step, model: type[Model], *related: str) -> Model | None:
    """The sheet of this model on the step, read once a step object."""
    name = f"{model._meta.model_name}_read"
    if name not in step.__dict__:
        found = model.objects.filter(step=step).select_related(*related).first()
        if found:
            found.step = step
        setattr(step, name, found)
    return getattr(step, name)


BOTH = ("installer", "second_installer", "presented_by")


def waiting(step: Step) -> list[Installation | Removal]:
    """What its first technician has signed and the second has not confirmed, of an open step."""
    sheets = (removal_of(step), installation_of(step)) if step.is_live else ()
    return [sheet for sheet in sheets if sheet and sheet.waits]


def handed_in(sheet: Installation | Removal | None) -> bool:
    """Signed by its first technician; it counts once the second has confirmed it."""
    return bool(sheet and (sheet.signed_at or sheet.waits))


def installation_of(step: Step) -> Installation | None:
    return read_once(step, Installation, "meter", *BOTH)


def removal_of(step: Step) -> Removal | None:
    return read_once(step, Removal, *BOTH)


def energization_of(step: Step) -> Energization | None:
    return read_once(step, Energization, "operator")


def callback_of(step: Step) -> CallBack | None:
    return read_once(step, CallBack, "follow_up_owner", "follow_up_done_by")


def agent_acts_on(step: Step) -> date | None:
    """The day on which the agent signed for the meter; None where somebody else did."""
    order = installation_of(step) or removal_of(step)
    sheet = sheet_of(step) if order and order.customer_signed_name else None
    if order is None or sheet is None or order.customer_signed_at is None:
        return None
    by_agent = same_name(order.customer_signed_name, sheet.agent_name)
    return timezone.localdate(order.customer_signed_at) if by_agent else None


def _where(test: Callable[[Case], bool]) -> Callable[[Step], bool]:
    return lambda step: test(step.case)


def _finished(kind: str) -> Callable[[Step], bool]:
    def test(step: Step) -> bool:
        other = step.case.step(kind)
        if other is None or other.state in (Step.State.VOID, Step.State.DONE):
            return True
        return other.is_deferred and step.case.in_fast_lane

    return test


def _contracted(step: Step) -> bool:
    """Signed; or deferred by the fast lane, and a signed interim agreement stands in."""
    other = step.case.step(Kind.CONTRACT)
    if other is None or other.state in (Step.State.VOID, Step.State.DONE):
        return True
    if not (other.is_deferred and step.case.in_fast_lane):
        return False
    contract = Contract.read(step.case)
    return contract is not None and contract.binds


def _accepted(step: Step) -> bool:
    """Never deferred, whatever lane the case is in (DOMAIN section 8)."""
    other = step.case.step(Kind.ACCEPTANCE)
    return other is None or other.state in (Step.State.VOID, Step.State.DONE)


def _in_case(kind: str) -> Callable[[Step], bool]:
    def test(step: Step) -> bool:
        other = step.case.step(kind)
        return energizes(step.case) and other is not None and other.state != Step.State.VOID

    return test


def _owner(kind: str) -> Callable[[Step], object]:
    def owes(step: Step) -> object:
        other = step.case.step(kind)
        return (other.owner or other.role_label) if other else ""

    return owes


def _since(kind: str) -> Callable[[Step], date | None]:
    def since(step: Step) -> date | None:
        other = step.case.step(kind)
        return other.since if other else None

    return since


def _open(kind: str) -> Callable[[Step], tuple]:
    def remedy(step: Step) -> tuple:
        other = step.case.step(kind)
        return (_now("Open the sheet"), other.get_absolute_url()) if other else ("", "")

    return remedy


def _of_step(kind: str) -> dict:
    """Who owes a link, since when, and where to do it."""
    return {
        "applies": _in_case(kind),
        "owes": _owner(kind),
        "since": _since(kind),
        "remedy": _open(kind),
    }


def _hung(step: Step) -> bool:
    order = installation_of(step)
    return bool(order and order.meter_id and order.signed_at)


def _sealed(step: Step) -> bool:
    order = installation_of(step)
    return bool(order and order.is_sealed)


def _two_fitters(step: Step) -> bool:
    order = installation_of(step) or removal_of(step)
    if order is None or not (order.installer_id and order.second_installer_id):
        return False
    return order.installer_id != order.second_installer_id and all(
        person.has_role(Role.FITTER) for person in (order.installer, order.second_installer)
    )


def _acknowledged(step: Step) -> bool:
    order = installation_of(step)
    return bool(order and order.customer_signed_name and order.customer_signed_at)


def _removed(step: Step) -> bool:
    removal = removal_of(step)
    return bool(removal and removal.signed_at)


def _energized(step: Step) -> bool:
    power = energization_of(step)
    return bool(power and power.result == Energization.Result.ON and power.energized_at)


def _checked_live(step: Step) -> bool:
    power = energization_of(step)
    return bool(power and power.phase_order_ok and power.meter_runs)


def _unless_waiting(sheet_of: Callable[[Step], Installation | Removal | None], reason: Any) -> Any:
    """The reason; where the sheet waits for its second technician, that."""

    def says(step: Step) -> Any:
        sheet = sheet_of(step)
        return waits_for(sheet) if sheet and sheet.waits else reason

    return says


def _owed_by(sheet_of: Callable[[Step], Installation | Removal | None]) -> Callable[[Step], Any]:
    def owes(step: Step) -> Any:
        sheet = sheet_of(step)
        second = sheet.second if sheet and sheet.waits else None
        return second or step.owner or step.role_label

    return owes


def _old_meter(step: Step) -> tuple:
    return (_now("Open the sheet"), reverse("metering:removal", args=[step.case.number]))


ACCEPTED = Guard(
    _accepted,
    reason=_("The completion acceptance is not passed."),
    met=_("Completion acceptance passed."),
    **_of_step(Kind.ACCEPTANCE),
)
FEES_SETTLED = Guard(
    _finished(Kind.FEES),
    reason=_("The fees are not settled, nor deferred by the fast lane."),
    met=_("Fees settled, or deferred by the fast lane."),
    **_of_step(Kind.FEES),
)
CONTRACT_SIGNED = Guard(
    _contracted,
    reason=_("The supply contract is not signed, and no signed interim agreement stands in."),
    met=_("Supply contract signed, or an interim agreement of the fast lane."),
    **_of_step(Kind.CONTRACT),
)


def _confirmed_at(
    sheet_of: Callable[[Step], Installation | Removal | None],
    otherwise: Callable[[Step], tuple],
) -> Callable[[Step], tuple]:
    """While the sheet waits for its second: where it is confirmed."""

    def remedy(step: Step) -> tuple:
        sheet = sheet_of(step)
        return way_to_confirm(sheet) if sheet and sheet.waits else otherwise(step)

    return remedy


REMOVED = Guard(
    _removed,
    reason=_unless_waiting(
        removal_of, _("The old meter is not off or sealed with its final readings.")
    ),
    owes=_owed_by(removal_of),
    met=_("Old meter off or sealed, final readings taken."),
    applies=_where(removes),
    remedy=_confirmed_at(removal_of, _old_meter),
)
HUNG = Guard(
    _hung,
    reason=_unless_waiting(installation_of, _("The work order is not signed: no meter hangs.")),
    owes=_owed_by(installation_of),
    met=_("The meter hangs, work order signed."),
    remedy=_confirmed_at(
        installation_of, lambda step: (_now("Open the sheet"), step.get_absolute_url())
    ),
    applies=_where(installs),
)
SEALED = Guard(
    _sealed,
    reason=_("The meter is not sealed."),
    met=_("The meter is sealed."),
    applies=_where(installs),
)
TWO_FITTERS = Guard(
    _two_fitters,
    reason=_("Two different licensed meter technicians must have done the work."),
    met=_("Two licensed meter technicians did the work."),
)
ACKNOWLEDGED = Guard(
    _acknowledged,
    reason=_("The customer has not signed for the meter and its readings."),
    met=_("The customer signed for the meter and its readings."),
    applies=_where(installs),
    owes=lambda step: step.case.customer_name,
)
CHECKED_LIVE = Guard(
    _checked_live,
    reason=_("Phase order, voltage and the run of the meter are not confirmed."),
    met=_("Phase order, voltage and the run of the meter are right."),
    applies=_where(energizes),
    fields=("phase_order_ok", "meter_runs"),
)
ENERGIZED = Guard(
    _energized,
    reason=_("Power is not on yet."),
    met=_("Power is on."),
    applies=_where(energizes),
    fields=("energized_at", "result"),
)


def _called(step: Step) -> bool:
    sheet = callback_of(step)
    if sheet is None:
        return False
    if sheet.reached:
        return True
    attempts = sheet.attempts.all() if sheet.pk else ()
    days = {timezone.localdate(attempt.at) for attempt in attempts}
    return len(days) >= CALLS_BEFORE_GIVING_UP


def _answered(step: Step) -> bool:
    sheet = callback_of(step)
    if sheet is None or not sheet.reached:
        return sheet is not None
    return None not in (sheet.satisfaction, sheet.power_quality_ok, sheet.charged_beyond_bill)


def _followed_up(step: Step) -> bool:
    sheet = callback_of(step)
    if sheet is None:
        return False
    if not (sheet.is_dissatisfied or sheet.follow_up_needed):
        return True
    return bool(sheet.follow_up_owner_id and sheet.follow_up_on and sheet.follow_up)


CALLED = Guard(
    _called,
    reason=_("The customer was not reached, and not tried on three different days."),
    met=_("The customer was reached, or tried on three different days."),
    fields=("reached",),
)
ANSWERED = Guard(
    _answered,
    reason=_("Satisfaction, power quality and charges were not all asked."),
    met=_("Satisfaction, power quality and charges were asked."),
    fields=("satisfaction", "power_quality_ok", "charged_beyond_bill"),
)
FOLLOWED_UP = Guard(
    _followed_up,
    reason=_("A dissatisfied customer needs somebody who follows it up, by a day."),
    met=_("Nothing to follow up, or somebody does."),
    fields=("follow_up_owner", "follow_up_on", "follow_up", "satisfaction"),
)
GUARDS: dict = {
    Kind.METER: (
        ACCEPTED,
        FEES_SETTLED,
        CONTRACT_SIGNED,
        REMOVED,
        HUNG,
        SEALED,
        TWO_FITTERS,
        ACKNOWLEDGED,
        CHECKED_LIVE,
        ENERGIZED,
        PAPERS_RECEIVED,
    ),
    Kind.CALLBACK: (CALLED, ANSWERED, FOLLOWED_UP),
}
