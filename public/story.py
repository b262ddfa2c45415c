"""What the tracking page says: pure functions from the rows of a case to plain sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from documents.models import Ask as Point
from documents.models import PaperItem
from fees.models import Bill
from fees.services.refunds import refund_due
from plans.models import Plan
from public.rows import Rows
from public.words import CASES, REQUESTS, STOPS, WORDS, told
from workflow import clocks, ladder
from workflow.models import Case, Step
from workflow.process import Kind

ASK_ICONS: dict[str, str] = {Kind.FEES: "yuan", Kind.CONTRACT: "edit"}
# Whose turn comes first on the page: what we do, what rests, what waits for the customer.
TURNS = (Step.State.IN_HAND, Step.State.STOPPED, Step.State.WITH_CUSTOMER)


@dataclass(frozen=True)
class Now:
    """What happens now: in one sentence, why, when, and what goes on beside it."""

    says: str
    state: str
    why: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    # Who works on it; the customer may ask for them by name.
    who: str = ""

    @property
    def is_late(self) -> bool:
        return self.state == "late"


@dataclass(frozen=True)
class Ask:
    """Something we want from the customer: what, how, by when; `url` where it is done at once."""

    what: str
    how: str
    by: str = ""
    late: bool = False
    url: str = ""
    button: str = ""
    icon: str = "clock"
    # Nothing to do any more: it is with us, and looked at.
    is_open: bool = True


@dataclass(frozen=True)
class Line:
    """One line of the progress: an attempt at a step."""

    name: str
    state: str
    icon: str
    says: str
    day: str
    here: bool = False


@dataclass(frozen=True)
class Money:
    """What is to be paid: in a sentence, and the bill once there is one."""

    says: str
    more: str = ""
    bill: Bill | None = None
    lines: list = field(default_factory=list)


def day(on: date, today: date) -> str:
    """A day in the customer's words, with the year where it is another one."""
    wanted = (
        pgettext("date format", "j F")
        if on.year == today.year
        else pgettext("date format", "j F Y")
    )
    return date_format(on, wanted)


def moment(at: datetime, today: date) -> str:
    """A day and the time of it."""
    local = timezone.localtime(at)
    return f"{day(local.date(), today)} {local:%H:%M}"


def title(case: Case) -> str:
    """The customer by name, and what was asked for."""
    request = REQUESTS.get(case.business_type) or _("your request")
    return _("%(name)s, %(request)s") % {"name": case.customer_name, "request": request}


def masked(address: str) -> str:
    """An address whose last part only its owner knows.

    >>> masked("人民路 8 号院 3-201 室")
    '人民路 8 号院 3-2** 室'
    """
    found = re.sub(r"\d{1,2}(?=\D*$)", lambda part: "*" * len(part[0]), address)
    return found if found != address else address[:-2] + "**"


# What happens now ---------------------------------------------------------------------------------


def now(rows: Rows) -> Now:
    """The step that counts most now, ours before the customer's, the earliest due first."""
    case = rows.case
    live = sorted(case.live_steps, key=lambda s: (TURNS.index(s.state), s.due_on or date.max, s.pk))
    if not case.is_open or not live:
        return Now(
            said_of(case),
            "done" if case.state != Case.State.REFUSED else "late",
            why=_closing(case),
            when=_closed(case, rows.today),
            who=str(ladder.answering(case)),
        )
    first, *others = live
    late = days_late(first, rows.today)
    return Now(
        says=sorry(first, late) if late else says(first),
        state="late" if late else _css(first, rows.today),
        why=why(first, rows),
        when=when(first, rows),
        also=[f"{WORDS[step.kind].name}{_(': ')}{_in_short(step, rows)}" for step in others],
        who=str(ladder.answering(case, first)),
    )


def says(step: Step) -> str:
    """A live step in one sentence that names it."""
    if step.state == Step.State.STOPPED:
        return _("“%(step)s” is on hold for now.") % {"step": WORDS[step.kind].name}
    return told(step.kind, step.state, step.case.business_type)


def said_of(case: Case) -> str:
    """The case itself in one sentence."""
    return str(CASES[case.state])


def _closing(case: Case) -> list[str]:
    """Why it was closed: a refusal is told in the words it was written in."""
    if case.state == Case.State.REFUSED and case.closing_reason:
        return [case.closing_reason]
    return []


def _closed(case: Case, today: date) -> list[str]:
    return [_("on %(day)s") % {"day": moment(case.closed_at, today)}] if case.closed_at else []


def days_late(step: Step, today: date) -> int:
    """Working days since our promise; 0 where it is kept, or it is not our turn."""
    if step.state != Step.State.IN_HAND or step.due_on is None or step.due_on >= today:
        return 0
    return max(clocks.calendar().between(step.due_on, today), 1)


def sorry(step: Step, late: int) -> str:
    """Lateness, said honestly."""
    return ngettext(
        "We are sorry: “%(step)s” is %(n)s working day late.",
        "We are sorry: “%(step)s” is %(n)s working days late.",
        late,
    ) % {"step": WORDS[step.kind].name, "n": late}


def why(step: Step, rows: Rows) -> list[str]:
    """What the step does or waits for: the listed reason of a stop, the consent of others."""
    found = []
    if days_late(step, rows.today):
        found.append(told(step.kind, step.state, rows.case.business_type))
    pause = rows.pauses.get(step.pk)
    if pause and pause.reason:
        found.append(str(STOPS.get(pause.reason.code) or pause.reason))
    if step.kind == Kind.SURVEY and rows.consents:
        refused = [c for c in rows.consents if c.is_refused or c.is_withdrawn]
        open_ones = [c for c in rows.consents if c not in refused]
        if open_ones:
            found.append(_("We wait for the consent of: %(who)s.") % {"who": _parties(open_ones)})
        if refused:
            found.append(
                _("Not granted by: %(who)s. We look for another way.") % {"who": _parties(refused)}
            )
    if step.kind == Kind.PLAN and step.state == Step.State.IN_HAND and _objected(step):
        found.append(_("You objected to the plan before; we change it."))
    elif step.kind in (Kind.SURVEY, Kind.PLAN) and step.round > 1:
        found.append(_("We have to do this step once more."))
    return found


def _objected(step: Step) -> bool:
    """The round before came back because the customer did not agree."""
    before = [s for s in step.case.all_steps if s.kind == step.kind and s.round == step.round - 1]
    plan = getattr(before[0], "plan", None) if before else None
    return bool(plan and plan.objection)


def _parties(consents: list) -> str:
    """Who was asked, as a kind of neighbour: nobody's name stands on another one's page."""
    names = dict.fromkeys(str(consent.get_party_kind_display()) for consent in consents)
    return _(", ").join(names)


def when(step: Step, rows: Rows) -> list[str]:
    """By when the step is done, and when there is news at the latest."""
    today, found = rows.today, []
    planned = getattr(getattr(step, "energization", None), "planned_at", None)
    if planned and planned > timezone.now():
        found.append(_("planned for %(day)s") % {"day": moment(planned, today)})
    pause = rows.pauses.get(step.pk)
    if pause and pause.review_on and pause.cap_on:
        found.append(
            _("we look at it again on %(review)s; on %(cap)s at the latest it goes on")
            % {"review": day(pause.review_on, today), "cap": day(pause.cap_on, today)}
        )
    if step.state == Step.State.IN_HAND and step.due_on:
        promised = _("was promised by %(day)s") if step.due_on < today else _("by %(day)s")
        found.append(promised % {"day": day(step.due_on, today)})
    if step.state == Step.State.WITH_CUSTOMER:
        found.append(_("as soon as we hear from you"))
    promised_on = rows.code.promised_on
    if promised_on and promised_on >= today:
        found.append(_("news from us by %(day)s") % {"day": day(promised_on, today)})
    return found


def _in_short(step: Step, rows: Rows) -> str:
    late = days_late(step, rows.today)
    if late:
        return ngettext("%(n)s working day late", "%(n)s working days late", late) % {"n": late}
    says = told(step.kind, step.state, rows.case.business_type)
    if step.state == Step.State.IN_HAND and step.due_on:
        return _("%(says)s By %(day)s.") % {"says": says, "day": day(step.due_on, rows.today)}
    return says


# What we want from the customer -------------------------------------------------------------------


def asks(rows: Rows) -> list[Ask]:
    """Everything that waits for the customer, what moves the case on first."""
    case = rows.case
    if not case.is_open:
        return []
    found = [ask for step in case.live_steps if (ask := _of_step(step, rows))]
    found += [_of_point(point, rows.today) for point in rows.points]
    return found + [_of_paper(item, rows) for item in rows.owed]


def _of_point(point: Point, today: date) -> Ask:
    """A point of the one list, found by a reviewer or an inspector."""
    late = point.due_on is not None and point.due_on < today
    by = (_("It was due on %(day)s.") if late else _("Please by %(day)s.")) if point.due_on else ""
    return Ask(
        f"{point.number}. {point.what}",
        _("To be put right: %(step)s.") % {"step": WORDS[point.step.kind].name},
        by=by % {"day": day(point.due_on, today)} if point.due_on else "",
        late=late,
        icon="late" if late else "clock",
    )


def _of_step(step: Step, rows: Rows) -> Ask | None:
    words = WORDS[step.kind]
    number = rows.case.number
    if plan := answered_plan(step):
        if plan.has_expired(rows.today):  # the next move is ours
            return None
        by = plan.valid_until and day(plan.valid_until, rows.today)
        return Ask(
            str(words.ask),
            str(words.how),
            by=_("The plan is valid until %(day)s.") % {"day": by} if by else "",
            url=reverse("public:plan", args=[number]),
            button=_("Read the plan and answer"),
            icon="doc",
        )
    if step.kind == Kind.FEES:
        waits = rows.bill is not None and rows.bill.state == Bill.State.ISSUED
    elif step.kind == Kind.CONTRACT:
        contract = getattr(step, "contract", None)
        waits = contract is not None and contract.state == "drawn" and contract.signed_at is None
    else:
        waits = False
    if waits or step.state == Step.State.WITH_CUSTOMER:
        return Ask(str(words.ask), str(words.how), icon=ASK_ICONS.get(step.kind, "user"))
    return None


def answered_plan(step: Step | None) -> Plan | None:
    """The plan of the step that the customer has in writing, before their word on it."""
    plan = getattr(step, "plan", None)
    waits = step is not None and step.is_live and plan and plan.state == Plan.State.ANSWERED
    return plan if waits else None


def awaiting_plan(step: Step | None) -> Plan | None:
    """The plan of the step, where the customer's word on it is awaited: while it holds."""
    plan = answered_plan(step)
    return plan if plan and not plan.has_expired(timezone.localdate()) else None


def _of_paper(item: PaperItem, rows: Rows) -> Ask:
    if item.attachment_id:
        return Ask(
            item.requirement.label,
            _("We have it from you, and look at it."),
            icon="check",
            is_open=False,
        )
    late = item.is_overdue(rows.today)
    on = day(item.due_on, rows.today) if item.due_on else ""
    return Ask(
        item.requirement.label,
        _("What you sent could not be taken: %(reason)s.") % {"reason": item.reason.rstrip(".。")}
        if item.reason
        else _("Take a photo of it here, or hand it in at our office."),
        by=(_("It was due on %(day)s.") if late else _("Please by %(day)s.")) % {"day": on},
        late=late,
        url=reverse("public:hand_in", args=[rows.case.number, item.pk]),
        button=_("Take a photo or choose a file"),
        icon="late" if late else "clock",
    )


# How far it is ------------------------------------------------------------------------------------


def lines(rows: Rows) -> list[Line]:
    """Every step of this case in order, attempts that had to be repeated among them."""
    case = rows.case
    steps = [step for step in case.all_steps if step.state != Step.State.VOID]
    if case.is_open:
        return [_line(step, rows) for step in steps]
    return [_line(step, rows) for step in steps if step.state != Step.State.WAITING]


ICONS = {
    "done": "check",
    "ret": "back",
    "late": "late",
    "cust": "user",
    "stop": "pause",
    "run": "play",
}


def _line(step: Step, rows: Rows) -> Line:
    css = _css(step, rows.today)
    return Line(
        name=str(WORDS[step.kind].name),
        state=css,
        icon=ICONS.get(css, ""),
        says=_line_says(step, rows),
        day=_line_day(step, rows),
        here=step.is_live,
    )


def _line_says(step: Step, rows: Rows) -> str:
    plan = getattr(step, "plan", None)
    if step.state == Step.State.RETURNED and plan and plan.objection:
        return _("You did not agree: %(reason)s") % {"reason": plan.objection}
    if plan and plan.accepted_how == Plan.Acceptance.EXHAUSTED:
        return _("We could not reach you: the plan holds as it was sent to you.")
    if step.kind == Kind.FEES and step.state == Step.State.DONE and rows.is_refunded:
        return _("What you paid goes back to you.")
    if step.state == Step.State.WAITING and step.is_deferred:
        return _("May be done after the power is on.")
    late = days_late(step, rows.today)
    if late:
        return ngettext("%(n)s working day late", "%(n)s working days late", late) % {"n": late}
    return told(step.kind, step.state, rows.case.business_type)


def _line_day(step: Step, rows: Rows) -> str:
    if step.finished_at:
        return day(timezone.localdate(step.finished_at), rows.today)
    if step.state == Step.State.IN_HAND and step.due_on:
        return _("by %(day)s") % {"day": day(step.due_on, rows.today)}
    if step.state == Step.State.WAITING:
        rule = clocks.rule_for(rows.case, step.kind, rows.today)
        if rule:
            return ngettext("about %(n)s working day", "about %(n)s working days", rule.promise) % {
                "n": rule.promise
            }
    return ""


def _css(step: Step, today: date) -> str:
    if step.state == Step.State.IN_HAND:
        return "late" if days_late(step, today) else "run"
    return {
        Step.State.DONE: "done",
        Step.State.RETURNED: "ret",
        Step.State.WITH_CUSTOMER: "cust",
        Step.State.STOPPED: "stop",
    }.get(step.state, "wait")


def how_far(rows: Rows) -> str:
    """How many steps are done of those there are, and the days the customer has waited."""
    steps = [step for step in rows.case.latest.values() if step.state != Step.State.VOID]
    done = sum(step.state == Step.State.DONE for step in steps)
    days = rows.case.elapsed_days + 1
    return _("%(done)s of %(all)s steps done · day %(days)s") % {
        "done": done,
        "all": len(steps),
        "days": days,
    }


# What it costs ------------------------------------------------------------------------------------


def _to_be_paid(bill: Bill, booked: Decimal) -> str:
    """What a bill still asks for, where a part was paid on the one before it."""
    if not booked:
        return _("This bill is to be paid.")
    return _("¥%(due)s of this bill is still to be paid: ¥%(booked)s was paid before.") % {
        "due": f"{bill.total - booked:,.2f}",
        "booked": f"{booked:,.2f}",
    }


def goes_back(rows: Rows) -> list[str]:
    """What was paid and goes back, or went: how much, by when, and why; a sentence a refund."""
    found = []
    for refund in rows.refunds:
        if refund.paid_out_at:
            says = _("¥%(amount)s was paid back to you on %(day)s.")
            on = timezone.localdate(refund.paid_out_at)
        else:
            says = _("¥%(amount)s goes back to you: we pay it out by %(day)s.")
            on = refund.due_on or refund_due(timezone.localdate(refund.opened_at))
        words = says % {"amount": f"{refund.amount:,.2f}", "day": day(on, rows.today)}
        found.append(_("%(says)s Why: %(why)s") % {"says": words, "why": refund.reason})
    return found


def money(rows: Rows) -> Money:
    """Nothing, until a bill stands on an accepted plan; then the bill with its legal basis."""
    bill, step = rows.bill, rows.case.step(Kind.FEES)
    if bill and bill.state == Bill.State.PAID and rows.is_refunded:
        return Money(_("The bill was paid; the money goes back to you."), "", bill, rows.lines)
    if bill and bill.state == Bill.State.PAID:
        return Money(_("The bill is paid. Nothing more is to be paid."), "", bill, rows.lines)
    if bill:
        more = _("Pay only what stands here, at our office, and ask for the receipt.")
        return Money(_to_be_paid(bill, rows.booked), more, bill, rows.lines)
    if step is None or step.state in (Step.State.VOID, Step.State.DONE):
        accepted = rows.case.chargeable is False
        says = _("No fee is due for your request.") if accepted else _("Nothing is to be paid.")
        return Money(says, _("Whoever asks you for money all the same has no right to it."))
    if step.state == Step.State.WAITING:
        return Money(
            _("You need not pay anything now."),
            _("Before the visit is done and you have accepted the plan, nobody may take money."),
        )
    return Money(
        _("You need not pay anything now."),
        _("We are working out whether anything is to be paid. Wait for the bill."),
    )
