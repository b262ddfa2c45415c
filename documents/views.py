"""The papers of a case: the checklist, what was handed in, what was issued."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from documents import panel, steps
from documents.forms import AttachForm, ReceiveForm, WaiveForm
from documents.models import Paper
from workflow.access import get_case_or_404
from workflow.guards import Refused

logger = logging.getLogger(__name__)


def papers(request: HttpRequest, number: str) -> HttpResponse:
    """The checklist and every paper of the case; other files can be added."""
    case = get_case_or_404(request, number)
    form = AttachForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            steps.attach(
                case, form.cleaned_data["file"], title=form.cleaned_data["title"], by=request.user
            )
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("File kept with the case."))
            return redirect("documents:papers", case.number)
    context = panel.papers(case, request.user) | {
        "form": form,
        "attachments": case.attachments.select_related("uploaded_by"),
        "all_issued": case.papers.order_by("number", "language"),
    }
    return render(request, "documents/papers.html", context)


def receive(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A paper of the checklist is handed in, with its scan."""
    case = get_case_or_404(request, number)
    item = get_object_or_404(case.papers_owed.select_related("requirement"), pk=pk)
    form = ReceiveForm(request.POST, request.FILES) if request.method == "POST" else ReceiveForm()
    if form.is_valid():
        try:
            steps.receive(item, by=request.user, file=form.cleaned_data["scan"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Received: %(paper)s.") % {"paper": item.requirement.label})
            return redirect("documents:papers", case.number)
    return render(request, "documents/receive.html", {"case": case, "item": item, "form": form})


def waive(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A supervisor decides that a paper is not needed."""
    case = get_case_or_404(request, number)
    if not request.user.steers:
        raise PermissionDenied
    item = get_object_or_404(case.papers_owed.select_related("requirement"), pk=pk)
    form = WaiveForm(request.POST or None)
    if form.is_valid():
        try:
            steps.waive(item, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, _("Not needed: %(paper)s.") % {"paper": item.requirement.label}
            )
            return redirect("documents:papers", case.number)
    return render(request, "documents/receive.html", {"case": case, "item": item, "form": form})


def attachment(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A file received, to those who may see its case."""
    found = get_object_or_404(get_case_or_404(request, number).attachments, pk=pk)
    return serve(found.file, found.original_name, found.content_type)


def paper(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A paper issued, as PDF, to those who may see its case."""
    found = get_object_or_404(get_case_or_404(request, number).papers, pk=pk)
    if found.rendered_at is None:
        if found.on_demand:
            steps.ask_for(found)
        raise Http404(_("The paper is still being made. Try again in a minute."))
    return serve(found.file, f"{found.number}-{found.language}.pdf", "application/pdf")


def serve(file: FieldFile, name: str, content_type: str) -> FileResponse:
    """Bytes to look at in the browser, which may run and fetch nothing in their name."""
    try:
        response = FileResponse(file.open("rb"), filename=name, content_type=content_type)
    except FileNotFoundError as error:
        logger.error("Stored file is missing: %s", file.name)
        raise Http404(_("The file is missing from the store; tell the administrator.")) from error
    # Not "sandbox" for a PDF: the browsers' own viewers stay blank under it.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; object-src 'self'"
        if content_type == "application/pdf"
        else "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@login_not_required
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Tell anybody with the QR of a paper when it was issued, and its checksum."""
    found = get_object_or_404(Paper.objects.select_related("case__unit"), code=code)
    newer = Paper.objects.filter(case=found.case_id, kind=found.kind, language=found.language)
    context = {"paper": found, "newer": newer.filter(pk__gt=found.pk).exists()}
    response = render(request, "documents/verify.html", context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
