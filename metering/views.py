"""Meter and power on in up to three sheets (old meter, work order, power on), and the call-back."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Role
from metering import guards, panel, services
from metering.forms import CallBackForm, FollowUpForm, OrderForm, PowerForm, RemovalForm
from workflow import moves
from workflow.access import get_step_or_404, opens_for
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import Kind
from workflow.refusals import NotNow, refuse
from workflow.sheets import saving
from workflow.views.countersign import countersign_page, may_countersign
from works.forms import staff, tell_refused, unfiled

STAGES = {
    "removal": (RemovalForm, services.removal_of),
    "order": (OrderForm, services.order_of),
    "power": (PowerForm, services.power_of),
}


def meter(request: HttpRequest, number: str) -> HttpResponse:
    """The meter step: the sheet whose turn it is, above it what is signed already."""
    step = get_step_or_404(request, number, Kind.METER)
    return _work(request, step, panel.stage(step))


def removal(request: HttpRequest, number: str) -> HttpResponse:
    """The old meter comes off, where there is one."""
    step = get_step_or_404(request, number, Kind.METER)
    if not guards.may_remove(step.case):
        raise NotNow(_("No old meter comes off in this case."))
    signed = guards.removal_of(step)
    if guards.handed_in(signed) and request.method == "GET":
        return redirect(step)
    return _work(request, step, "removal")


def _work(request: HttpRequest, step: Step, stage: str) -> HttpResponse:
    hindrances = moves.hindrances(step, request.user) if step.is_live else []
    if hindrances or step.state != Step.State.IN_HAND:
        return _read(request, step, hindrances)
    form_class, draft = STAGES[stage]
    sheet = draft(step, request.user)
    if stage != "power" and guards.handed_in(sheet):
        if request.method == "POST":
            raise NotNow(_("This sheet is signed: it cannot be changed any more."))
        return _read(request, step, [])
    form = form_class(
        request.POST or None,
        request.FILES or None,
        step=step,
        instance=sheet,
        begun=unfiled(request),
    )
    if request.method == "POST" and (form := form.without_refused()).is_valid():
        try:
            with saving(request, step):
                services.hand_in(form, by=request.user)
        except Refused as refusal:
            form.tell(refusal)
        else:
            tell_refused(request, form)
            messages.success(request, panel.said(stage, form.signing))
            return redirect(step.case if form.signing and stage == "power" else step)
    context = panel.page(step, stage, request.user) | {"form": form}
    if stage == "order" and form.lacks_meter:
        context["shortage"] = panel.shortage(step)
    return render(request, "metering/meter.html", context)


def _may_confirm(case: Case, user: User) -> bool:
    step = case.step(Kind.METER)
    return step is not None and may_countersign(step, guards.waiting(step), user)


@opens_for(_may_confirm)
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The second technician confirms what the first has signed; the first may name another."""
    step = get_step_or_404(request, number, Kind.METER)
    return countersign_page(
        request,
        step,
        guards.waiting(step),
        people=staff(step.case, Role.FITTER),
        confirm=services.confirm,
        show=partial(_shown, request, step),
    )


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    if request.method == "POST":
        refuse(step, hindrances)
    return _shown(request, step, {"hindrances": hindrances if not guards.waiting(step) else []})


def _shown(
    request: HttpRequest, step: Step, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = panel.page(step, "", request.user) | more
    return render(request, "metering/meter.html", context, status=status)


def callback(request: HttpRequest, number: str) -> HttpResponse:
    """The call two working days after power on."""
    step = get_step_or_404(request, number, Kind.CALLBACK)
    hindrances = moves.hindrances(step, request.user) if step.is_live else []
    if hindrances or step.state != Step.State.IN_HAND:
        if request.method == "POST":
            refuse(step, hindrances)
        context = panel.call_page(step) | {"hindrances": hindrances}
        return render(request, "metering/callback.html", context)
    form = CallBackForm(request.POST or None, step=step, instance=services.call_of(step))
    if request.method == "POST" and form.is_valid():
        try:
            return _call(request, step, form)
        except Refused as refusal:
            form.tell(refusal)
    return render(request, "metering/callback.html", panel.call_page(step) | {"form": form})


def _call(request: HttpRequest, step: Step, form: CallBackForm) -> HttpResponse:
    sheet = form.save(commit=False)
    with saving(request, step):
        if "not_reached" in request.POST:
            services.not_reached(sheet, note=sheet.words[:200], by=request.user)
        elif form.signing:
            services.call_back(sheet, by=request.user)
        else:
            services.keep_call(sheet, by=request.user)
    if "not_reached" in request.POST:
        messages.warning(request, _("Noted: not reached. Try again on another day."))
        return redirect(step)
    if not form.signing:
        messages.success(request, _("Draft saved."))
        return redirect(step)
    messages.success(request, _("Call-back recorded."))
    return redirect(step.case)


def _may_follow_up(case: Case, user: User) -> bool:
    step = case.step(Kind.CALLBACK)
    sheet = guards.callback_of(step) if step else None
    return sheet is not None and not services.follow_up_hindrances(sheet, user)


@opens_for(_may_follow_up)
def follow_up(request: HttpRequest, number: str) -> HttpResponse:
    """The follow-up of a call-back is done: what was done, by its owner or who steers."""
    step = get_step_or_404(request, number, Kind.CALLBACK)
    sheet = guards.callback_of(step)
    if sheet is None or not sheet.waits_for_follow_up:
        raise NotNow(_("Nothing waits to be followed up."))
    if hindrances := services.follow_up_hindrances(sheet, request.user):
        refuse(step, hindrances)
    form = FollowUpForm(request.POST or None)
    if form.is_valid():
        try:
            services.close_follow_up(sheet, by=request.user, done=form.cleaned_data["done"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Recorded. The follow-up is done."))
            return redirect(step.case)
    context = panel.call_page(step) | {"form": form}
    return render(request, "metering/follow_up.html", context)
