"""What a complete application says (DOMAIN sections 3 and 6): which items make others necessary.

The form shows it while typing, the door asks it again when the application is accepted.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications import identity
from applications.identity import IdType
from applications.models import Application
from workflow.process import HV, BusinessType, CustomerClass, ExistingSupply

ALWAYS = ("customer_name", "id_number", "phone", "street", "existing_supply")
# Business that concerns a supply which exists already.
ON_EXISTING = (
    BusinessType.INCREASE,
    BusinessType.SEPARATION,
    BusinessType.RELOCATION,
    BusinessType.METER_MOVE,
    BusinessType.DECREASE,
    BusinessType.SUSPENSION,
    BusinessType.NAME_CHANGE,
    BusinessType.MERGING,
    BusinessType.CLOSING,
)
ASKS_POWER = (
    BusinessType.NEW,
    BusinessType.INCREASE,
    BusinessType.SEPARATION,
    BusinessType.TEMPORARY,
    BusinessType.EV_CHARGER,
    BusinessType.DECREASE,
)
LV_VOLTAGES = (Application.Voltage.V220, Application.Voltage.V380)
PLACED_IN_LIFE = {
    "temporary": ("temporary_from", "temporary_to"),
    "ev_charger": ("parking_space", "parking_right"),
    "name_change": ("previous_holder",),
    "relocation": ("previous_address",),
}


def needed(sheet: Application) -> list[str]:
    """The columns that must be filled in before this application can be accepted."""
    columns = [*ALWAYS, *PLACED_IN_LIFE.get(sheet.business_type, ())]
    if sheet.customer_type != Application.CustomerType.PERSON:
        columns += ["contact_name"]
        if sheet.id_type == IdType.CREDIT_CODE:
            columns += ["legal_representative"]
    if sheet.existing_supply == ExistingSupply.OWN:
        columns += ["account_number"]
    elif sheet.existing_supply == ExistingSupply.SHARED:
        columns += ["shared_account", "co_users", "disputed"]
    elif sheet.existing_supply == ExistingSupply.RESOLD:
        columns += ["co_users", "disputed"]
    if sheet.disputed:
        columns += ["dispute"]
    if sheet.business_type in ASKS_POWER:
        columns += ["new_kva" if sheet.customer_class in HV else "new_kw"]
    if sheet.agent_name:
        columns += ["agent_id_number", "agent_authority"]
        if sheet.agent_authority and sheet.agent_authority != Application.Authority.LEGAL:
            columns += ["agent_authority_until"]
    if sheet.parking_right == Application.ParkingRight.LEASED:
        columns += ["parking_until"]
    return columns


def missing(sheet: Application) -> list[str]:
    """The needed columns that are empty; a power of zero is empty."""
    return [
        column
        for column in needed(sheet)
        if (value := getattr(sheet, column)) in (None, "") or (value == 0 and value is not False)
    ]


def needed_message() -> str:
    """What is said of every item that must be there first."""
    return _("This is needed to accept the application.")


def faults(sheet: Application, today: date) -> dict[str, str]:
    """Everything that stands against accepting the sheet: column → what is wrong with it."""
    found = {column: needed_message() for column in missing(sheet)}
    if "existing_supply" in found:
        found["existing_supply"] = _(
            "Ask how the place is supplied today: none, own meter, shared meter or resold. "
            "Without it nothing is accepted, and no money can be taken."
        )
    for column, message in contradictions(sheet, today).items():
        found.setdefault(column, message)
    return found


def contradictions(sheet: Application, today: date) -> dict[str, Any]:
    """Where the sheet contradicts itself or the day."""
    found: dict[str, Any] = {}
    for column, id_type in (
        ("id_number", sheet.id_type),
        ("agent_id_number", IdType.RESIDENT_ID),
    ):
        try:
            if number := getattr(sheet, column):
                identity.check(id_type, number, today=today)
        except ValidationError as error:
            found[column] = error.messages[0]
    if sheet.business_type in ON_EXISTING and sheet.existing_supply == ExistingSupply.NONE:
        found["existing_supply"] = _("This business concerns a supply that exists already: which?")
    found |= _demand(sheet)
    found |= _dates(sheet, today)
    return found


def _demand(sheet: Application) -> dict[str, Any]:
    """Class, voltage, sources and power agree."""
    found = {}
    if (sheet.voltage in LV_VOLTAGES) == (sheet.customer_class in HV):
        found["voltage"] = _("The voltage does not fit the customer class.")
    if (sheet.sources_wanted > 1) != (sheet.customer_class == CustomerClass.HV_DUAL):
        found["sources_wanted"] = _(
            "Two or more sources make an HV multi-source customer, and only they."
        )
    if sheet.business_type == BusinessType.DECREASE:
        pairs = {"new_kw": sheet.existing_kw, "new_kva": sheet.existing_kva}
        found |= {
            column: _("Less must be given up than there is; who gives up everything closes.")
            for column, present in pairs.items()
            if 0 < getattr(sheet, column) >= present
        }
    return found


def _dates(sheet: Application, today: date) -> dict[str, Any]:
    """Dates lie in their order and ahead."""
    found = {}
    begin, end = sheet.temporary_from, sheet.temporary_to
    if begin and end and end < begin:
        found["temporary_to"] = _("The temporary supply ends before it begins.")
    elif sheet.is_temporary and end and end < today:
        found["temporary_to"] = _("This day lies in the past.")
    if sheet.wanted_on and sheet.wanted_on < today:
        found["wanted_on"] = _("This day lies in the past.")
    if sheet.agent_authority_until and sheet.agent_authority_until < today:
        found["agent_authority_until"] = _("The agent's authority has expired.")
    leased = sheet.parking_right == Application.ParkingRight.LEASED
    if leased and sheet.parking_until and (sheet.parking_until - today).days < 365:
        found["parking_until"] = _("The lease of the space must last at least one more year.")
    return found


def consequences(sheet: Application) -> list[str]:
    """What the present supply means for this case, told at the counter at once."""
    if not sheet.is_contested:
        return []
    lines = [
        _("The site survey is a must; no rule can waive it."),
        _("The co-users' consent is asked for in writing before a plan is made."),
        _("A second source point is looked for, should the first be refused."),
        _("No fee can be taken before a workable survey and an accepted plan."),
    ]
    if sheet.disputed:
        lines.append(_("The customer hears from us at least once a week; silence is reported."))
    return lines
