"""The fees of a case: why not yet, what is due, the bill, the payment, and what goes back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Role
from fees import services
from fees.forms import CorrectionForm, KeptQuoteForm, PaymentForm, RefundForm
from fees.models import Bill, Correction, Refund
from fees.panel import why
from fees.standing import Recomputed, Standing
from workflow import moves, paging
from workflow.access import get_step_or_404
from workflow.models import Step
from workflow.process import Kind
from workflow.refusals import NotNow, refuse


def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The fees page; the biller issues the bill from here, or confirms that nothing is due."""
    step = get_step_or_404(request, number, Kind.FEES)
    refusal = None
    if request.method == "POST":
        if hindrances := moves.hindrances(step, request.user):
            refuse(step, hindrances)
        try:
            return _bill(request, step)
        except ValidationError as error:
            refusal = error
            step = get_step_or_404(request, number, Kind.FEES)
    return _page(request, step, refusal=refusal)


def _bill(request: HttpRequest, step: Step) -> HttpResponse:
    if "nothing_due" in request.POST:
        step = services.nothing_due(step, by=request.user)
        messages.success(request, _("Confirmed: nothing is due. The case goes on."))
        return redirect(step.case)
    bill = services.issue(step, by=request.user)
    messages.success(
        request, _("Bill %(number)s issued. It is the customer's turn.") % {"number": bill.number}
    )
    return redirect(step)


def quote(request: HttpRequest, number: str) -> HttpResponse:
    """The biller proposes to bill as quoted though the published rates have changed."""
    step = get_step_or_404(request, number, Kind.FEES)
    _demand(request.user, Role.BILLER)
    form = KeptQuoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = form.attempt(
            lambda: services.propose_quote(step, by=request.user, **form.cleaned_data)
        )
        if done:
            messages.success(request, _("Proposed. A supervisor has to agree."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Propose to a supervisor"))


@require_POST
def answer_quote(request: HttpRequest, number: str) -> HttpResponse:
    """The supervisor agrees that it is billed as quoted, or does not."""
    step = get_step_or_404(request, number, Kind.FEES)
    _demand(request.user, Role.SUPERVISOR)
    try:
        services.answer_quote(step, by=request.user, agree="approve" in request.POST)
    except ValidationError as refusal:
        return _page(request, get_step_or_404(request, number, Kind.FEES), refusal=refusal)
    messages.success(request, _("Answered. The case goes on."))
    return redirect(step)


def payment(request: HttpRequest, number: str) -> HttpResponse:
    """The cashier receives the payment of the issued bill."""
    step, bill = _bill_or_404(request, number)
    _demand(request.user, Role.CASHIER)
    if Standing.of(step).proposal:
        return _page(request, step, refusal=services.unanswered())
    form = PaymentForm(
        request.POST or None, payer=step.case.customer_name, bill=bill, by=request.user
    )
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: services.receive(bill, by=request.user, **form.cleaned_data))
        if done:
            messages.success(
                request,
                _("Paid. Receipt %(number)s is being made.") % {"number": done.receipt_number},
            )
            return redirect(step)
    return _page(request, step, form=form, act=_("Receive payment"))


def correction(request: HttpRequest, number: str) -> HttpResponse:
    """The biller proposes to waive or to correct the bill."""
    step, bill = _bill_or_404(request, number)
    _demand(request.user, Role.BILLER)
    bill.step = step
    offered = Standing.of(step).may_be_proposed
    if request.method == "GET" and not offered:
        return _page(request, step, refusal=services.against_proposal(bill))
    form = CorrectionForm(request.POST or None, bill=bill)
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: services.propose(bill, by=request.user, **form.cleaned_data))
        if done:
            messages.success(request, _("Proposed. A supervisor has to agree."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Propose to a supervisor"))


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """The supervisor agrees to a waiver or correction, or does not."""
    step, bill = _bill_or_404(request, number)
    _demand(request.user, Role.SUPERVISOR)
    proposal = Correction.objects.filter(bill=bill, answer="").first()
    if proposal is None:
        raise NotNow(_("No waiver or correction waits for an answer."))
    agrees = "approve" in request.POST
    act = services.approve if agrees else services.decline
    try:
        act(proposal, by=request.user)
    except ValidationError as refusal:
        return _page(request, get_step_or_404(request, number, Kind.FEES), refusal=refusal)
    declined = _("Declined: the bill stands as it is.")
    agreed = _("Agreed. The customer's papers follow.")
    messages.success(request, agreed if agrees else declined)
    return redirect(step)


def refunds(request: HttpRequest) -> HttpResponse:
    """Money that is owed to customers, of closed cases too: whose turn it is, and by when."""
    if not request.user.sees_refunds:
        raise PermissionDenied
    found = Refund.objects.waiting().visible_to(request.user).with_due()
    page = paging.by_due(found, request.GET, _with_cases)
    today = timezone.localdate()
    context = {"page": page, "today": today, "count": found.count()}
    return render(request, "fees/refunds.html", context)


def _with_cases(found: QuerySet) -> QuerySet:
    return found.with_due().select_related("payment__bill__step__case", "paid_out_by")


def refund(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The cashier pays a refund out; a second person confirms it."""
    step = get_step_or_404(request, number, Kind.FEES)
    found = get_object_or_404(Refund.objects.of_case(step.case), pk=pk)
    if found.state == Refund.State.PAID_OUT:
        return _confirm(request, step, found)
    _demand(request.user, Role.CASHIER)
    form = RefundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = form.attempt(lambda: services.pay_out(found, by=request.user, **form.cleaned_data))
        if done:
            messages.success(request, _("Paid out. A second person has to confirm it."))
            return redirect(step)
    return _page(request, step, form=form, act=_("Pay out the refund"))


def _confirm(request: HttpRequest, step: Step, found: Refund) -> HttpResponse:
    _demand(request.user, *services.CONFIRMING)
    if request.method != "POST":
        return redirect(step)
    try:
        services.confirm(found, by=request.user)
    except ValidationError as refusal:
        return _page(request, step, refusal=refusal)
    messages.success(request, _("Confirmed: the money went back."))
    return redirect(step)


def _demand(user: User, *roles: str) -> None:
    if not user.has_role(*roles):
        names = _(", ").join(str(Role(role).label) for role in roles)
        raise PermissionDenied(_("This is the work of: %(role)s.") % {"role": names})


def _bill_or_404(request: HttpRequest, number: str) -> tuple[Step, Bill]:
    """The standing bill of the case's latest round."""
    step = get_step_or_404(request, number, Kind.FEES)
    bill = Bill.objects.standing().filter(step=step).first()
    if bill is None:
        raise NotNow(_("No bill is issued."))
    return step, bill


def _page(
    request: HttpRequest,
    step: Step,
    *,
    form: BaseForm | None = None,
    act: str = "",
    refusal: ValidationError | None = None,
) -> HttpResponse:
    standing = Standing.of(step)
    user = request.user
    mine = step.state == Step.State.IN_HAND and not moves.hindrances(step, user)
    context = {
        "step": step,
        "case": step.case,
        "standing": standing,
        "why": why(step) if standing.bill is None or not standing.is_billed else [],
        "refusals": refusal.messages if refusal else [],
        "money_form": form,
        "act": act,
        "compared": _compared(standing, form),
        "can_bill": mine and not standing.is_unpaid,
        "is_cashier": user.has_role(Role.CASHIER),
        "is_biller": user.has_role(Role.BILLER),
        "is_supervisor": user.has_role(Role.SUPERVISOR),
        "has_acts": _has_acts(standing, user, mine),
        "confirms": user.has_role(*services.CONFIRMING),
        "may_propose": user.has_role(Role.BILLER) and _may_propose(standing),
    }
    status = 422 if form and form.errors else 200
    return render(request, "fees/sheet.html", context, status=status)


def _compared(standing: Standing, form: BaseForm | None) -> Recomputed | None:
    """The bill beside what it would be, where somebody decides whether it is computed anew."""
    proposal = standing.proposal
    decides = proposal and proposal.kind == Correction.Kind.CORRECT
    return standing.recomputed if decides or isinstance(form, CorrectionForm) else None


def _may_propose(standing: Standing) -> bool:
    """Whether a waiver or correction can be asked for; an unpaid bill can always be waived."""
    if standing.proposed_at:
        return False
    return standing.is_unpaid or bool(standing.may_be_proposed)


def _has_acts(standing: Standing, user: User, mine: bool) -> bool:
    """Whether any button stands below the bill for this person."""
    if mine and not standing.is_unpaid:
        return True
    if standing.proposal:
        return False
    if standing.is_unpaid and user.has_role(Role.CASHIER):
        return True
    return user.has_role(Role.BILLER) and _may_propose(standing)
