"""The tracking page: what is done, what happens now, by whom and by when, what we wait for."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.backends import client_address
from applications.models import TrackingCode
from documents import services as papers
from documents.models import PaperItem
from documents.views import serve
from public import access, rows, services, story
from public.forms import CodeForm, HandInForm, PlanForm, WordForm
from workflow import clocks, ladder
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind


@access.public_page
def door(request: HttpRequest) -> HttpResponse:
    """Number and code, typed by hand."""
    form = CodeForm(request.POST or None)
    if form.is_valid():
        return _opened(request, form)
    return render(request, "public/door.html", {"form": form})


@access.public_page
def enter(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """The address in the receipt's QR and in every message: the code leaves the address bar."""
    form = CodeForm({"number": number, "code": code})
    if not form.is_valid():
        return access.shut(request, number)
    return _opened(request, form)


def _opened(request: HttpRequest, form: CodeForm) -> HttpResponse:
    """The page of the case if the code is right; a wrong one is counted."""
    number, typed = form.cleaned_data["number"], form.cleaned_data["code"]
    address = client_address(request)
    if until := services.barred_until(address):
        return _wait(request, until)
    code = access.find(number, typed)
    if code is None:
        # Wrong codes for one number bar other wrong ones only: nobody can lock the customer out.
        if until := services.barred_until(address, number):
            return _wait(request, until)
        services.note_guess(address, number)
        form.add_error(None, _("Number and code do not belong together. Look at your receipt."))
        return render(request, "public/door.html", {"form": form}, status=404)
    access.remember(request, code)
    response = redirect("public:case", code.case.number)
    # Only here: on a page with a form it would take away the origin by which a forgery is known.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _wait(request: HttpRequest, until: datetime) -> HttpResponse:
    """Too many wrong codes: when the next try is heard."""
    minutes = ceil((until - timezone.now()).total_seconds() / 60)
    context = {"until": until, "minutes": minutes}
    response = render(request, "public/wait.html", context, status=429)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


@access.customer_page
def case(request: HttpRequest, code: TrackingCode) -> HttpResponse:
    """What happens now, what we want from you, how far it is, what it costs, your papers."""
    with clocks.one_edition(code.edition):
        found = rows.read(code)
        context = {
            **_head(code.case),
            "now": story.now(found),
            "asks": (asks := story.asks(found)),
            "wanted": sum(ask.is_open for ask in asks),
            "lines": story.lines(found),
            "how_far": story.how_far(found),
            "money": story.money(found),
            "goes_back": story.goes_back(found),
            "papers": found.papers,
            "deputy": code.deputy,
        }
        return render(request, "public/case.html", context)


def _head(case: Case) -> dict[str, object]:
    """What stands above every page of a case."""
    return {
        "case": case,
        "title": story.title(case),
        "address": story.masked(case.address),
        "closed": case.state in (Case.State.REFUSED, Case.State.WITHDRAWN),
    }


@access.customer_page
def hand_in(request: HttpRequest, code: TrackingCode, pk: int) -> HttpResponse:
    """A paper we wait for, photographed."""
    item = code.case.papers_owed.select_related("requirement").filter(pk=pk).first()
    if item is None:
        return redirect("public:case", code.case.number)
    item.case = code.case
    form = HandInForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.hand_in(item, file=form.cleaned_data["file"])
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            said = _("Thank you, we have received it: %(paper)s.")
            messages.success(request, said % {"paper": item.requirement.label})
            return redirect("public:case", code.case.number)
    owed = item.state == PaperItem.State.OWED and not item.attachment_id and code.case.is_open
    context = {**_head(code.case), "item": item, "form": form, "owed": owed}
    return render(request, "public/hand_in.html", context, status=_status(form))


@access.customer_page
def plan(request: HttpRequest, code: TrackingCode) -> HttpResponse:
    """The supply plan to read, and the customer's word on it."""
    found = rows.read(code)
    step = code.case.step(Kind.PLAN)
    waiting = story.awaiting_plan(step)
    form = PlanForm(request.POST or None, initial={"version": waiting and waiting.version})
    if request.method == "POST" and form.is_valid():
        try:
            done = _decide(code.case, form, client_address(request))
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, done)
            return redirect("public:case", code.case.number)
    shown = waiting or getattr(step, "plan", None)
    context = {
        **_head(code.case),
        "plan": shown if shown and shown.answered_at else None,
        "waiting": waiting,
        "sources": waiting.sources.select_related("candidate__source_point") if waiting else [],
        "paper": next((paper for paper in found.papers if paper.kind == "plan"), None),
        "form": form,
    }
    return render(request, "public/plan.html", context, status=_status(form))


def _decide(case: Case, form: PlanForm, address: str) -> str:
    """Take down what the customer decided; says what happens next."""
    data = form.cleaned_data
    if data["decision"] == "accept":
        services.agree(
            case, version=data["version"], signed_name=data["signed_name"], address=address
        )
        return _("Thank you: the plan is confirmed. We go on.")
    services.object_to(case, version=data["version"], reason=data["reason"], address=address)
    return _("We have noted your objection, and draw up another plan.")


@access.customer_page
def word(request: HttpRequest, code: TrackingCode) -> HttpResponse:
    """A word to the office: a call asked for, a question, an objection."""
    wanted = request.GET.get("about", "")
    form = WordForm(request.POST or None, initial={"about": wanted or WordForm.CALL})
    if request.method == "POST" and form.is_valid():
        try:
            answer = services.say(code.case, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            said = _("We have your message, and answer by %(day)s.")
            messages.success(request, said % {"day": story.day(answer, timezone.localdate())})
            return redirect("public:case", code.case.number)
    context = {**_head(code.case), "form": form, "who": ladder.answering(code.case)}
    return render(request, "public/word.html", context, status=_status(form))


@access.customer_page
def paper(request: HttpRequest, code: TrackingCode, pk: int) -> HttpResponseBase:
    """A paper meant for the customer, as PDF."""
    found = code.case.papers.filter(kind__in=rows.FOR_THE_CUSTOMER, pk=pk).first()
    if found and found.rendered_at is None and found.on_demand:
        papers.ask_for(found)
    if found is None or found.rendered_at is None:
        messages.info(request, _("This paper is still being made. Try again in a minute."))
        return redirect("public:case", code.case.number)
    return serve(found.file, f"{found.number}-{found.language}.pdf", "application/pdf")


def _status(form: object) -> int:
    """A form that is shown again with what is wrong is not a success."""
    return 422 if getattr(form, "errors", None) else 200
