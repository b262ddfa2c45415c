"""The plan: drawn on its sheet; approved, answered and decided on small pages of their own."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from plans import panel, steps
from plans.forms import (
    AnswerForm,
    ApproveForm,
    DecideForm,
    PlanForm,
    ReasonForm,
    SourceFormSet,
)
from plans.models import Plan, PlanSource
from surveys.models import Survey
from workflow import moves
from workflow.access import get_step_or_404
from workflow.guards import Refused
from workflow.models import Step
from workflow.process import Kind
from workflow.sheets import readonly


def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The plan of a case: draw it, save it, submit it; to read once it is submitted."""
    step = get_step_or_404(request, number, Kind.PLAN)
    hindrances = moves.hindrances(step, request.user)
    plan, sources = steps.draft_for(step)
    if step.state != Step.State.IN_HAND or plan.state != Plan.State.DRAFT or hindrances:
        return _read(request, step, hindrances)
    form = PlanForm(request.POST or None, instance=plan)
    form.sources = _sources(request, step, sources)
    if request.method == "POST" and form.is_valid() and form.sources.is_valid():
        try:
            with transaction.atomic():
                steps.save_draft(
                    step, form.save(commit=False), _rows(form.sources), by=request.user
                )
                if "submit" in request.POST:
                    steps.submit(step, by=request.user)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            done = (
                _("The plan waits for approval.") if "submit" in request.POST else _("Draft kept.")
            )
            messages.success(request, done)
            return redirect(step.case if "submit" in request.POST else step)
    context = {
        "step": step,
        "case": step.case,
        "form": form,
        "formsets": [form.sources],
        "submit_label": _("Submit for approval"),
        "submit_key": "submit",
        "secondary": [{"label": _("Save draft"), "name": "save", "key": "ctrl+s"}],
    }
    wrong = form.errors or form.sources.total_error_count()
    return render(request, "plans/sheet.html", context, status=422 if wrong else 200)


def _sources(request: HttpRequest, step: Step, sources: list[PlanSource]):
    survey = Survey.of(step.case)
    candidates = steps.usable(survey, timezone.localdate()) if survey else []
    initial = [
        {
            "candidate": s.candidate_id,
            "role": s.role,
            "laying": s.laying,
            "capacity_kva": s.capacity_kva,
        }
        for s in sources
    ]
    if not initial and candidates:
        initial = [{"candidate": candidates[0].pk, "capacity_kva": step.case.capacity_kva or None}]
    formset = SourceFormSet(
        request.POST or None,
        prefix="sources",
        queryset=PlanSource.objects.none(),
        initial=initial,
        form_kwargs={"candidates": candidates},
    )
    formset.extra = max(len(initial), 1)
    return formset


def _rows(formset) -> list[PlanSource]:
    """The rows typed, without those marked for deletion."""
    return [
        PlanSource(**{name: row[name] for name in ("candidate", "role", "laying", "capacity_kva")})
        for row in formset.cleaned_data
        if row and not row.get("DELETE") and row.get("candidate")
    ]


def _read(request: HttpRequest, step: Step, hindrances: list[str]) -> HttpResponse:
    if request.method == "POST":
        raise PermissionDenied
    context = panel.panel(step, request.user) | {
        "step": step,
        "case": step.case,
        "hindrances": hindrances if step.state == Step.State.IN_HAND else [],
    }
    if context["plan"]:
        context["sections"] = readonly(context["plan"], PlanForm.layout)
    return render(request, "plans/sheet.html", context)


def _act(
    request: HttpRequest,
    number: str,
    form_class: type[forms.Form],
    title: str,
    act: Callable[..., object],
    done: str,
) -> HttpResponse:
    """A small page for one act on the plan: form, act, back to the case."""
    step = get_step_or_404(request, number, Kind.PLAN)
    form = form_class(request.POST or None)
    if form.is_valid():
        try:
            act(step, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, done)
            return redirect(step.case)
    context = panel.panel(step, request.user) | {
        "step": step,
        "case": step.case,
        "form": form,
        "title": title,
    }
    return render(request, "plans/act.html", context, status=422 if form.errors else 200)


def approve(request: HttpRequest, number: str) -> HttpResponse:
    """An approver agrees."""
    return _act(request, number, ApproveForm, _("Approve the plan"), steps.approve, _("Approved."))


def give_back(request: HttpRequest, number: str) -> HttpResponse:
    """An approver wants it changed."""
    return _act(
        request,
        number,
        ReasonForm,
        _("Give the plan back"),
        steps.give_back,
        _("Given back to the planner."),
    )


def answer(request: HttpRequest, number: str) -> HttpResponse:
    """The customer gets the plan in writing."""
    done = _("Answered. It is the customer's turn now.")
    return _act(request, number, AnswerForm, _("Answer the customer"), steps.answer, done)


def decide(request: HttpRequest, number: str) -> HttpResponse:
    """The customer accepts, or objects."""

    def decision(step, *, by, decision, signed_name, how, reason):
        if decision == "accept":
            return steps.accept(step, by=by, signed_name=signed_name, how=how)
        return steps.object_to(step, by=by, reason=reason)

    return _act(
        request, number, DecideForm, _("The customer's decision"), decision, _("Decision recorded.")
    )


def extend(request: HttpRequest, number: str) -> HttpResponse:
    """The validity is lengthened at the customer's request."""
    return _act(
        request, number, ReasonForm, _("Extend the validity"), steps.extend, _("Validity extended.")
    )
