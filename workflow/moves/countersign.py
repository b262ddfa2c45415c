"""One signs, another confirms: a sheet that two people answer for, each in their own login."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from workflow import clocks
from workflow.guards import Refused
from workflow.models import Countersigned, Step
from workflow.moves import late
from workflow.moves.move import record
from workflow.moves.rights import absence, demand_worker
from workflow.moves.steps import claim
from workflow.verbs import verb

PRESENTED = verb("presented", gettext_lazy("Signed; the second person's confirmation is awaited"))
SECOND_NAMED = verb("second_named", gettext_lazy("Another second person named"))
REOPENED = verb("reopened", gettext_lazy("Taken back to be changed before it was confirmed"))
NOT_CONFIRMED = verb("not_confirmed", gettext_lazy("Not confirmed by the second person"))


def against_second(sheet: Countersigned, first: User) -> list[Refused]:
    """Why the person named on the sheet cannot confirm what `first` signs; empty when they can."""
    second, text = sheet.second, ""
    role = sheet.step.process.role
    if second is None:
        text = _("Name the second person: they confirm in their own login.")
    elif second.pk in (first.pk, getattr(sheet, f"{sheet.FIRST}_id")):
        text = _("Who signs cannot confirm too: the second person must be another one.")
    else:
        text = absence(second, sheet.step.case, role)
    return [Refused(text, fields=(sheet.SECOND,))] if text else []


def demand_draft(sheet: Countersigned) -> None:
    """Raise Refused while the sheet waits for its confirmation: nothing on it changes then."""
    if sheet.pk and type(sheet).objects.waiting().filter(pk=sheet.pk).exists():
        raise Refused(waits_for(sheet))


def waits_for(sheet: Countersigned) -> str:
    """What a sheet waits for, and what its first can do meanwhile."""
    return _(
        "It is signed and waits for the confirmation of %(person)s. Take it back to change it."
    ) % {"person": sheet.second or _("nobody")}


def way_to_confirm(sheet: Countersigned) -> tuple[str, str]:
    """Where a sheet that waits is confirmed, in the words of "Why can't I?"."""
    return _("Confirm or send back…"), sheet.confirm_url


def present(sheet: Countersigned, *, by: User) -> None:
    """The first signs: the sheet, whose room has judged it, waits for the second named on it."""
    if against := against_second(sheet, by):
        raise Refused(against)
    if by.is_at_work and Step.objects.filter(pk=sheet.step.pk, owner=None).exists():
        sheet.step = claim(sheet.step, by=by)
    sheet.presented_at, sheet.presented_by, sheet.not_confirmed = timezone.now(), by, ""
    sheet.save(update_fields=["presented_at", "presented_by", "not_confirmed"])
    late_for: dict[str, Any] = {}
    if clocks.missed(sheet.step, timezone.localdate()):
        late_for = late.given()
    record(
        sheet.step.case,
        PRESENTED,
        by=by,
        step=sheet.step,
        note=lambda: f"{sheet.title}{_(': ')}{by} → {sheet.second}",
        second=sheet.second and sheet.second.pk,
        **late_for,
    )


def cause_given(step: Step) -> dict[str, str]:
    """Why the step is late, as who signed first has said; empty where they did not."""
    signed = step.events.filter(verb=PRESENTED).order_by("-seq").first()
    data = signed.data if signed else {}
    return {name: data[name] for name in (late.CAUSE, late.REMARK) if name in data}


def demand_second(sheet: Countersigned, by: User) -> None:
    """Raise Refused unless the sheet waits for this very person (separation of duties)."""
    if sheet.presented_by_id == by.pk:
        raise Refused(_("You signed it yourself: the second person confirms in their own login."))
    if sheet.second is None or sheet.second.pk != by.pk:
        raise Refused(
            _("Only the second person named on the sheet confirms it: %(person)s.")
            % {"person": sheet.second or _("nobody")}
        )
    demand_worker(sheet.step, by, role=sheet.step.process.role)


def confirm(sheet: Countersigned, *, by: User) -> None:
    """The second confirms what the first found; the room then lets the sheet count.

    Raises Refused to anybody else, and when it does not wait any more.
    """
    demand_second(sheet, by)
    _change(sheet, confirmed_at=timezone.now(), confirmed_by=by)


def send_back(sheet: Countersigned, *, by: User, reason: str) -> None:
    """The second does not confirm, and says why: the sheet is the first's again, as it is."""
    demand_second(sheet, by)
    if not reason.strip():
        raise Refused(_("Say what is not right."), fields=("reason",))
    _change(sheet, presented_at=None, presented_by=None, not_confirmed=reason)
    record(sheet.step.case, NOT_CONFIRMED, by=by, step=sheet.step, note=reason)


def name_second(sheet: Countersigned, second: User, *, by: User) -> None:
    """Who has the step names another person to confirm what waits."""
    demand_worker(sheet.step, by)
    before = sheet.second
    setattr(sheet, sheet.SECOND, second)
    if against := against_second(sheet, sheet.presented_by or by):
        raise Refused([Refused(one.messages[0], fields=("second",)) for one in against])
    _change(sheet, **{sheet.SECOND: second})
    record(
        sheet.step.case,
        SECOND_NAMED,
        by=by,
        step=sheet.step,
        note=lambda: f"{sheet.title}{_(': ')}{before or _('nobody')} → {second}",
        before=before and before.pk,
        after=second.pk,
    )


def reopen(sheet: Countersigned, *, by: User) -> None:
    """Who has the step takes the sheet back, to change it and sign it once more."""
    demand_worker(sheet.step, by)
    _change(sheet, presented_at=None, presented_by=None)
    record(sheet.step.case, REOPENED, by=by, step=sheet.step, note=lambda: sheet.title)


def _change(sheet: Countersigned, **columns: Any) -> None:
    """Write on a sheet that waits; of two who act at once the slower is told."""
    if not type(sheet).objects.waiting().filter(pk=sheet.pk).update(**columns):
        raise Refused(_("It does not wait for a confirmation any more: look at the sheet again."))
    for name, value in columns.items():
        setattr(sheet, name, value)
