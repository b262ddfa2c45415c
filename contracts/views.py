"""The supply contract of a case: drawn, signed by both, read."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from applications.signers import signers_of
from contracts import content, panel, services
from contracts.forms import CustomerSignatureForm, DrawForm, InterimForm, RevisionForm
from contracts.guards import SAYS_ALL, SAYS_WHAT_IS_RIGHT, contract_of
from contracts.models import Contract
from workflow import moves
from workflow.access import get_step_or_404
from workflow.models import Case, Step
from workflow.process import Kind, guards
from workflow.refusals import NotNow, refuse


def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The contract: to draw while it is in our hand, to read afterwards."""
    step = get_step_or_404(request, number, Kind.CONTRACT)
    hindrances = moves.hindrances(step, request.user)
    if hindrances or step.state != Step.State.IN_HAND:
        if request.method == "POST":
            refuse(step, hindrances)
        return _page(request, step)
    form = DrawForm(request.POST or None, case=step.case, initial=_before(step))
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: services.draw(step, by=request.user, **form.cleaned_data))
        if done:
            messages.success(request, _("Contract drawn. It is the customer's turn to sign."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Draw the contract"))


def _before(step: Step) -> dict[str, Any]:
    """What was agreed in the version before, of this round or of the one before."""
    contract = contract_of(step)
    if contract is None and step.round > 1:
        contract = Contract.objects.filter(step__case=step.case).order_by("-version").first()
    if contract is None:
        return {}
    said = {name: getattr(contract, name) for name in DrawForm.Meta.fields}
    return {name: value for name, value in said.items() if value not in (None, "", 0)}


def customer(request: HttpRequest, number: str) -> HttpResponse:
    """Record the customer's signature."""
    step, contract = _contract_or_404(request, number)
    form = CustomerSignatureForm(
        request.POST or None,
        request.FILES or None,
        drawn=contract,
        initial=_usual_signer(step.case),
    )
    if request.method == "POST" and form.is_valid():
        done = form.attempt(
            lambda: services.sign_customer(contract, by=request.user, **form.cleaned_data)
        )
        if done:
            return _signed(request, done)
    return _page(request, step, form=form, act=_("Record the signature"))


def _usual_signer(case: Case) -> dict[str, str]:
    """A person signs in person, for a company its legal representative, else its agent."""
    signers, as_whom = signers_of(case, timezone.localdate()), Contract.Signer
    if signers.in_person:
        return {"signed_name": signers.in_person, "signed_as": as_whom.SELF}
    if signers.representative:
        return {"signed_name": signers.representative, "signed_as": as_whom.REPRESENTATIVE}
    return {"signed_name": signers.agent, "signed_as": as_whom.AGENT if signers.agent else ""}


@require_POST
def utility(request: HttpRequest, number: str) -> HttpResponse:
    """The contract officer signs for the utility."""
    step, contract = _contract_or_404(request, number)
    try:
        done = services.sign_utility(contract, by=request.user)
    except ValidationError as refusal:
        return _page(request, step, refusals=refusal.messages)
    return _signed(request, done)


def interim(request: HttpRequest, number: str) -> HttpResponse:
    """Record the interim agreement of the fast lane."""
    step, contract = _contract_or_404(request, number)
    if not step.is_deferred:
        raise NotNow(_("Only a contract deferred by the fast lane has an interim agreement."))
    usual = signers_of(step.case, timezone.localdate()).usual
    form = InterimForm(request.POST or None, request.FILES or None, initial={"interim_name": usual})
    if request.method == "POST" and form.is_valid():
        done = form.attempt(
            lambda: services.sign_interim(contract, by=request.user, **form.cleaned_data)
        )
        if done:
            messages.success(request, _("Interim agreement recorded. The contract is still owed."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Record the interim agreement"))


def revision(request: HttpRequest, number: str) -> HttpResponse:
    """Take the contract back to be drawn anew."""
    step, contract = _contract_or_404(request, number)
    wrong = [guard.says(step) for guard in (SAYS_WHAT_IS_RIGHT, SAYS_ALL) if not guard(step)]
    why = next(iter(wrong), "")
    form = RevisionForm(request.POST or None, initial={"remarks": why})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["remarks"]
        done = form.attempt(lambda: services.revise(contract, by=request.user, reason=reason))
        if done:
            messages.success(request, _("Taken back. Draw the next version."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Draw the contract anew"))


def _contract_or_404(request: HttpRequest, number: str) -> tuple[Step, Contract]:
    """The drawn contract of the latest round, for who may work on it."""
    step = get_step_or_404(request, number, Kind.CONTRACT)
    contract = contract_of(step)
    if hindrances := moves.hindrances(step, request.user):
        refuse(step, hindrances)
    if contract is None or not step.is_live:
        raise NotNow(_("No contract is drawn."))
    if contract.state != Contract.State.DRAWN:
        raise NotNow(
            _("The contract is %(state)s already.") % {"state": contract.get_state_display()}
        )
    contract.step = step
    return step, contract


def _signed(request: HttpRequest, contract: Contract) -> HttpResponse:
    if contract.state == Contract.State.SIGNED:
        messages.success(request, _("Signed by both. The case goes on."))
        return redirect(contract.step.case)
    messages.success(request, _("Signature recorded. The other party has still to sign."))
    return redirect(contract.step)


def _page(
    request: HttpRequest,
    step: Step,
    *,
    form: BaseForm | None = None,
    act: str = "",
    refusals: list[str] | None = None,
) -> HttpResponse:
    contract = contract_of(step)
    open_guards = [] if step.is_finished else [g for g in guards(Kind.CONTRACT) if not g(step)]
    context = {
        "step": step,
        "case": step.case,
        "contract": contract,
        "contract_sections": panel.sections(contract),
        "clauses": contract.content["clauses"] if contract else [],
        "contract_form": form,
        "act": act,
        "source": ""
        if contract and not isinstance(form, RevisionForm)
        else content.source(step.case),
        "refusals": refusals or [],
        "mine": step.is_live and not moves.hindrances(step, request.user),
        "open": [guard.says(step) for guard in open_guards],
        "is_outdated": bool({SAYS_WHAT_IS_RIGHT, SAYS_ALL} & set(open_guards)),
    }
    status = 422 if form and form.errors else 200
    return render(request, "contracts/sheet.html", context, status=status)
