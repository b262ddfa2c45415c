"""The page of the complaint dossier: what it holds, how it is verified, and where it lies."""

from __future__ import annotations

from zipfile import ZipFile

from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from documents.views import harmless, serve
from dossier import services
from dossier.models import Dossier
from workflow.access import get_case_or_404
from workflow.models import Case
from workflow.refusals import NotNow

PAPER = "dossier.pdf"


def dossier(request: HttpRequest, number: str) -> HttpResponse:
    """What a dossier of this case holds, and those that were made; one press makes another."""
    case = _case(request, number)
    if request.method == "POST":
        services.ask(case, by=request.user, language=get_language() or request.user.language)
        return redirect("dossier:dossier", case.number)
    found = list(case.dossiers.select_related("asked_by"))
    for one in found:
        one.case = case
    waiting = any(one.made_at is None for one in found)
    context = {"case": case, "dossiers": found, "waiting": waiting}
    return render(request, "dossier/page.html", context)


def archive(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The whole dossier, to be saved."""
    found = _made(_case(request, number), pk)
    response = FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"{found.number}.zip",
        content_type="application/zip",
    )
    response.headers["Cache-Control"] = "private, no-store"
    return harmless(response, "application/zip")


def pdf(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """Its paper alone, to be read."""
    found = _made(_case(request, number), pk)
    with found.file.open("rb") as file, ZipFile(file) as archive:
        paper = ContentFile(archive.read(PAPER))
    return serve(paper, f"{found.number}.pdf", "application/pdf")


def _case(request: HttpRequest, number: str) -> Case:
    """The case, to those who answer for it or audit it."""
    case = get_case_or_404(request, number)
    if not request.user.has_role(*services.ROLES):
        raise PermissionDenied
    return case


def _made(case: Case, pk: int) -> Dossier:
    found = get_object_or_404(case.dossiers, pk=pk)
    if found.made_at is None:
        raise NotNow(_("The dossier is still being made. Try again in a minute."))
    found.case = case
    if not found.file.storage.exists(found.file.name):
        raise NotNow(_("The file is missing from the store; tell the administrator."))
    return found
