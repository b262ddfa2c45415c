"""Moving a case by hand: small pages, each one question; all of it through the one door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from workflow import actions, moves
from workflow import forms as own
from workflow.access import get_case_or_404
from workflow.guards import Refused
from workflow.late import CauseForm
from workflow.models import Case, Lateness, Step
from workflow.sheets import DressedForm, tell


def find_step(request: HttpRequest, number: str, pk: int) -> Step:
    """A step of the case, whatever its round."""
    case = get_case_or_404(request, number)
    step = next((step for step in case.all_steps if step.pk == pk), None)
    if step is None:
        raise Http404
    return step


def _page(
    request: HttpRequest,
    case: Case,
    action: actions.Action,
    form: forms.BaseForm,
    do: Callable[[dict[str, Any]], object],
    done: str,
    **context: Any,
) -> HttpResponse:
    """Show the form of an action, or why it is not possible; do it when it is handed in.

    Who does not see the case any more goes on at the desk.
    """
    if not action.why_not and request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except Refused as refusal:
            tell(form, refusal)
        else:
            messages.success(request, done)
            if action.leads_away and not moves.sees(request.user, Case.objects.get(pk=case.pk)):
                return redirect("workflow:desk")
            return redirect("workflow:case", case.number)
    context |= {"case": case, "action": action, "form": form}
    status = 422 if not action.why_not and form.errors else action.status
    return render(request, "workflow/act.html", context, status=status)


def explain(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A record of the tablet came late and did not say why: its cause is said afterwards."""
    case = get_case_or_404(request, number)
    row = get_object_or_404(Lateness.of(case).select_related("step"), pk=pk)
    if not moves.may_explain(row, request.user):
        raise PermissionDenied
    form = CauseForm(request.POST or None)
    if form.is_valid():
        try:
            moves.explain(row, by=request.user, **form.said)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Recorded: why the step was late."))
            return redirect(f"{case.get_absolute_url()}?step={row.step_id}")
    context = {"case": case, "step": row.step, "row": row, "form": form}
    return render(request, "workflow/explain.html", context, status=422 if form.errors else 200)


@require_POST
def claim(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take an unclaimed step; from a list one goes back to it."""
    step = find_step(request, number, pk)
    try:
        moves.claim(step, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(
            request,
            _("%(step)s of %(case)s is yours.")
            % {"step": step.get_kind_display(), "case": step.case},
        )
    if "back" in request.POST:
        return redirect(f"{reverse('workflow:desk')}?{request.POST['back'].lstrip('?')}")
    return redirect(f"{step.case.get_absolute_url()}?step={step.pk}")


def assign(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Hand a step to a colleague who can do it."""
    step = find_step(request, number, pk)
    action = actions.on_step("assign", step, request.user)
    form = own.AssignForm(request.POST or None, step=step)
    if form.nobody and not action.why_not:
        action = replace(action, state=(form.nobody,))
    return _page(
        request,
        step.case,
        action,
        form,
        lambda typed: moves.assign(step, typed["to"], by=request.user, note=typed["note"]),
        _("Handed over."),
        step=step,
        hint=_("Now with: %(owner)s.") % {"owner": step.owner or _("nobody")},
    )


def stop(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Stop the utility's clock for a listed reason."""
    step = find_step(request, number, pk)
    action = actions.on_step("stop", step, request.user)
    form = own.StopForm(request.POST or None, step=step, by=request.user)
    hint = _(
        "Only for a reason of the list. The grid's own works do not stop the clock. At the cap it "
        "runs again by itself and the supervisor is told. The customer is to be told now."
    )
    return _page(
        request,
        step.case,
        action,
        form,
        lambda typed: moves.stop(step, by=request.user, **typed),
        _("The clock stands still. Tell the customer why."),
        step=step,
        hint=hint,
    )


def resume(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What was waited for has come: the clock runs again."""
    step = find_step(request, number, pk)
    action = actions.on_step("resume", step, request.user)
    form = own.ResumeForm(request.POST or None)
    return _page(
        request,
        step.case,
        action,
        form,
        lambda typed: moves.resume(step, by=request.user, note=typed["note"]),
        _("The clock runs again."),
        step=step,
        pause=step.pauses.filter(ended_at=None).select_related("reason").first(),
    )


def send_back(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Close this attempt and open the next round, of this link or of an earlier one."""
    step = find_step(request, number, pk)
    action = actions.on_step("send_back", step, request.user)
    form = own.SendBackForm(request.POST or None, step=step)
    return _page(
        request,
        step.case,
        action,
        form,
        lambda typed: moves.send_back(
            step, by=request.user, reason=typed["reason"], to=typed["to"]
        ),
        _("Sent back. The next round is open."),
        step=step,
        hint=_("Going back to an earlier step returns everything begun behind it."),
    )


def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """The customer takes the request back."""
    case = get_case_or_404(request, number)
    form = own.WithdrawForm(request.POST or None)
    return _page(
        request,
        case,
        actions.on_case("withdraw", case, request.user),
        form,
        lambda typed: moves.withdraw(case, by=request.user, reason=typed["reason"]),
        _("The case is closed: withdrawn by the customer."),
        hint=_("This closes the case for good.") + _money_on_closing(case),
    )


def discard(request: HttpRequest, number: str) -> HttpResponse:
    """A draft is thrown away by the clerk who began it."""
    case = get_case_or_404(request, number)
    return _page(
        request,
        case,
        actions.on_case("discard", case, request.user),
        DressedForm(request.POST or None),
        lambda typed: moves.discard(case, by=request.user),
        _("The draft is discarded."),
        hint=_("Nothing was accepted yet. This closes the case for good; the history keeps it."),
    )


def refuse(request: HttpRequest, number: str) -> HttpResponse:
    """The utility cannot supply, and says why in plain words."""
    case = get_case_or_404(request, number)
    form = own.RefuseForm(request.POST or None)
    return _page(
        request,
        case,
        actions.on_case("refuse", case, request.user),
        form,
        lambda typed: moves.refuse(case, by=request.user, **typed),
        _("The case is refused. The notice to the customer is on its way."),
        hint=_("This closes the case for good. The notice says what the customer can do instead.")
        + _money_on_closing(case),
    )


def _money_on_closing(case: Case) -> str:
    """What goes back of the money paid, told by the room of the money."""
    told = import_module("fees.panel").on_closing(case)
    return f" {told}" if told else ""


def fast_lane_ask(request: HttpRequest, number: str) -> HttpResponse:
    """Propose the fast lane, with its ground."""
    case = get_case_or_404(request, number)
    form = own.GroundsForm(request.POST or None)
    return _page(
        request,
        case,
        actions.on_case("fast_lane_ask", case, request.user),
        form,
        lambda typed: moves.ask_fast_lane(case, by=request.user, grounds=typed["grounds"]),
        _("Asked for. A supervisor decides."),
        hint=_("Survey, acceptance, licensed installers and the sealed meter are never deferred."),
    )


def fast_lane_approve(request: HttpRequest, number: str) -> HttpResponse:
    """Let formalities be finished after power on."""
    case = get_case_or_404(request, number)
    form = own.FastLaneForm(request.POST or None, case=case)
    return _page(
        request,
        case,
        actions.on_case("fast_lane_approve", case, request.user),
        form,
        lambda typed: moves.approve_fast_lane(case, by=request.user, **typed),
        _("The case is in the fast lane. What was deferred is a dated debt."),
        hint=_("Survey, acceptance, licensed installers and the sealed meter are never deferred."),
    )


def fast_lane_revoke(request: HttpRequest, number: str) -> HttpResponse:
    """What was deferred must be finished before power on again."""
    case = get_case_or_404(request, number)
    form = own.ReasonForm(request.POST or None)
    return _page(
        request,
        case,
        actions.on_case("fast_lane_revoke", case, request.user),
        form,
        lambda typed: moves.revoke_fast_lane(case, by=request.user, reason=typed["reason"]),
        _("The fast lane is revoked."),
    )


def facts(request: HttpRequest, number: str) -> HttpResponse:
    """A supervisor corrects what decides which steps apply."""
    case = get_case_or_404(request, number)
    form = own.FactsForm(request.POST or None, instance=Case.objects.get(pk=case.pk))
    return _page(
        request,
        case,
        actions.on_case("facts", case, request.user),
        form,
        lambda typed: moves.set_facts(case, by=request.user, note=typed["note"], **form.facts),
        _("Corrected. Steps, limits and money follow from it: look at the case."),
        hint=_(
            "What rests on a fact is done anew: a shared, resold or disputed supply and another "
            "voltage lead back to the survey; class, type, capacity and importance to the plan. "
            "A bill that no longer holds is cancelled, money that was taken goes back."
        ),
    )


def office(request: HttpRequest, number: str) -> HttpResponse:
    """The site moved, or the request came to the wrong office: the case goes to another one."""
    case = get_case_or_404(request, number)
    form = own.OfficeForm(request.POST or None, case=case)
    return _page(
        request,
        case,
        actions.on_case("office", case, request.user),
        form,
        lambda typed: moves.change_office(case, by=request.user, **typed),
        _("%(case)s belongs to the other office now.") % {"case": case.number},
        hint=_(
            "Now with: %(unit)s. The steps follow. Who does not see the case there gives back what "
            "they had: to the queue, and being accountable to somebody there."
        )
        % {"unit": case.unit},
    )
