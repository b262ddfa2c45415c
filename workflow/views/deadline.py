"""The deadline ledger: every counted day, every stop, the rule, the reminders."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from workflow import clocks
from workflow.ledger import Ledger
from workflow.queue import label
from workflow.views.actions import find_step


def deadline(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Why is this step due on this day?"""
    step = find_step(request, number, pk)
    with clocks.one_edition(step.case.edition):
        context = {
            "case": step.case,
            "step": step,
            "step_label": label(step),
            "today": timezone.localdate(),
            "ledger": Ledger(step, timezone.localdate()),
        }
        return render(request, "workflow/deadline.html", context)
