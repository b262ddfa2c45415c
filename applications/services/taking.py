"""Taking a request: its draft, its signature, what follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import documents.services
from accounts.models import Unit, User
from applications import rules
from applications.models import Application, Contact, Equipment, TrackingCode
from applications.services.alike import duplicates
from applications.services.contacts import note_contact
from documents.models import PaperKind
from workflow import moves, words
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.verbs import verb

ACCEPTED = verb("application_accepted", gettext_lazy("Application accepted"), told=True)
# What survey and plan may have found meanwhile: a new round begins with it.
KEPT_FACTS = (
    "business_type",
    "customer_class",
    "existing_supply",
    "disputed",
    "importance",
    "customer_works",
    "line_works",
    "concealed_works",
)
# The paper of documents.Requirement that only an agent brings.
AGENT_PAPER = "agent"


@act
def open_draft(
    sheet: Application,
    equipment: Iterable[Equipment] = (),
    *,
    by: User | None,
    unit: Unit | None = None,
    owner: User | None = None,
    at: datetime | None = None,
) -> Case:
    """Open a case for a sheet begun at the counter; case and sheet stand or fall together.

    `unit` supplies the place (the clerk's own when left out). A sheet that came in by itself (`by`
    None) names its unit and the accountable `owner`, and waits for a clerk. Raises Refused when
    the person may not take requests there.
    """
    sheet.computed()
    place = unit or (by.unit if by else None)
    if place is None:
        raise TypeError("a sheet that came in by itself names its unit")
    case = moves.open_case(
        by=by, unit=place, owner=owner, at=at, **description(sheet), **sheet.facts
    )
    sheet.step = case.latest[Kind.APPLICATION]
    sheet.taken_at, sheet.taken_by = case.opened_at, by
    sheet.save(force_insert=True)
    _list_equipment(sheet, equipment)
    TrackingCode.objects.create(case=case)
    if by and sheet.channel == Application.Channel.PHONE:
        _note_call(case, sheet, by)
    return case


def _note_call(case: Case, sheet: Application, by: User) -> None:
    """Who asks by phone has spoken with us: the first line of the contact log."""
    call = Contact(
        direction=Contact.Direction.IN,
        channel=Contact.Channel.PHONE,
        outcome=Contact.Outcome.REACHED,
        summary=words.keep(lambda: _("The request was made by phone.")),
        at=case.opened_at,
    )
    note_contact(call, case=case, by=by)


@act
def save_draft(
    step: Step, sheet: Application, equipment: Iterable[Equipment] | None = None, *, by: User
) -> Application:
    """Keep what was typed so far and let the case follow; equipment None leaves the list alone.

    Raises Refused once the sheet is signed, or when the step is another person's.
    """
    step = Step.objects.select_related("case__unit", "owner").get(pk=step.pk)
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(_("The sheet is signed; a correction is a new round."))
    sheet.step = step
    sheet.computed().save()
    if equipment is not None:
        _list_equipment(sheet, equipment)
    moves.describe(step.case, by=by, facts=sheet.facts, **description(sheet))
    return sheet


@act
def accept(
    step: Step, *, by: User, papers: Collection[str] | None = None, at: datetime | None = None
) -> Step:
    """Sign the sheet: the limits that count from acceptance begin, the customer gets the receipt.

    `papers` are the codes of the papers handed in (those ticked on the sheet when left out); the
    others of the published list become dated debts. Raises Refused with all that is still missing,
    above all the present supply (DOMAIN section 1).
    """
    sheet = Application.objects.select_for_update(of=("self",)).filter(step=step).first()
    if sheet is None:
        raise Refused(_("The application sheet is not begun."))
    sheet.step = step
    demand_complete(sheet, timezone.localdate(at))
    hits = [other.step.case.number for other in duplicates(sheet, by.unit)]
    sheet.accepted_at, sheet.accepted_by = at or timezone.now(), by
    sheet.save(update_fields=["accepted_at", "accepted_by"])
    similar: dict[str, Any] = (
        {"not_duplicate": sheet.not_duplicate, "similar": hits} if hits else {}
    )
    step = moves.finish(
        step,
        by=by,
        at=at,
        what=ACCEPTED,
        note=sheet.not_duplicate if hits else "",
        facts=sheet.facts,
        **similar,
    )
    received = sheet.papers if papers is None else papers
    without = () if sheet.agent_name else (AGENT_PAPER,)
    documents.services.start_checklist(step.case, received=received, without=without, by=by)
    documents.services.issue(step.case, PaperKind.RECEIPT, by=by, step=step)
    return step


def demand_complete(sheet: Application, today: date) -> None:
    """Raise Refused with every item that is missing or contradicts another."""
    found = rules.faults(sheet, today)
    if found:
        columns = {field.name: field for field in Application._meta.fields}
        names = {name: columns[name].verbose_name for name in found}
        raise Refused([f"{names[name]}: {message}" for name, message in found.items()])


@act
def take(
    sheet: Application,
    equipment: Iterable[Equipment] = (),
    *,
    by: User,
    unit: Unit | None = None,
    papers: Collection[str] | None = None,
    at: datetime | None = None,
) -> Case:
    """Open a case and accept it at once: the customer stands at the counter with everything."""
    case = open_draft(sheet, equipment, by=by, unit=unit, at=at)
    step = accept(case.latest[Kind.APPLICATION], by=by, papers=papers, at=at)
    return step.case


def draft_for(step: Step) -> tuple[Application, list[Equipment]]:
    """The sheet of a step with its equipment; a later round begins with what the last one said."""
    sheet = Application.objects.filter(step=step).first()
    if sheet:
        sheet.step = step
        return sheet, list(sheet.equipment.all())
    before = Application.of(step.case)
    if before is None:
        return Application(step=step, **_from_case(step.case)), []
    equipment = list(before.equipment.all())
    before.agent_authority_until = before.authority_ends()
    before.papers = sorted({*before.papers, *documents.services.received_codes(step.case)})
    before.pk = None
    before._state.adding = True
    before.step, before.token, before.portal_id = step, None, ""
    before.accepted_at, before.accepted_by = None, None
    for fact in KEPT_FACTS:
        setattr(before, fact, getattr(step.case, fact))
    return before, equipment


def _from_case(case: Case) -> dict[str, Any]:
    """What a case opened without a sheet (taken over from elsewhere) says about it."""
    return {
        "customer_name": case.customer_name,
        "street": case.address[:100],
        "phone": case.phone,
        "business_type": case.business_type,
        "customer_class": case.customer_class,
        "existing_supply": case.existing_supply,
        "importance": case.importance,
    }


def description(sheet: Application) -> dict[str, str]:
    """What lists show of the sheet, as columns of Case."""
    return {
        "customer_name": sheet.customer_name,
        "address": sheet.address,
        "phone": sheet.phone,
    }


def _list_equipment(sheet: Application, equipment: Iterable[Equipment]) -> None:
    """Replace the list of a sheet not yet signed."""
    sheet.equipment.all().delete()
    rows = list(equipment)
    for row in rows:
        row.pk, row.application = None, sheet
    Equipment.objects.bulk_create(rows)
