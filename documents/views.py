"""The papers of a case: the checklist, what was handed in, what was issued."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from documents import asking, panel, services
from documents.files import Checked, without_metadata
from documents.forms import AttachForm, ReceiveForm, SentForm, WaiveForm
from documents.models import Original, Paper, PaperItem
from workflow.access import get_case_or_404
from workflow.guards import Refused
from workflow.models import Case
from workflow.refusals import NotNow

logger = logging.getLogger(__name__)
THUMBNAIL = 320  # pixels


def papers(request: HttpRequest, number: str) -> HttpResponse:
    """The checklist and every paper of the case; other files can be added."""
    case = get_case_or_404(request, number)
    form = AttachForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            services.attach(
                case, form.cleaned_data["file"], title=form.cleaned_data["title"], by=request.user
            )
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("File kept with the case."))
            return redirect("documents:papers", case.number)
    asks = asking.asked(case)
    context = panel.papers(case, request.user) | {
        "form": form,
        "attachments": case.attachments.select_related("uploaded_by"),
        "all_issued": case.papers.order_by("number", "language").with_ends(),
        "the_list": asking.the_list(case, asks),
        "proposed": [ask for ask in asks if ask.is_proposed],
        "asked_later": sum(1 for ask in asks if ask.late and ask.number),
    }
    return render(request, "documents/papers.html", context)


def receive(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A paper of the checklist is handed in, with its scan."""
    case = get_case_or_404(request, number)
    item = get_object_or_404(case.papers_owed.select_related("requirement"), pk=pk)
    if item.attachment_id:
        return _sent(request, case, item)
    form = ReceiveForm(request.POST, request.FILES) if request.method == "POST" else ReceiveForm()
    if form.is_valid():
        try:
            services.receive(item, by=request.user, file=form.cleaned_data["scan"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Received: %(paper)s.") % {"paper": item.requirement.label})
            return redirect("documents:papers", case.number)
    return render(request, "documents/receive.html", {"case": case, "item": item, "form": form})


def _sent(request: HttpRequest, case: Case, item: PaperItem) -> HttpResponse:
    """What the customer sent is looked at: it is taken, or they hear why not."""
    form = SentForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            if "refuse" in request.POST:
                services.not_taken(item, by=request.user, reason=reason)
                done = _("The customer is asked to send it once more.")
            elif reason:  # the Enter key presses the first button
                raise Refused(_("You wrote why it cannot be taken: ask for it once more."))
            else:
                services.receive(item, by=request.user)
                done = _("Received: %(paper)s.") % {"paper": item.requirement.label}
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, done)
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
            services.waive(item, by=request.user, reason=form.cleaned_data["reason"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(
                request, _("Not needed: %(paper)s.") % {"paper": item.requirement.label}
            )
            return redirect("documents:papers", case.number)
    return render(request, "documents/receive.html", {"case": case, "item": item, "form": form})


@require_POST
def point(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A point of the one list: put right; or, for a supervisor, asked for later or not at all."""
    case = get_case_or_404(request, number)
    if request.user.only_looks:
        raise PermissionDenied
    found = get_object_or_404(case.asks.select_related("step"), pk=pk)
    acts = {"close": asking.close, "approve": asking.approve, "decline": asking.decline}
    if act := acts.get(request.POST.get("act", "")):
        try:
            act(found, by=request.user)
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("Recorded: %(point)s") % {"point": found.what})
    return redirect("documents:papers", case.number)


def attachment(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A file received, to those who may see its case; `?original` as it was sent."""
    found = get_object_or_404(get_case_or_404(request, number).attachments, pk=pk)
    if "original" in request.GET:
        return serve_original(found.sha256, found.original_sha256, found.original_name)
    return serve(found.file, found.original_name, found.content_type)


def thumbnail(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A picture received, small enough to lie on a tablet."""
    found = get_object_or_404(get_case_or_404(request, number).attachments, pk=pk)
    if not found.content_type.startswith("image/"):
        raise Http404
    with _opened(found.file) as file:
        whole = Checked(file.read(), found.content_type, found.original_name)
    small = without_metadata(whole, THUMBNAIL)
    return serve(small.as_file(), f"{number}-{pk}-small.jpg", small.content_type)


def paper(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A paper issued, as PDF, to those who may see its case."""
    found = get_object_or_404(get_case_or_404(request, number).papers, pk=pk)
    if found.rendered_at is None:
        if found.on_demand:
            services.ask_for(found)
        raise NotNow(_("The paper is still being made. Try again in a minute."))
    return serve(found.file, f"{found.number}-{found.language}.pdf", "application/pdf")


def serve_original(shown_sha256: str, sha256: str, name: str) -> FileResponse:
    """A picture as it was sent, to be kept: no browser is asked to show it."""
    original = get_object_or_404(Original, shown_sha256=shown_sha256, sha256=sha256)
    return serve(original.file, name, original.content_type, to_keep=True)


def serve(file: File, name: str, content_type: str, *, to_keep: bool = False) -> FileResponse:
    """Bytes to look at in the browser, which may run and fetch nothing in their name."""
    response = FileResponse(
        _opened(file), as_attachment=to_keep, filename=name, content_type=content_type
    )
    response.headers["Cache-Control"] = "private, no-store"
    return harmless(response, content_type)


def _opened(file: File) -> File:
    """A stored file to read; one that is gone is told the administrator, and not found."""
    try:
        return file.open("rb")
    except FileNotFoundError as error:
        logger.error("Stored file is missing: %s", file.name)
        raise NotNow(_("The file is missing from the store; tell the administrator.")) from error


def harmless(response: Any, content_type: str) -> Any:
    """An answer with somebody's bytes in it: it may run nothing, and is taken for what it says."""
    # Not "sandbox" for a PDF: the browsers' own viewers stay blank under it.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; object-src 'self'"
        if content_type == "application/pdf"
        else "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
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
