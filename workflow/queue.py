"""The queue of the desk: which steps a person is shown, in which tab, through which filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, FilteredRelation, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import Role
from workflow import clocks, process
from workflow.models import Case, Step, StopReason
from workflow.process import PROCESS, Kind
from workflow.templatetags.jiedian import rendered_chip, standing

TABS: dict[str, Any] = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "open": gettext_lazy("All"),
    "in_hand": gettext_lazy("With us"),
    "with_customer": gettext_lazy("With customer"),
    "stopped": gettext_lazy("Stopped"),
    "unclaimed": gettext_lazy("Unclaimed"),
    "silent": gettext_lazy("Silent"),
}
HOT = {"overdue", "silent"}
# Who works on the step of a colleague: the approver on the drawn plan, the cashier on the bill.
ASSISTS = {Role.APPROVER: Kind.PLAN, Role.CASHIER: Kind.FEES}
# Working days in hand: up to and including, the last band is open.
BANDS = (1, 3, 5, 10, 20)


def kinds_of(user: User) -> set[str] | None:
    """The links a person is shown by default; None: all of them."""
    if user.sees_board:
        return None
    mine = {rule.kind for rule in PROCESS.values() if rule.role in user.roles}
    mine |= {kind for role, kind in ASSISTS.items() if role in user.roles}
    return mine or None


def silent_before(today: date) -> date:
    """Who was last spoken with before this day is past the limit of silence."""
    return clocks.calendar().add(today, -settings.SILENCE_WORKING_DAYS)


def at_midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def tab_label(tab: str) -> str:
    """The tab as people read it; silence with its limit."""
    if tab == "silent":
        return _("Silent over %(n)s wd") % {"n": settings.SILENCE_WORKING_DAYS}
    return str(TABS[tab])


def in_tab(tab: str, today: date) -> Q:
    """What a tab holds of the live steps."""
    return {
        "overdue": Q(due_on__lt=today),
        "today": Q(due_on=today),
        "in_hand": Q(state=Step.State.IN_HAND),
        "with_customer": Q(state=Step.State.WITH_CUSTOMER),
        "stopped": Q(state=Step.State.STOPPED),
        "unclaimed": Q(owner=None),
        "silent": Q(case__last_contact_at__lt=at_midnight(silent_before(today))),
    }.get(tab, Q())


def in_band(band: int, today: date) -> Q:
    """In hand for so many working days (an index of BANDS; past its end: longer than all)."""
    calendar = clocks.calendar()

    def begun_before(working_days: int) -> Q:
        return Q(
            in_hand_since__lt=at_midnight(calendar.add(today + timedelta(1), -working_days - 1))
        )

    condition = Q(state=Step.State.IN_HAND)
    if band > 0:
        condition &= begun_before(BANDS[band - 1])
    if band < len(BANDS):
        condition &= ~begun_before(BANDS[band])
    return condition


def steps_for(user: User, today: date, chosen: dict[str, Any]) -> QuerySet[Step]:
    """The live steps that a person's filters leave; `chosen` as in QueueForm."""
    found = Step.objects.live().visible_to(user)
    owner = chosen.get("owner") or "office"
    mine = kinds_of(user)
    if owner == "me":
        found = found.filter(owner=user)
    elif owner == "unclaimed":
        found = found.filter(owner=None)
    elif owner == "left":
        found = found.filter(case__in=Case.objects.left(today))
    elif owner.isdigit():
        found = found.filter(owner=int(owner))
    if owner in ("office", "unclaimed") and mine is not None:
        found = found.filter(kind__in=mine)
    if chosen.get("step"):
        found = found.filter(kind=chosen["step"])
    if chosen.get("customer_class"):
        found = found.filter(case__customer_class=chosen["customer_class"])
    if chosen.get("type"):
        found = found.filter(case__business_type=chosen["type"])
    if chosen.get("unit"):
        found = found.filter(unit__path__startswith=chosen["unit"])
    if chosen.get("age") not in (None, ""):
        found = found.filter(in_band(int(chosen["age"]), today))
    if words := (chosen.get("q") or "").strip():
        found = found.filter(case__in=Case.objects.matching(words))
    return found


def counts(steps: QuerySet[Step], today: date) -> dict[str, int]:
    """How many steps each tab holds, in one query."""
    return steps.aggregate(**{tab: Count("pk", filter=in_tab(tab, today)) for tab in TABS})


def listed(steps: QuerySet[Step]) -> QuerySet[Step]:
    """What a row of the list shows besides the step: case, owner, the running pause."""
    return (
        steps.select_related("case", "owner")
        .annotate(running=FilteredRelation("pauses", condition=Q(pauses__ended_at=None)))
        .annotate(
            pause_since=F("running__started_at"),
            review_on=F("running__review_on"),
            cap_on=F("running__cap_on"),
            waits_for=F("running__party"),
            stopped_for=F(f"running__reason__{StopReason.label_column()}"),
            stopped_by=F("running__started_by__name"),
        )
    )


def next_unclaimed(user: User, limit: int = 5) -> list[Step]:
    """The most urgent steps that nobody has and this person may take."""
    found = Step.objects.unclaimed().visible_to(user).for_roles(user.roles)
    return list(found.order_by(F("due_on").asc(nulls_last=True), "pk")[:limit])


@dataclass(frozen=True)
class Row:
    """One line of the queue, ready to print."""

    step: Step
    chip: SafeString
    day: str
    url: str
    what: str
    request: str
    claim_url: str
    silent: str
    silent_class: str
    stop: str

    @property
    def case(self) -> Case:
        return self.step.case


def label(step: Step) -> str:
    """A step with its round, from the second on."""
    if step.round == 1:
        return step.get_kind_display()
    return _("%(step)s, round %(n)s") % {"step": step.get_kind_display(), "n": step.round}


def rows(steps: list[Step], user: User, today: date) -> list[Row]:
    """The lines of steps from `listed`."""
    acts = process.next_acts(steps)
    return [row(step, user, today, acts.get(step.pk, "")) for step in steps]


def row(step: Step, user: User, today: date, act: str = "") -> Row:
    """The line of a step; `act` says what is to be done next inside it. Silence in working days."""
    case = step.case
    spoken, limit = timezone.localdate(case.last_contact_at), silent_before(today)
    may_claim = step.owner_id is None and step.process.role in user.roles
    return Row(
        step=step,
        chip=rendered_chip(*standing(step, today)),
        day=day_of(step),
        url=f"{case.get_absolute_url()}?step={step.pk}",
        what=_("%(step)s: %(act)s") % {"step": label(step), "act": act} if act else label(step),
        request=f"{case.get_customer_class_display()} · {case.get_business_type_display()}",
        claim_url=reverse("workflow:claim", args=[case.number, step.pk]) if may_claim else "",
        silent=_("%(n)s wd") % {"n": clocks.silent_days(case, today)},
        stop=stop_of(step),
        silent_class="late-t" if spoken < limit else "soon-t" if spoken == limit else "",
    )


def stop_of(step: Step) -> str:
    """What a clock that stands still waits for, until when at most, and who stopped it."""
    if step.state != Step.State.STOPPED or not step.cap_on:
        return ""
    return _("%(reason)s: %(party)s · runs again after %(cap)s · stopped by %(by)s") % {
        "reason": step.stopped_for,
        "party": step.waits_for,
        "cap": f"{step.cap_on:%m-%d}",
        "by": step.stopped_by,
    }


def day_of(step: Step) -> str:
    """The day that counts in the step's present state: due, with the customer since, to review."""
    if step.state == Step.State.STOPPED and step.review_on:
        return _("review %(day)s") % {"day": f"{step.review_on:%m-%d}"}
    if step.state == Step.State.WITH_CUSTOMER and step.pause_since:
        return _("since %(day)s") % {"day": f"{timezone.localdate(step.pause_since):%m-%d}"}
    return f"{step.due_on:%m-%d}" if step.due_on else "–"
