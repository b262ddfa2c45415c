"""What a tablet keeps for the way: the visits of a day, and the sheets of each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts import tablets
from accounts.models import User
from field import envelope, rules, visits
from field.models import Record
from field.sheets import ATTEMPT, KINDS, SHEETS, is_signed
from field.views.app import shell
from field.words import WORDS
from workflow import clocks, moves, process
from workflow.late import CauseForm
from workflow.models import Lateness, Step
from workflow.moves.late import CAUSE
from workflow.process import Kind


def page(request: HttpRequest, template: str, context: dict, status: int = 200) -> HttpResponse:
    """A page of the tablet, which knows whose it is, and with what it may send."""
    get_token(request)
    response = render(request, template, context | {"words": WORDS}, status=status)
    tablets.remember(response, request.user)
    return response


def today(request: HttpRequest) -> HttpResponse:
    """The visits of the person, by deadline or by place."""
    by = "place" if request.GET.get("by") == "place" else ""
    found = visits.today(request.user, by)
    context = {
        "visits": found,
        "fetch": {
            "pages": [reverse("field:visit", args=[visit.step.pk]) for visit in found],
            "shell": shell(),
        },
        "unclaimed": reverse("workflow:desk") + "?tab=unclaimed",
        "by": by,
        "today": timezone.localdate(),
        "waiting": Record.objects.visible_to(request.user).waiting().count(),
        "to_confirm": process.to_confirm(request.user),
        "unexplained": Lateness.owed_by(request.user),
    }
    return page(request, "field/today.html", context)


def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheets of one visit, to be filled in with or without a signal."""
    seen = Step.objects.visible_to(request.user).select_related("case__unit", "owner")
    step = get_object_or_404(seen.filter(kind__in=KINDS), pk=pk)
    if moves.hindrances(step, request.user) or step.state != Step.State.IN_HAND:
        return redirect(step)
    found = visits.visit_of(step)
    if is_signed(step, found.codes[0]):
        return redirect(step)  # it waits for its second person
    context = {
        "visit": found,
        "step": step,
        "case": step.case,
        "sheets": [_sheet(code, step, request.user) for code in [*found.codes, ATTEMPT]],
        "near": visits.points_near(found) if step.kind == Kind.SURVEY else [],
        "photos": visits.photos_of(step),
        "limits": {"files": envelope.MAX_FILES, "bytes": envelope.MAX_BYTES},
    }
    return page(request, "field/visit.html", context)


def _sheet(code: str, step: Step, user: User) -> dict[str, Any]:
    """A sheet whose fields carry their rules, for the tablet to judge them without a signal."""
    form = SHEETS[code].form(step, user)
    rules.carry(form, SHEETS[code].needed(form))
    for each in form.formsets:
        for row in each.forms:
            rules.carry(row)
    late = _cause(step) if SHEETS[code].lets_go(step) else None
    return {"sheet": SHEETS[code], "form": form, "empties": _empties(form), "late": late}


def _cause(step: Step) -> CauseForm | None:
    """What the tablet asks on signing, where the step is late as the page is opened."""
    if not clocks.missed(step, timezone.localdate()):
        return None
    form = CauseForm(auto_id=f"late-{step.pk}-%s")
    rules.carry(form, [CAUSE])
    return form


def _empties(form: Any) -> dict[str, Any]:
    """The empty row of each table, with the rules of its fields."""
    found = {}
    for each in form.formsets:
        empty = each.empty_form
        rules.carry(empty)
        found[each.prefix] = empty
    return found
