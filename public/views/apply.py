"""Applying on the web, page by page: nothing typed is lost, whatever stops halfway."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.backends import client_address
from accounts.views import speak
from documents.qr import qr
from public import drafts, pages
from public.access import public_page
from public.models import Draft
from workflow.guards import Refused
from workflow.process import Kind

ORDER = list(pages.TITLES)
HELD = "application_begun"


def begun(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the application this browser holds; without one, the way leads to the start."""

    @public_page
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        draft = held(request)
        if draft is None:
            return redirect("public:apply")
        if draft.case_id:
            return redirect("public:apply_sent")
        try:
            return view(request, draft, *args, **kwargs)
        except Refused:  # sent meanwhile, in another window
            return redirect("public:apply_sent")

    return shown


def held(request: HttpRequest) -> Draft | None:
    """The application that was begun or resumed in this browser."""
    pk = request.session.get(HELD)
    return Draft.objects.select_related("case__unit").filter(pk=pk).first() if pk else None


def hold(request: HttpRequest, draft: Draft) -> None:
    """From here on this browser fills in this application."""
    request.session.cycle_key()
    request.session[HELD] = draft.pk


@public_page
def start(request: HttpRequest) -> HttpResponse:
    """What is needed, how long it takes; begin, or go on."""
    refusal = None
    if request.method == "POST" and "begin" in request.POST:
        try:
            hold(request, drafts.begin(client_address(request), get_language()))
        except Refused as error:
            refusal = error
        else:
            return redirect("public:apply_place")
    draft = held(request)
    context = {"held": draft if draft and not draft.case_id else None, "refusal": refusal}
    return render(request, "public/apply/start.html", context, status=429 if refusal else 200)


@public_page
def resume(request: HttpRequest) -> HttpResponse:
    """Go on with an application by its code."""
    typed, refusal, wrong = request.POST.get("code", "")[:40], None, False
    if typed:
        try:
            draft = drafts.resume(typed, client_address(request))
        except Refused as error:
            refusal = error
        else:
            if draft:
                hold(request, draft)
                return redirect(f"public:apply_{pages.left_at(draft.typed)}")
            wrong = True
    context = {"typed": typed, "refusal": refusal, "wrong": wrong}
    return render(request, "public/apply/resume.html", context, status=429 if refusal else 200)


@begun
def questions(request: HttpRequest, draft: Draft, page: str) -> HttpResponse:
    """A page of questions; what is answered is kept first, and judged then."""
    if request.method == "POST":
        draft = drafts.keep(draft, _answers(request, draft, page), language=get_language())
    seen = any(name in draft.typed for name in pages.names_of(page))
    form = pages.read(draft.typed, bound=seen)
    listed = page == pages.DEMAND
    wrong = form.wrong(page) if seen else []
    stays = bool(wrong) or (seen and listed and not form.equipment.is_valid())
    if request.method == "POST" and (target := _onward(request, page, stays)):
        return target
    context = _around(draft, page) | {
        "form": form,
        "groups": form.groups(page),
        "wrong": wrong,
        "appliances": form.equipment if listed else None,
    }
    return render(request, "public/apply/questions.html", context)


def _answers(request: HttpRequest, draft: Draft, page: str) -> dict[str, str]:
    """What was posted for the questions of the page; what was left out is answered by nothing."""
    names, rows = pages.names_of(page), {}
    if page == pages.DEMAND:
        names += pages.appliance_names(draft.typed)
        more = pages.ROWS if "more" in request.POST else 0
        rows = {pages.TOTAL: str(pages.appliance_rows(draft.typed) + more)}
    return {name: request.POST.get(name, "") for name in names} | rows


def _onward(request: HttpRequest, page: str, stays: bool) -> HttpResponse | None:
    """Where the pressed button leads; nowhere while something on the page is wrong."""
    place, here = ORDER.index(page), f"public:apply_{page}"
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        return speak(redirect(here), language)
    if "more" in request.POST:
        return redirect(here)
    if "back" in request.POST:
        return redirect(f"public:apply_{ORDER[place - 1]}" if place else "public:apply")
    return None if stays else redirect(f"public:apply_{ORDER[place + 1]}")


@begun
def papers(request: HttpRequest, draft: Draft) -> HttpResponse:
    """A photo of each paper; one is enough to begin."""
    wanted = pages.papers_for(pages.read(draft.typed))
    form = pages.PapersForm(request.POST or None, request.FILES or None, papers=wanted)
    if request.method == "POST":
        _keep_files(request, draft, form, wanted)
        if target := _onward(request, pages.PAPERS, bool(form.errors) or "drop" in request.POST):
            return target
    there = {file.requirement: file for file in draft.files.all()}
    rows = [(paper, form[paper.code], there.get(paper.code)) for paper in wanted]
    context = _around(draft, pages.PAPERS) | {"rows": rows, "form": form}
    return render(request, "public/apply/papers.html", context)


def _keep_files(request: HttpRequest, draft: Draft, form: pages.PapersForm, wanted: list) -> None:
    """What is sound is kept, whatever is wrong with another."""
    if "drop" in request.POST:
        drafts.drop_file(draft, request.POST["drop"][:50])
    form.is_valid()
    for paper in wanted:
        if file := form.cleaned_data.get(paper.code):
            try:
                drafts.keep_file(draft, paper, file)
            except ValidationError as refusal:
                form.add_error(paper.code, ValidationError(refusal.messages))


@begun
def check(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Everything once more, what is still missing, and the button that sends it."""
    form = pages.read(draft.typed)
    files = {file.requirement: file for file in draft.files.all()}
    refusal = None
    if request.method == "POST" and "send" in request.POST:
        try:
            drafts.send(draft)
        except Refused as error:
            refusal = error
        else:
            return redirect("public:apply_sent")
    elif request.method == "POST" and (target := _onward(request, pages.CHECK, stays=True)):
        return target
    wanted = pages.papers_for(form)
    context = _around(draft, pages.CHECK) | {
        "said": [
            (page, f"public:apply_{page}", pages.TITLES[page], form.answers(page))
            for page in pages.QUESTIONS
        ],
        "appliances": form.equipment,
        "there": [paper for paper in wanted if paper.code in files],
        "owed": [paper for paper in wanted if paper.code not in files],
        "unready": drafts.shortcomings(form, files),
        "refusal": refusal,
    }
    return render(request, "public/apply/check.html", context)


@public_page
def sent(request: HttpRequest) -> HttpResponse:
    """The number, the code to follow the request by, and what happens next."""
    draft = held(request)
    if draft is None or draft.case is None:
        return redirect("public:apply")
    case = draft.case
    step = case.step(Kind.APPLICATION)
    # The first code, for who sent the application; a code issued after it is told at the counter.
    # The code of the beginning: once the office has replaced it, only the office hands it out.
    code = case.codes.order_by("pk").first()
    holds = code is not None and code.revoked_at is None
    context = {
        "case": case,
        "code": code if holds else None,
        "qr": qr(code.url, title=_("Your request"), border=2) if holds else "",
        "by": step.due_on,
    }
    return render(request, "public/apply/sent.html", context)


def _around(draft: Draft, page: str) -> dict[str, Any]:
    """Where one is, and the code that leads back here."""
    return {
        "draft": draft,
        "page": page,
        "title": pages.TITLES[page],
        "place": ORDER.index(page) + 1,
        "pages": len(ORDER),
    }
