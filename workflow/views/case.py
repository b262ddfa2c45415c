"""The case page: what stops it, and who acts?"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db.models import Count, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflow import actions, clocks, dials, moves, process, rail
from workflow.access import get_case_or_404
from workflow.models import Case, Lateness, Pause, Step
from workflow.process import Kind
from workflow.queue import label
from workflow.why import Findings, sheet_url

LATEST = 20
ALL = 1000


def case(request: HttpRequest, number: str) -> HttpResponse:
    """Head, clocks, rail, the step looked at, what stands against it, the history."""
    case = get_case_or_404(request, number)
    step = _chosen(request, case)
    with clocks.one_edition(case.edition):
        context = {
            "case": case,
            "step": step,
            "step_label": label(step) if step else "",
            **_head(request, case, step),
            **_middle(request, case, step),
            "contacts": aside(request, case, "applications", "contacts", "_contacts"),
            "papers": aside(request, case, "documents", "papers", "_papers"),
            "fees": aside(request, case, "fees", "summary", "_summary"),
            **_history(request, case),
        }
        return render(request, "workflow/case.html", context)


def _chosen(request: HttpRequest, case: Case) -> Step | None:
    """The step to look at: the one asked for, or the most urgent of the reader's own."""
    asked = request.GET.get("step", "")
    if not asked:
        return rail.most_urgent(case, request.user)
    step = next((step for step in case.all_steps if str(step.pk) == asked), None)
    if step is None:
        raise Http404
    return step


def _head(request: HttpRequest, case: Case, step: Step | None) -> dict[str, Any]:
    today = timezone.localdate()
    pauses = list(Pause.objects.filter(step__case=case).select_related("reason"))
    running = next((p for p in pauses if step and p.step_id == step.pk and not p.ended_at), None)
    kinds = process.kinds_of(case)
    return {
        "today": today,
        "utility": dials.utility(case, pauses, today),
        "elapsed": dials.elapsed(case),
        "silence": dials.silence(case, today),
        "urgent": _in_head(case, step) if case.is_open else None,
        "pause": running,
        "rail": rail.entries(case, pauses, step, today),
        "left_out": rail.left_out(case),
        "finished": sum(1 for kind in kinds if case.has_finished(kind)),
        "links": len(kinds),
        "actions": actions.head(step, request.user),
        "more": actions.more(case, step, request.user),
        "unconfirmed": _unconfirmed(case),
    }


def _in_head(case: Case, step: Step | None) -> Step | None:
    """The step that the head speaks of: the one looked at while it is live."""
    return step if step and step.is_live else rail.most_urgent(case)


def _unconfirmed(case: Case) -> bool:
    """Whether a date on the page lies where the calendar is not known for certain."""
    shown = [case.due_on, *(step.due_on for step in case.live_steps)]
    return any(day and not clocks.calendar().is_confirmed(day) for day in shown)


def _middle(request: HttpRequest, case: Case, step: Step | None) -> dict[str, Any]:
    if step is None:
        return {}
    findings = Findings(case, request.user, timezone.localdate())
    why = findings.why_not_finished(step) or findings.why_not_begun(step.kind)
    money = None
    if step.kind != Kind.FEES:
        money = findings.why_not_begun(Kind.FEES, _("Why can no fee be charged yet?"))
    begun = step.state not in (Step.State.WAITING, Step.State.VOID)
    sheets = process.countersigned(step) if step.is_live else []
    waiting = [sheet for sheet in sheets if sheet.waits]
    return {
        "waiting": waiting,
        "turn": process.turn(step, request.user) if step.is_live else None,
        "mine": next((sheet for sheet in waiting if sheet.second == request.user), None),
        "not_confirmed": [sheet for sheet in sheets if sheet.not_confirmed and not sheet.waits],
        "latenesses": [
            (row, moves.may_explain(row, request.user))
            for row in (Lateness.of(case, step) if step.let_go_late else ())
        ],
        "sheet_url": sheet_url(step) + (f"?round={step.round}" if step.is_finished else ""),
        "hindrances": moves.hindrances(step, request.user) if step.is_live else [],
        "panel": panel(request, step) if begun else None,
        "why": why if step == case.step(step.kind) else None,
        "money": money,
    }


def panel(request: HttpRequest, step: Step) -> SafeString | None:
    """What the room of a step shows of it; None while it has nothing to show."""
    found = process.panel(step.kind)(step, request.user)
    return _rendered(request, f"{step.process.room}/_panel.html", found, step.case, step)


def aside(
    request: HttpRequest, case: Case, room: str, function: str, template: str
) -> SafeString | None:
    """A panel beside the case that a room to the right offers by name."""
    offered = getattr(import_module(f"{room}.panel"), function, None)
    if offered is None:
        return None
    return _rendered(request, f"{room}/{template}.html", offered(case, request.user), case)


def _rendered(
    request: HttpRequest, template: str, found: dict, case: Case, step: Step | None = None
) -> SafeString | None:
    try:
        page = get_template(template)
    except TemplateDoesNotExist as missing:
        if str(missing) != template:
            raise
        return None
    return page.render({"case": case, "step": step, **found}, request)


def _history(request: HttpRequest, case: Case) -> dict[str, Any]:
    """The latest acts, or all of them; of one link if asked for. Reminders only when asked for."""
    events = case.events.select_related("actor", "step").order_by("-seq")
    of = request.GET.get("of", "")
    if of in Kind.values:
        events = events.filter(step__kind=of)
    told = events.filter(verb=moves.REMINDED).order_by().values("case").annotate(n=Count("pk"))
    events = events.annotate(told=Subquery(told.values("n")))
    if not (with_reminders := "reminders" in request.GET):
        events = events.exclude(verb=moves.REMINDED)
    limit = ALL if request.GET.get("history") == "all" else LATEST
    found = list(events[: limit + 1])
    for event in found:
        if event.step_id:
            event.step.case = case
    return {
        "events": [(event, label(event.step) if event.step_id else "") for event in found[:limit]],
        "more_events": len(found) > limit,
        "history_of": of,
        "history_all": limit == ALL,
        # Where nothing but reminders was found, the count is asked for by itself.
        "told": (found[0].told or 0) if found else sum(told.values_list("n", flat=True)),
        "with_reminders": with_reminders,
        "kinds": [(step.kind, step.get_kind_display()) for step in case.latest.values()],
    }
