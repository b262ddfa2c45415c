"""What the case page and the sheets show of meter, power on and call-back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from metering import fit, guards
from metering.forms import CallBackForm, OrderForm, PowerForm, RemovalForm
from metering.models import CallBack, Installation, Removal
from workflow.models import Case, Countersigned, Pause, Reminder, Step, Subject
from workflow.process import Kind
from workflow.sheets import Section, readonly
from workflow.why import Findings
from works.forms import staff

# The first rung of a ladder that tells of something late (workflow.ladder.RUNGS).
FIRST_LATE = 2


# Sheets that a second person confirms.
COUNTERSIGNED = {Kind.METER: (Removal, Installation)}


def countersigned(step: Step) -> list[Countersigned]:
    """The sheets of the step that a second technician confirms."""
    if step.kind != Kind.METER:
        return []
    return [s for s in (guards.removal_of(step), guards.installation_of(step)) if s]


def panel(step: Step, user: User) -> dict[str, Any]:
    """What was found so far; three queries."""
    if step.kind == Kind.CALLBACK:
        sheet = guards.callback_of(step)
        return {
            "step": step,
            "call": sheet,
            "attempts": list(sheet.attempts.all()) if sheet else [],
        }
    return {
        "step": step,
        "order": guards.installation_of(step),
        "removal": guards.removal_of(step) if guards.may_remove(step.case) else None,
        "power": guards.energization_of(step),
    }


def stage(step: Step) -> str:
    """Whose turn it is: the old meter, the work order, or power on. On site one goes on while the
    second technician still has to confirm what is signed.
    """
    if guards.removes(step.case) and not guards.handed_in(guards.removal_of(step)):
        return "removal"
    if guards.installs(step.case) and not guards.handed_in(guards.installation_of(step)):
        return "order"
    return "power" if guards.energizes(step.case) else "removal"


def said(stage: str, signing: bool) -> str:
    """What has just happened, for the person."""
    if not signing:
        return _("Draft saved.")
    return {
        "removal": _("Signed. The second technician is to confirm it in their own login."),
        "order": _(
            "Signed. The second technician is to confirm it in their own login; then power on is "
            "next."
        ),
        "power": _("Power is on. The customer is called in two working days."),
    }[stage]


def page(step: Step, stage: str, user: User) -> dict[str, Any]:
    """What the pages of the meter step need."""
    case = step.case
    return {
        "step": step,
        "case": case,
        "stage": stage,
        "lets_go": stage == "power" or not guards.energizes(case),
        "removal_url": _removal_url(step, stage),
        "waiting": guards.waiting(step),
        "sent_back": _sent_back(step, stage),
        "sections": sections(step),
        "photos": list(step.meter_photos.select_related("attachment")),
        "why": Findings(case, user, timezone.localdate()).why_not_finished(step)
        if stage == "power"
        else None,
        "submit_label": {
            "removal": _("Sign the removal"),
            "order": _("Sign the work order"),
            "power": _("Power is on"),
        }.get(stage, ""),
        "secondary": [
            {"label": _("Save draft"), "name": "save", "key": "s", "icon": "save"},
        ],
    }


def shortage(step: Step) -> dict[str, Any]:
    """What to say where no free meter fits: which one is wanted, and who fills the store."""
    needs = fit.wanted(step.case)
    made = [" / ".join(str(phase.label) for phase in needs.phases)]
    if needs.through_ct is not None:
        made.append(_("behind a CT, 1.5(6) A") if needs.through_ct else _("without CT"))
    if needs.through_pt:
        made.append(_("behind a PT, 100 V"))
    return {
        "unit": step.case.unit,
        "made": _(", ").join(made),
        "accuracy": needs.classes[0].label,
        "keepers": [
            f"{keeper} {keeper.phone}".strip() for keeper in staff(step.case, Role.ADMINISTRATOR)
        ],
        "url": reverse("admin:metering_meter_add"),
    }


def _removal_url(step: Step, stage: str) -> str:
    """Where an old meter may have to come off, and has not."""
    if stage in ("", "removal") or not guards.may_remove(step.case) or not step.is_live:
        return ""
    signed = guards.handed_in(guards.removal_of(step))
    return "" if signed else reverse("metering:removal", args=[step.case.number])


def _sent_back(step: Step, stage: str) -> str:
    """Why the second technician did not confirm the sheet whose turn it is."""
    sheets = {"removal": guards.removal_of, "order": guards.installation_of}
    sheet = sheets[stage](step) if stage in sheets else None
    return sheet.not_confirmed if sheet else ""


def sections(step: Step) -> list[Section]:
    """What is signed, to read, also while it waits for its second technician."""
    found, shown = [], guards.waiting(step)
    for title, sheet, form in (
        (_("Old meter"), guards.removal_of(step), RemovalForm),
        (_("Work order"), guards.installation_of(step), OrderForm),
        (_("Power on"), guards.energization_of(step), PowerForm),
    ):
        if sheet is None or (step.is_live and not sheet.signed_at and sheet not in shown):
            continue
        pairs = [pair for section in readonly(sheet, form.layout) for pair in section.pairs]
        pairs = [(label, value) for label, value in pairs if value not in (None, "")]
        if isinstance(sheet, Installation):
            pairs += [
                (_("seal: %(place)s") % {"place": seal.get_place_display()}, seal.number)
                for seal in sheet.seals.all()
            ]
        found.append(Section(title, [], pairs=pairs))
    return found


@dataclass(frozen=True)
class Trouble:
    """What went wrong on the way, for the caller to ask about."""

    late: list[Step]
    stops: list[Pause]
    silences: int

    def __bool__(self) -> bool:
        return bool(self.late or self.stops or self.silences)


def trouble(case: Case) -> Trouble:
    """Links finished after their promise, stops of the clock, and how often the ladder of silence
    told somebody that the customer was without news; two queries.
    """
    late = [
        step
        for step in case.all_steps
        if step.finished_at and step.due_on and timezone.localdate(step.finished_at) > step.due_on
    ]
    stops = Pause.objects.filter(step__case=case, reason__isnull=False)
    told = Reminder.objects.filter(case=case, subject=Subject.SILENT, level__gte=FIRST_LATE)
    return Trouble(late, list(stops.select_related("reason", "step")), told.count())


def follow_ups(user: User) -> list[CallBack]:
    """What this person has promised dissatisfied customers and not done yet, by its day."""
    mine = CallBack.objects.to_follow_up().filter(
        follow_up_owner=user, signed_at__isnull=False, step__case__state__in=Case.OPEN_STATES
    )
    return list(mine.select_related("step__case").order_by("follow_up_on", "pk")[:50])


def call_page(step: Step) -> dict[str, Any]:
    """What the page of the call-back needs."""
    sheet = guards.callback_of(step)
    return {
        "step": step,
        "case": step.case,
        "sheet": sheet,
        "attempts": list(sheet.attempts.select_related("by")) if sheet else [],
        "sections": readonly(sheet, CallBackForm.layout) if sheet else [],
        "trouble": trouble(step.case),
        "submit_label": _("Sign"),
        "secondary": [
            {"label": _("Save draft"), "name": "save", "key": "s", "icon": "save"},
            {"label": _("Not reached"), "name": "not_reached", "icon": "phone"},
        ],
    }


def next_acts(steps: Iterable[Step]) -> dict[int, str]:
    """What is to be done next at the meter of each step, by its id; one query."""
    meters = [step for step in steps if step.kind == Kind.METER]
    dates = Step.objects.filter(pk__in=[step.pk for step in meters]).values_list(
        "pk",
        "removal__presented_at",
        "removal__signed_at",
        "installation__ordered_at",
        "installation__presented_at",
        "installation__signed_at",
    )
    known = {pk: when for pk, *when in dates}
    return {step.pk: _next_act(step, *known[step.pk]) for step in meters}


def _next_act(step: Step, off: Any, removed: Any, ordered: Any, hung: Any, installed: Any) -> str:
    """The same order as `stage`, but for what waits for its confirmation."""
    if (off and not removed) or (hung and not installed):
        return _("second technician to confirm")
    if guards.removes(step.case) and not removed:
        return _("old meter to take off")
    if guards.installs(step.case) and not installed:
        return _("meter to put up") if ordered else _("work order to issue")
    return _("to switch on") if guards.energizes(step.case) else _("to close")
