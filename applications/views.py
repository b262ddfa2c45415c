"""The pages of the counter: a new application, its sheet, the contact log."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from applications import intake, steps
from applications.forms import ContactForm, signed_layout
from applications.models import Application
from applications.panel import read
from workflow import clocks, moves
from workflow.access import get_case_or_404, get_step_or_404
from workflow.guards import Refused
from workflow.models import Step
from workflow.process import Kind
from workflow.sheets import readonly

CONTACTS_A_PAGE = 30


def new(request: HttpRequest) -> HttpResponse:
    """A new application: look, save as a draft, or accept at once."""
    if not request.user.is_clerk:
        raise PermissionDenied
    if step := intake.begun(request):
        return _again(request, step)
    sheet = intake.Intake(request, Application(), [])
    if not sheet.handed_in:
        return sheet.page()
    try:
        case = sheet.open()
    except Refused as refusal:
        return sheet.page(refusal)
    return _done(request, case.step(Kind.APPLICATION))


def _again(request: HttpRequest, step: Step) -> HttpResponse:
    """The same new sheet a second time: a draft is never replaced by an older page unasked."""
    if step.state != Step.State.IN_HAND or moves.hindrances(step, request.user):
        return redirect(step.case)
    sheet = intake.Intake(request, *steps.draft_for(step), step=step)
    if not sheet.differs:
        return redirect(step)
    text = _(
        "This sheet is saved as a draft already. Save again to replace it by what stands here."
    )
    messages.warning(request, text)
    return sheet.page()


def application(request: HttpRequest, number: str) -> HttpResponse:
    """The sheet of a case: to be filled in by the clerk who has it, to be read by all others."""
    step = get_step_or_404(request, number, Kind.APPLICATION)
    hindrances = moves.hindrances(step, request.user)
    if hindrances or step.state != Step.State.IN_HAND:
        return _read(request, step, hindrances if step.is_live else [])
    sheet = intake.Intake(request, *steps.draft_for(step), step=step)
    if not sheet.handed_in:
        return sheet.page()
    try:
        step = sheet.save()
    except Refused as refusal:
        return sheet.page(refusal)
    return _done(request, step)


def _done(request: HttpRequest, step: Step) -> HttpResponse:
    if step.state == Step.State.DONE:
        messages.success(request, _("Accepted. The receipt is being made; the survey is next."))
        return redirect(step.case)
    messages.success(request, _("Draft saved. Nothing is accepted yet."))
    return redirect(step)


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    if request.method == "POST":
        raise PermissionDenied
    sheet = Application.objects.filter(step=step).select_related("accepted_by").first()
    context = {
        "step": step,
        "case": step.case,
        "hindrances": hindrances,
        "application": sheet,
        "sections": readonly(sheet.masked, signed_layout(sheet)) if sheet else [],
        "equipment": list(sheet.equipment.all()) if sheet else [],
    }
    return render(request, "applications/application.html", context)


def contact(request: HttpRequest, number: str) -> HttpResponse:
    """The contact log of a case, and one contact more."""
    case = get_case_or_404(request, number)
    if request.method == "POST" and not steps.may_note(case, request.user):
        raise PermissionDenied
    form = ContactForm(request.POST or None, case=case)
    if request.method == "POST" and form.is_valid():
        try:
            steps.note_contact(form.save(commit=False), case=case, by=request.user)
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
        "form": form if steps.may_note(case, request.user) else None,
    }
    return render(request, "applications/contacts.html", context)
