"""The call after power on."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from applications import services as applications
from applications.models import Contact
from metering.models import CallAttempt, CallBack
from metering.services.acts import (
    CALLED,
    FOLLOW_UP,
    FOLLOWED_UP,
    OVERCHARGED,
    demand_open,
    demand_past,
)
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case, Step, Subject
from workflow.moves.unit_of_work import act
from workflow.words import keep


@act
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


@act
def keep_call(sheet: CallBack, *, by: User) -> CallBack:
    """Save the draft of a call-back."""
    demand_open(sheet.step, by)
    sheet.save()
    return sheet


@act
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
    await_follow_up(sheet, sheet.follow_up_on if sheet.waits_for_follow_up else None)
    return step


def await_follow_up(sheet: CallBack, due_on: date | None) -> None:
    """The ladder of a follow-up stands on its day, until it is done."""
    ladder.stand(
        Subject.FOLLOW_UP,
        sheet.pk,
        case=sheet.step.case,
        step=sheet.step,
        due_on=due_on,
        at=timezone.now(),
        owner=sheet.follow_up_owner,
    )


def follow_up_hindrances(sheet: CallBack, by: User) -> list[str]:
    """Why this person may not close the follow-up; empty for its owner and for who steers."""
    if not moves.sees(by, sheet.step.case):
        return [_("The case belongs to another unit.")]
    if sheet.follow_up_owner_id == by.pk or by.steers:
        return []
    return [_("%(owner)s follows it up.") % {"owner": sheet.follow_up_owner}]


@act
def close_follow_up(sheet: CallBack, *, by: User, done: str) -> CallBack:
    """What was done for the dissatisfied customer; only then can the case be archived."""
    step = sheet.step
    Case.objects.select_for_update(of=("self",)).get(pk=step.case_id)
    sheet = CallBack.objects.select_related("follow_up_owner").get(pk=sheet.pk)
    sheet.step = step
    if hindrances := follow_up_hindrances(sheet, by):
        raise Refused(hindrances)
    if not sheet.waits_for_follow_up:
        raise Refused(_("There is nothing to follow up any more."))
    if not done.strip():
        raise Refused(_("Say what was done for the customer."))
    sheet.follow_up_done, sheet.follow_up_done_at = done, timezone.now()
    sheet.follow_up_done_by = by
    sheet.save(update_fields=["follow_up_done", "follow_up_done_at", "follow_up_done_by"])
    await_follow_up(sheet, None)
    moves.record(step.case, FOLLOWED_UP, by=by, step=step, note=done)
    moves.conclude(step.case, by=by)
    return sheet


def _note(case: Case, outcome: str, said: str, at: datetime, by: User) -> None:
    contact = Contact(
        direction=Contact.Direction.OUT,
        channel=Contact.Channel.PHONE,
        outcome=outcome,
        summary=said[:1000],
        at=at,
    )
    applications.note_contact(contact, case=case, by=by)
