"""The pages of the counter: a new application, its sheet, the contact log."""

from __future__ import annotations

from copy import copy
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from applications import intake, paper, services
from applications.corrections import CorrectionForm
from applications.forms import AuthorityForm, ContactForm, RenewCodeForm, signed_layout
from applications.models import Application, Contact, Correction
from applications.panel import read
from workflow import clocks, moves
from workflow.access import get_case_or_404, get_step_or_404, opens_for
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.paging import whole_number
from workflow.process import Kind
from workflow.refusals import NotNow, refuse
from workflow.sheets import readonly
from workflow.views.case import aside

CONTACTS_A_PAGE = 30


def new(request: HttpRequest) -> HttpResponse:
    """A new application: look, save as a draft, or accept at once."""
    if not request.user.is_clerk:
        raise PermissionDenied
    if step := intake.begun(request):
        return _again(request, step)
    sheet = intake.Intake(request, Application(), [])
    if other := sheet.joined:
        return _join(request, sheet, other)
    if not sheet.handed_in:
        return sheet.page()
    try:
        case = sheet.open()
    except Refused as refusal:
        return sheet.page(refusal)
    return _done(request, case.step(Kind.APPLICATION))


def _again(request: HttpRequest, step: Step) -> HttpResponse:
    """The same new sheet a second time: it leads where the first one led only if it says the same.

    A draft is replaced by another page of the same customer when that is asked for; what is of
    another customer, or of a sheet accepted since, becomes a case of its own.
    """
    kept = step.application
    sheet = intake.Intake(request, Application(), [])
    is_open = step.state == Step.State.IN_HAND and not moves.hindrances(step, request.user)
    if not sheet.differs(kept):
        return redirect(step if is_open else step.case)
    if is_open and sheet.is_of_customer(kept):
        text = _(
            "This sheet is saved as a draft already. Save again to replace it by what stands here."
        )
        messages.warning(request, text)
        return intake.Intake(request, *services.draft_for(step), step=step).page()
    sheet.token = uuid4()
    text = _(
        "This sheet was handed in already with other values: %(case)s, %(customer)s. What stands "
        "here is not saved: check it and hand it in again, as a case of its own."
    )
    return sheet.page(
        Refused(text % {"case": step.case.number, "customer": step.case.customer_name})
    )


def application(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet of a case: to be filled in by the clerk who has it, to be read by all others."""
    step = get_step_or_404(request, number, Kind.APPLICATION)
    hindrances = moves.hindrances(step, request.user)
    if hindrances or step.state != Step.State.IN_HAND:
        return _read(request, step, hindrances if step.is_live else [])
    sheet = intake.Intake(request, *services.draft_for(step), step=step)
    if other := sheet.joined:
        return _join(request, sheet, other)
    if not sheet.handed_in:
        return sheet.page()
    try:
        step = sheet.save()
    except Refused as refusal:
        return sheet.page(refusal)
    return _done(request, step)


def _join(request: HttpRequest, sheet: intake.Intake, other: Case) -> HttpResponse:
    """The request is there already: note on that case that it was made again."""
    try:
        services.join(sheet.form.instance, other, by=request.user)
    except Refused as refusal:
        return sheet.page(refusal)
    text = _("Noted here; there is no other case for this request.")
    messages.success(request, text)
    return redirect(other)


def _done(request: HttpRequest, step: Step) -> HttpResponse:
    if step.state == Step.State.DONE:
        messages.success(request, _("Accepted. The receipt is being made; the survey is next."))
        return redirect(step.case)
    messages.success(request, _("Draft saved. Nothing is accepted yet."))
    return redirect(step)


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    if request.method == "POST":
        refuse(step, hindrances)
    sheet = Application.objects.filter(step=step).select_related("accepted_by").first()
    context = {
        "step": step,
        "case": step.case,
        "hindrances": hindrances,
        "application": sheet,
        "corrections": list(sheet.corrections.select_related("by")) if sheet else [],
        "sections": readonly(sheet.masked, signed_layout(sheet)) if sheet else [],
        "equipment": list(sheet.equipment.all()) if sheet else [],
    }
    return render(request, "applications/application.html", context)


def contact(request: HttpRequest, number: str) -> HttpResponse:
    """The contact log of a case, and one contact more."""
    case = get_case_or_404(request, number)
    if request.method == "POST" and not services.may_note(case, request.user):
        raise PermissionDenied
    form = ContactForm(request.POST or None, case=case)
    if request.method == "POST" and form.is_valid():
        try:
            services.note_contact(form.save(commit=False), case=case, by=request.user)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Contact noted."))
            return (
                redirect("applications:contact", number)
                if "log" in request.POST
                else redirect(case)
            )
    page = Paginator(case.contacts.all(), CONTACTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "case": case,
        "page": page,
        "silent_days": clocks.silent_days(case, timezone.localdate()),
        "contacts": read(page.object_list),
        "proof": Contact.objects.proof_of_attempts(case, case.opened_at),
        "form": form if services.may_note(case, request.user) else None,
        "news": aside(request, case, "news", "messages", "_messages"),
    }
    return render(request, "applications/contacts.html", context)


@opens_for(services.may_hand_out_code)
def code(request: HttpRequest, number: str) -> HttpResponse:
    """The code by which the customer follows the case; a lost one is replaced."""
    case = get_case_or_404(request, number)
    if not services.may_hand_out_code(case, request.user):
        raise PermissionDenied
    form = RenewCodeForm(request.POST or None)
    if form.is_valid():
        try:
            services.renew_code(case, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The old code opens nothing any more; hand out this one."))
            return redirect("applications:code", number)
    # One that was never printed is made when it is replaced, not by looking.
    held = case.codes.filter(revoked_at=None).first()
    return render(request, "applications/code.html", {"case": case, "code": held, "form": form})


@opens_for(services.may_renew_authority)
def authority(request: HttpRequest, number: str) -> HttpResponse:
    """The agent's authority was renewed: its last day, and the paper."""
    case = get_case_or_404(request, number)
    if not services.may_renew_authority(case, request.user):
        raise PermissionDenied
    sheet = Application.of(case)
    if sheet is None or not sheet.agent_name or not sheet.accepted_at:
        raise NotNow(_("The accepted application names no agent."))
    form = AuthorityForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            services.renew_authority(case, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The renewed authority is on record."))
            return redirect(case)
    context = {"case": case, "application": sheet, "ends": sheet.authority_ends(), "form": form}
    return render(request, "applications/authority.html", context)


@opens_for(services.may_correct)
def correction(request: HttpRequest, number: str) -> HttpResponse:
    """What the accepted sheet says wrongly of the customer, and the papers that bear it."""
    case = get_case_or_404(request, number)
    if not services.may_correct(case, request.user):
        raise PermissionDenied
    before = services.correctable(case)
    if before is None:
        return render(request, "applications/correction.html", {"case": case})
    if "issue" in request.POST:
        return _issue_anew(request, case)
    made = list(Correction.objects.filter(application__step__case=case).select_related("by"))
    form = CorrectionForm(
        request.POST or None,
        instance=copy(before),
        by=request.user,
        latest=made[-1].pk if made else 0,
    )
    if form.is_valid() and form.warn(services.newly_alike(before, form.instance, request.user)):
        try:
            reason = form.cleaned_data["reason"]
            services.correct(case, form.instance, by=request.user, reason=reason)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Corrected. Look at the papers that bear what was wrong."))
            return redirect("applications:correction", number)
    issued = paper.bearing(case, request.user.language)
    context = {"case": case, "form": form, "corrections": made, "issued": issued}
    return render(request, "applications/correction.html", context)


def _issue_anew(request: HttpRequest, case: Case) -> HttpResponse:
    """The button beside a paper that bears what was wrong."""
    pk = whole_number(request.POST["issue"])
    issued = case.papers.filter(pk=pk).select_related("step").first() if pk else None
    if issued is None:
        raise NotNow(_("This paper is not there any more. Look at the papers again."))
    try:
        services.issue_anew(case, issued, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The paper is being made anew."))
    return redirect("applications:correction", case.number)
