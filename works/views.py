"""The sheets of the customer's works: received, filled in, signed, read."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from documents import asking
from documents.asking import AskedLate
from documents.models import Ask
from workflow import moves
from workflow.access import get_step_or_404
from workflow.guards import Refused
from workflow.models import Step
from workflow.refusals import refuse
from workflow.sheets import saving
from works import guards, panel, services
from works.forms import FORMS, MissingForm, RequestForm, tell_refused, unfiled
from works.models import Request


def sheet(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """One step of the customer's works: the customer brings, the sheet is filled in, then read."""
    step = get_step_or_404(request, number, kind)
    hindrances = moves.hindrances(step, request.user) if step.is_live else []
    if not hindrances and step.state == Step.State.WITH_CUSTOMER:
        return _receive(request, step)
    if hindrances or step.state != Step.State.IN_HAND:
        return _read(request, step, hindrances)
    form = FORMS[kind](
        request.POST or None,
        request.FILES or None,
        step=step,
        instance=guards.sheet_of(step),
        begun=unfiled(request),
    )
    if request.method == "POST" and (form := form.without_refused()).is_valid():
        try:
            return _hand_in(request, form)
        except AskedLate as late:
            _ask_supervisor(request, step, form, late, Ask.Source.REVIEW)
        except Refused as refusal:
            form.tell(refusal)
    return render(request, "works/sheet.html", panel.page(step) | {"form": form})


def _ask_supervisor(request: HttpRequest, step: Step, form, late: AskedLate, source: str) -> None:
    """What was not on the first list waits for the supervisor; the sheet stays as it is."""
    asking.propose(step, late.points, source=source, by=request.user)
    form.add_error(None, late)
    form.add_error(None, _("The supervisor has been asked, on the page of the papers."))


def _hand_in(request: HttpRequest, form) -> HttpResponse:
    """Save the draft, or sign."""
    step = form.step
    with saving(request, step):
        now = (
            services.sign(form, by=request.user)
            if form.signing
            else services.keep(form, by=request.user)
        )
    tell_refused(request, form)
    if not form.signing:
        messages.success(request, _("Draft saved. Nothing is decided yet."))
        return redirect(step)
    if now.state == Step.State.DONE:
        messages.success(request, _("Signed: passed. The case goes on."))
    else:
        messages.warning(request, _("Signed: returned to the customer, with the list in writing."))
    return redirect(step.case)


def _receive(request: HttpRequest, step: Step) -> HttpResponse:
    """The customer's turn: record what was handed in or asked for."""
    form = RequestForm(request.POST or None, instance=Request(step=step))
    if request.method == "POST" and form.is_valid():
        try:
            services.receive(form.save(commit=False), by=request.user)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Recorded. Our clock runs from now on."))
            return redirect(step)
    return render(request, "works/receive.html", panel.page(step) | {"form": form})


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    if request.method == "POST":
        refuse(step, hindrances)
    context = panel.page(step) | {"hindrances": hindrances, "sections": panel.sections(step)}
    return render(request, "works/sheet.html", context)


def missing(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The file is not complete: say once what is missing, and hand it back."""
    step = get_step_or_404(request, number, kind)
    hindrances = moves.hindrances(step, request.user)
    if hindrances or step.state != Step.State.IN_HAND:
        refuse(step, hindrances)
    form = MissingForm(request.POST or None)
    if form.is_valid():
        try:
            services.ask_for_more(step, missing=form.cleaned_data["missing"], by=request.user)
        except AskedLate as late:
            _ask_supervisor(request, step, form, late, Ask.Source.FILE)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Told to the customer in writing. It is their turn now."))
            return redirect(step.case)
    return render(request, "works/missing.html", panel.page(step) | {"form": form})


@require_POST
def lapsed(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The firm's licence no longer stands: back to its qualification."""
    step = get_step_or_404(request, number, kind)
    if hindrances := moves.hindrances(step, request.user):
        refuse(step, hindrances)
    try:
        services.back_to_qualification(step, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect(step)
    messages.success(request, _("Sent back to the qualification review."))
    return redirect(step.case)
