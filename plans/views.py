"""The plan: drawn on its sheet; approved, answered and decided on small pages of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from plans import panel, services
from plans.forms import (
    ROW,
    AnswerForm,
    ApproveForm,
    DecideForm,
    PlanForm,
    ReasonForm,
    SourceFormSet,
)
from plans.models import Plan, PlanSource
from surveys.models import Candidate, Survey
from workflow import moves
from workflow.access import get_step_or_404, opens_for
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import Kind
from workflow.refusals import refuse
from workflow.sheets import readonly, saving

SAVE = {"label": gettext_lazy("Save draft"), "name": "save", "icon": "save", "key": "ctrl+s"}


def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The plan of a case: draw it, save it, submit it; to read once it is submitted."""
    step = get_step_or_404(request, number, Kind.PLAN)
    hindrances = moves.hindrances(step, request.user) if step.is_live else []
    plan, sources = services.draft_for(step)
    if step.state != Step.State.IN_HAND or plan.state != Plan.State.DRAFT or hindrances:
        return _read(request, step, hindrances)
    points = panel.points(Survey.of(step.case))
    form = PlanForm(_posted(request), instance=plan)
    form.sources = _source_formset(request, step, sources, [p for p, why in points if not why])
    form.formsets = [form.sources]
    if request.method == "POST" and form.is_valid():
        try:
            return _hand_in(request, step, form)
        except Refused as refusal:
            form.tell(refusal)
    wrong = form.errors or (form.sources.is_bound and not form.sources.is_valid())
    context = _drawing(step, form, points)
    return render(request, "plans/sheet.html", context, status=422 if wrong else 200)


def _hand_in(request: HttpRequest, step: Step, form: PlanForm) -> HttpResponse:
    """Keep the draft, or keep and submit it; a refusal keeps nothing but what was typed."""
    with saving(request, step):
        plan, rows = form.save(commit=False), form.sources.rows()
        services.save_draft(step, plan, rows, by=request.user)
        if form.signing:
            services.submit(step, by=request.user)
    done = _("The plan waits for approval.") if form.signing else _("Draft saved.")
    messages.success(request, done)
    return redirect(step.case if form.signing else step)


def _drawing(step: Step, form: PlanForm, points: list[tuple[Candidate, str]]) -> dict[str, Any]:
    none_usable = all(why for _point, why in points)
    return {
        "step": step,
        "case": step.case,
        "form": form,
        "formsets": [form.sources],
        "points": points,
        "none_usable": none_usable,
        "blocked": _("No source point can be used.") if none_usable else "",
        "submit_label": _("Submit for approval"),
        "submit_key": "submit",
        "secondary": [SAVE],
        "plan": form.instance,
        "given_back": services.given_back(step),
    }


def _source_formset(
    request: HttpRequest, step: Step, sources: list[PlanSource], points: list[Candidate]
) -> forms.BaseFormSet:
    """The rows of the plan; a new one proposes as many usable points as were asked for."""
    usable = {point.pk for point in points}
    initial = [
        {"candidate": s.candidate_id if s.candidate_id in usable else None}
        | {name: getattr(s, name) for name in ROW[1:]}
        for s in sources
    ]
    wanted = 2 if step.case.customer_class == "hv_dual" else 1
    roles = PlanSource.Role.MAIN, PlanSource.Role.STANDBY
    kva = step.case.capacity_kva or None
    for point, role in zip(points[:wanted] if not initial else [], roles, strict=False):
        initial.append({"candidate": point.pk, "role": role, "capacity_kva": kva})
    formset = SourceFormSet(
        _posted(request),
        prefix="sources",
        initial=initial,
        form_kwargs={"candidates": points},
    )
    formset.extra = 0 if initial else 1
    return formset


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, also where it is nothing."""
    return request.POST if request.method == "POST" else None


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    """The plan to read. Who may not draw cannot post; who came too late is told so."""
    posted = request.method == "POST"
    if posted and hindrances:
        refuse(step, hindrances)
    context = panel.panel(step, request.user) | {"step": step, "case": step.case}
    drawing = context["plan"] is None or context["plan"].state == Plan.State.DRAFT
    context["hindrances"] = hindrances if drawing else []
    if posted:
        context["hindrances"] = [_("The plan cannot be changed any more: look at it again.")]
    if context["plan"]:
        context["sections"] = readonly(context["plan"], PlanForm.layout)
    return render(request, "plans/sheet.html", context, status=409 if posted else 200)


# The acts ---------------------------------------------------------------------------------------


def _may(code: str) -> Callable[[Case, User], bool]:
    """The rule by which the page of an act refuses people."""
    return lambda case, user: not services.hindrances(code, case.step(Kind.PLAN), user)


def _act(
    request: HttpRequest,
    number: str,
    code: str,
    form_class: type[forms.Form],
    title: str,
    act: Callable[..., object],
    done: str,
) -> HttpResponse:
    """A small page for one act on the plan: form, act, back to the case.

    Who may not do it sees the plan and the reasons, without a form.
    """
    step = get_step_or_404(request, number, Kind.PLAN)
    hindrances = services.hindrances(code, step, request.user)
    if hindrances and request.method == "POST":
        refuse(step, hindrances)
    form = form_class(_posted(request), request.FILES or None)
    if form.is_valid():
        try:
            act(step, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            place = next((name for name in refusal.fields if name in form.fields), None)
            form.add_error(place, refusal)
        else:
            messages.success(request, done)
            return redirect(step.case)
    context = panel.panel(step, request.user)
    reasons = hindrances or _not_now(code, step, context["plan"], request.user)
    context |= {"step": step, "case": step.case, "title": title, "reasons": reasons, "act": code}
    if code == "close" and context["plan"] and context["plan"].answered_at:
        context["proof"] = services.attempts(context["plan"])
    if code == "extend" and not reasons:
        context["longer"] = services.longer(context["plan"])
    if request.method == "POST" or not reasons:
        context["form"] = form
    status = 422 if form.errors else 403 if hindrances else 409 if reasons else 200
    return render(request, "plans/act.html", context, status=status)


def _not_now(code: str, step: Step, plan: Plan | None, user: User) -> list[str]:
    """What stands against the act now, whoever asks; for an approval also an own hand in it."""
    reasons = services.not_yet(code, step, plan)
    if code == "approve" and plan and not reasons:
        reasons = services.separated(plan, user)
    if code == "close" and plan and not reasons:
        reasons = services.unproven(plan)
    return reasons


@opens_for(_may("approve"))
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """An approver agrees."""
    title, done = _("Approve the plan"), _("Approved.")
    return _act(request, number, "approve", ApproveForm, title, services.approve, done)


@opens_for(_may("give_back"))
def give_back(request: HttpRequest, number: str) -> HttpResponse:
    """An approver wants it changed."""
    title, done = _("Give the plan back"), _("Given back to the planner.")
    return _act(request, number, "give_back", ReasonForm, title, services.give_back, done)


@opens_for(_may("answer"))
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """The customer gets the plan in writing."""
    title, done = _("Answer the customer"), _("Answered. It is the customer's turn now.")
    return _act(request, number, "answer", AnswerForm, title, services.answer, done)


@opens_for(_may("decide"))
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """The customer accepts, or objects."""

    def decision(step, *, by, decision, reason, **said):
        if decision == "accept":
            return services.accept(step, by=by, **said)
        return services.object_to(step, by=by, reason=reason)

    title, done = _("The customer's decision"), _("Decision recorded.")
    return _act(request, number, "decide", DecideForm, title, decision, done)


@opens_for(_may("close"))
def close(request: HttpRequest, number: str) -> HttpResponse:
    """A supervisor closes a plan that nobody answers, on proven attempts."""
    title, done = _("Close after proven attempts"), _("Closed: nobody answered.")
    return _act(request, number, "close", ReasonForm, title, services.close_unanswered, done)


@opens_for(_may("extend"))
def extend(request: HttpRequest, number: str) -> HttpResponse:
    """The validity is lengthened at the customer's request."""
    title, done = _("Extend the validity"), _("Validity extended.")
    return _act(request, number, "extend", ReasonForm, title, services.extend, done)
