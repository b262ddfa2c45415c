"""The supervisor's board: where does it hurt? And handing many steps over at once."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import User
from workflow import board as figures
from workflow import clocks, moves, reminders
from workflow.forms import BoardForm, ReassignForm
from workflow.guards import Refused
from workflow.models import Step
from workflow.paging import whole_number
from workflow.process import CustomerClass
from workflow.queue import label

MOST = 200


def board(request: HttpRequest) -> HttpResponse:
    """The figures of the offices below, the heat of the chain, the worst first."""
    if not request.user.sees_board:
        raise PermissionDenied
    form = BoardForm(request.GET, user=request.user)
    with clocks.one_edition():
        found = figures.Board(request.user, timezone.localdate(), form.cleaned_data)
        context = {
            "form": form,
            "board": found,
            "now": timezone.now(),
            "totals": {
                name: found.total(name)
                for name in ("open", "overdue", "very_late", "soon", "unclaimed", "stopped")
            },
            "silent": found.silent(),
            "left": found.left(),
            "stops": found.stops(),
            "lines": found.lines(),
            "bands": found.band_labels(),
            "classes": CustomerClass.labels,
            "worst": found.worst(),
            "causes": found.causes(),
            "causes_of": figures.CAUSES_OF,
            "urls": {
                tab: found.url(tab=tab)
                for tab in ("overdue", "open", "silent", "stopped", "unclaimed")
            }
            | {"left": found.url(owner="left")},
            "proof": figures.fee_proof(),
            "sweep": reminders.last_sweep(),
            "sweep_is_late": figures.sweep_is_late(),
        }
        return render(request, "workflow/board.html", context)


def reassign(request: HttpRequest) -> HttpResponse:
    """Hand the selected steps to one colleague; what the person cannot do is refused one by one."""
    if not request.user.steers:
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    numbers = [whole_number(pk) for pk in asked.getlist("step")[:MOST]]
    steps = list(
        Step.objects.live()
        .visible_to(request.user)
        .filter(pk__in=[number for number in numbers if number is not None])
        .select_related("case__unit", "owner")
        .order_by("case_id", "pk")
    )
    form = ReassignForm(request.POST or None, steps=steps)
    if request.method == "POST" and steps and form.is_valid():
        _hand_over(request, steps, form.cleaned_data["to"], form.cleaned_data["note"])
        return redirect("workflow:board")
    rows = [(step, label(step)) for step in steps]
    with clocks.one_edition():
        return render(request, "workflow/reassign.html", {"form": form, "rows": rows})


def _hand_over(request: HttpRequest, steps: list[Step], to: User, note: str) -> None:
    """Each step by itself: one refusal does not hold up the others."""
    done = 0
    for step in steps:
        try:
            with transaction.atomic():
                moves.assign(step, to, by=request.user, note=note)
        except Refused as refusal:
            messages.warning(request, f"{step.case.number}: {' '.join(refusal.messages)}")
        else:
            done += 1
    said = ngettext(
        "%(n)s step handed to %(person)s.", "%(n)s steps handed to %(person)s.", done
    ) % {"n": done, "person": to}
    if done:
        messages.success(request, said)
