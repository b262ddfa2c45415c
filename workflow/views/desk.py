"""The desk: what next? The home of every role."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from workflow import clocks, moves, paging, process, queue, why
from workflow.forms import QueueForm
from workflow.guards import Refused
from workflow.models import Event, Step


def desk(request: HttpRequest) -> HttpResponse:
    """The queue of a person: tabs with counts, filters, one page of steps, one of them opened."""
    today = timezone.localdate()
    form = QueueForm(request.GET, user=request.user)
    with clocks.one_edition():
        steps = queue.steps_for(request.user, today, form.chosen)
        counts = queue.counts(steps, today)
        tab = form.chosen.get("tab") or "open"
        page = paging.by_due(steps.filter(queue.in_tab(tab, today)), request.GET, queue.listed)
        context = {
            "form": form,
            "today": today,
            "is_working": clocks.calendar().is_working(today),
            "tab": tab,
            "tabs": [
                (code, queue.tab_label(code), counts[code], paging.address(request.GET, tab=code))
                for code in queue.TABS
            ],
            "hot": queue.HOT,
            "count": counts[tab],
            "page": page,
            "to_confirm": process.to_confirm(request.user),
            "rows": queue.rows(page.rows, request.user, today),
            "open_url": paging.address(request.GET) + "&open=",
            "closed_url": _here(request),
            "peek": _peek(request, page.rows),
        }
        return render(request, "workflow/desk.html", context)


def _here(request: HttpRequest) -> str:
    """The same page of the list with nothing opened."""
    asked = request.GET.copy()
    asked.pop("open", None)
    return f"?{asked.urlencode()}"


def _peek(request: HttpRequest, rows: list[Step]) -> dict | None:
    """What a look inside a row shows: what stands against it, last contact, what can be done."""
    asked = request.GET.get("open", "")
    step = next((step for step in rows if str(step.pk) == asked), None)
    if step is None:
        return None
    case = step.case
    case.all_steps = [other if other.pk != step.pk else step for other in case.all_steps]
    step.case = case
    return {
        "step": step,
        "why": why.Findings(case, request.user, timezone.localdate()).why_not_finished(step),
        "contact": Event.objects.filter(case=case, verb=moves.CONTACTED)
        .select_related("actor")
        .order_by("-seq")
        .first(),
        "sheet_url": why.sheet_url(step),
        "hindrances": moves.hindrances(step, request.user),
        "may_assign": may_assign(step, request.user),
    }


def may_assign(step: Step, user: User) -> bool:
    """Its owner, or who steers, hands a step over."""
    return step.owner_id == user.pk or user.steers


@require_POST
def next_unclaimed(request: HttpRequest) -> HttpResponse:
    """Claim the most urgent step that nobody has, and open it."""
    for step in queue.next_unclaimed(request.user):
        try:
            step = moves.claim(step, by=request.user)
        except Refused:
            continue
        messages.success(
            request,
            _("%(step)s of %(case)s is yours.")
            % {"step": step.get_kind_display(), "case": step.case},
        )
        return redirect(why.sheet_url(step) or step.case)
    messages.info(request, _("Nothing unclaimed is waiting for you."))
    return redirect("workflow:desk")
