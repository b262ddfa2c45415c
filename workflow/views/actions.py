"""Moving a case by hand: small pages, each one question; all of it through the one door."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from workflow import actions, moves
from workflow import forms as own
from workflow.access import get_case_or_404
from workflow.guards import Refused
from workflow.models import Case, Step


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
    """Show the form of an action, or why it is not possible; do it when it is handed in."""
    if not action.why_not and request.method == "POST" and form.is_valid():
        try:
            do(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, done)
            return redirect("workflow:case", case.number)
    context |= {"case": case, "action": action, "form": form}
    return render(request, "workflow/act.html", context, status=action.status)


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
    form = own.StopForm(request.POST or None)
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
        _("Corrected. Steps not begun were derived anew."),
        hint=_("Steps already begun stay; those not begun follow the facts."),
    )
