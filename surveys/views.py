"""The survey's pages: the sheet, and the small sheets that hang on it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Role
from documents.views import serve, serve_original
from surveys import services
from surveys.forms import (
    SIGNED_LAYOUT,
    AnswerForm,
    AppointmentForm,
    CandidateForm,
    ConsentForm,
    PhotoForm,
    RenewForm,
    SurveyForm,
    VisitForm,
    WithdrawForm,
    load_formset,
    surveyors,
)
from surveys.models import Candidate, Consent, Photo, Survey
from workflow import moves
from workflow.access import get_case_or_404, get_step_or_404, opens_for
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves import countersign
from workflow.process import Kind, guards
from workflow.refusals import refuse
from workflow.sheets import counted, readonly, saving, tell
from workflow.views.countersign import countersign_page, may_countersign

SAVE = {"name": "save", "label": gettext_lazy("Save draft"), "icon": "save"}


def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The survey sheet of a case: filled in by who has it, read by all others."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    if not services.may_work(step, request.user):
        return _read(request, step)
    survey, loads = services.draft_for(step)
    rows = load_formset(request.POST or None, loads)
    form = SurveyForm(
        request.POST or None, request.FILES or None, instance=survey, loads=rows, by=request.user
    )
    if request.method == "POST" and form.is_valid():
        act = services.sign if form.signing else services.save
        try:
            with saving(request, step):
                if signature := form.cleaned_data["signature"]:
                    photo = Photo(subject=Photo.Subject.SIGNATURE)
                    services.add_photo(photo, signature, step=step, by=request.user)
                done = act(form.instance, rows.rows(), by=request.user)
        except ValidationError as refusal:
            form.tell(refusal)
        else:
            return _after(request, done if form.signing else step)
    return render(request, "surveys/sheet.html", _filling(step, form, rows))


def _did(form: BaseForm, act: Callable[[], Any]) -> bool:
    """Do it; a refusal becomes an error of the form, in words."""
    try:
        act()
    except ValidationError as refusal:
        tell(form, refusal)
        return False
    return True


def _after(request: HttpRequest, step: Step) -> HttpResponse:
    """Say what happened to the sheet, and go on where the work is."""
    if step.state == Step.State.DONE:
        messages.success(request, _("Survey signed. The case is with planning now."))
        return redirect(step.case)
    if "save" not in request.POST:
        if waiting := _waiting(step):
            messages.success(request, countersign.waits_for(waiting[0]))
            return redirect(step.case)
        messages.warning(
            request,
            _(
                "Recorded: it cannot be supplied. Try another source point, "
                "or let the supervisor refuse the case with this reason."
            ),
        )
        return redirect(step.case)
    messages.success(request, _("Draft saved. Nothing is signed yet."))
    # From the sheet one may go on to a page below it: a point, a photo, a consent.
    below = request.POST["save"]
    return redirect(below if below.startswith(step.get_absolute_url()) else step)


def _filling(step: Step, form: SurveyForm, rows: Any) -> dict:
    survey = Survey.read(step)
    open_points = [guard.says(step) for guard in guards(step.kind) if not guard(step)]
    return {
        "step": step,
        "case": step.case,
        "form": form,
        "formsets": [rows],
        "survey": survey,
        "writable": True,
        "submit_label": _("Sign the survey"),
        "secondary": [SAVE],
        "lead": ngettext(
            "%(n)s matter is open on this sheet",
            "%(n)s matters are open on this sheet",
            len(open_points),
        )
        % {"n": len(open_points)}
        if survey and open_points
        else "",
        # What was sent is not saved yet: the errors speak of it, not this list.
        "open_points": open_points if survey and not form.is_bound else [],
    }


def _waiting(step: Step) -> list[Survey]:
    survey = Survey.read(step)
    return [survey] if survey and survey.waits and step.is_live else []


def _may_confirm(case: Case, user: User) -> bool:
    step = case.step(Kind.SURVEY)
    return step is not None and may_countersign(step, _waiting(step), user)


@opens_for(_may_confirm)
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The second surveyor confirms what was found; who signed may name another, or take it back."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    return countersign_page(
        request,
        step,
        _waiting(step),
        people=surveyors(step.case),
        confirm=services.confirm,
        show=partial(_shown, request, step),
    )


def _read(request: HttpRequest, step: Step) -> HttpResponse:
    if request.method == "POST":
        refuse(step, moves.hindrances(step, request.user))
    return _shown(request, step, {})


def _shown(
    request: HttpRequest, step: Step, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    survey = Survey.read(step)
    context = {
        "step": step,
        "case": step.case,
        "survey": survey,
        "sections": readonly(survey, SIGNED_LAYOUT) if survey else [],
        "waiting": (waiting := _waiting(step)),
        "hindrances": moves.hindrances(step, request.user) if step.is_live and not waiting else [],
        **more,
    }
    return render(request, "surveys/sheet.html", context, status=status)


# Small sheets -----------------------------------------------------------------------------------


def _may_work(case: Case, user: User) -> bool:
    step = case.step(Kind.SURVEY)
    return step is not None and services.may_work(step, user)


def _open_step(request: HttpRequest, number: str) -> Step:
    """The survey this person may write on; 403 for others."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    if not services.may_work(step, request.user):
        refuse(step, moves.hindrances(step, request.user))
    return step


def _small(request: HttpRequest, step: Step, form: BaseForm, title: str, **more) -> HttpResponse:
    """A small sheet to fill in."""
    context = {"step": step, "case": step.case, "form": form, "title": title, **more}
    context.setdefault("submit_label", _("Save"))
    cancel = {"label": _("Cancel"), "url": step.get_absolute_url(), "key": "Escape"}
    context["secondary"] = [cancel, *more.get("secondary", ())]
    return render(request, "surveys/small.html", context)


@opens_for(_may_work)
def appointment_new(request: HttpRequest, number: str) -> HttpResponse:
    """A day for the visit, agreed with the customer."""
    step = _open_step(request, number)
    form = AppointmentForm(request.POST or None)
    if form.is_valid() and _did(
        form, lambda: services.book(step, at=form.cleaned_data["at"], by=request.user)
    ):
        messages.success(request, _("Appointment noted; the customer gets it in writing."))
        return redirect(step)
    return _small(request, step, form, _("Appointment agreed"))


@opens_for(_may_work)
def visit_new(request: HttpRequest, number: str) -> HttpResponse:
    """A visit, also one that came to nothing."""
    step = _open_step(request, number)
    form = VisitForm(request.POST or None)
    if form.is_valid() and _did(
        form, lambda: services.attempt(form.save(commit=False), step=step, by=request.user)
    ):
        messages.success(request, _("Visit noted."))
        return redirect(step)
    return _small(request, step, form, _("Visit"))


@opens_for(_may_work)
def point_new(request: HttpRequest, number: str) -> HttpResponse:
    """One candidate source point more."""
    return _point(request, _open_step(request, number), None)


@opens_for(_may_work)
def point(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A candidate source point of this survey, to correct."""
    step = _open_step(request, number)
    found = get_object_or_404(
        Candidate.objects.select_related("source_point"), pk=pk, survey__step=step
    )
    return _point(request, step, found)


def _point(request: HttpRequest, step: Step, found: Candidate | None) -> HttpResponse:
    form = CandidateForm(request.POST or None, instance=found, case=step.case)
    if form.is_valid() and _did(form, lambda: _measure(form, step, request)):
        messages.success(request, _("Source point %(point)s saved.") % {"point": form.instance})
        return redirect(step)
    title = _("Source point %(label)s") % {"label": found.label} if found else _("New source point")
    return _small(request, step, form, title)


def _measure(form: CandidateForm, step: Step, request: HttpRequest) -> None:
    # A tablet that knew the point as it was before must not set it back.
    with counted(step, request.user):
        services.measure(form.save(commit=False), step=step, by=request.user)


@opens_for(_may_work)
def consent_new(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Somebody is asked for consent to a candidate point."""
    step = _open_step(request, number)
    found = get_object_or_404(
        Candidate.objects.select_related("survey__step", "source_point"), pk=pk, survey__step=step
    )
    form = ConsentForm(request.POST or None, initial={"asked_on": timezone.localdate()})
    if form.is_valid() and _did(form, lambda: _ask(form, found, request)):
        messages.success(request, _("Noted. The answer is awaited now."))
        return redirect(step)
    return _small(request, step, form, _("Consent for point %(point)s") % {"point": found})


def _ask(form: ConsentForm, candidate: Candidate, request: HttpRequest) -> None:
    # The point needs a consent now, which a tablet that knew it before must not take back.
    with counted(candidate.survey.step, request.user):
        services.ask_consent(form.save(commit=False), candidate=candidate, by=request.user)


def answer(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """What a third party said; read by all who see the case, recorded by who has the step."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    consent = _consent(step, pk)
    may = services.may_work(step, request.user) and consent.candidate.survey.step_id == step.pk
    if request.method == "POST" and not may:
        refuse(step, moves.hindrances(step, request.user))
    form = AnswerForm(
        request.POST or None, request.FILES or None, initial={"on": timezone.localdate()}
    )
    if form.is_valid() and _did(form, lambda: _answer(form, consent, request)):
        messages.success(request, _("Answer recorded."))
        return redirect(step)
    context = {"step": step, "case": step.case, "consent": consent}
    context["form"] = form if may and (consent.is_unanswered or form.errors) else None
    context["may_ask"] = may
    surveyor = request.user.has_role(Role.SURVEYOR)
    context["may_renew"] = surveyor and (consent.answer == "yes" or consent.is_withdrawn)
    context["may_withdraw"] = surveyor and consent.answer == "yes"
    return render(request, "surveys/consent.html", context)


def _answer(form: AnswerForm, consent: Consent, request: HttpRequest) -> None:
    # A refusal closes the point, which a tablet that knew it before must not open again.
    with counted(consent.candidate.survey.step, request.user):
        services.answer_consent(consent, by=request.user, **form.cleaned_data)


def renew(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A consent given holds longer, or not so long; also after the survey is signed."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    consent = _consent(step, pk)
    if hindrances := moves.hindrances(step, request.user, role=Role.SURVEYOR):
        refuse(step, hindrances)
    form = RenewForm(request.POST or None, request.FILES or None)
    if form.is_valid() and _did(
        form, lambda: services.renew_consent(consent, by=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("Recorded. The consent holds as the party said."))
        return redirect(step)
    return _small(request, step, form, _("Consent of %(party)s") % {"party": consent.party})


def withdraw(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A party takes back the consent it gave; until power is on."""
    step = get_step_or_404(request, number, Kind.SURVEY)
    consent = _consent(step, pk)
    if hindrances := moves.hindrances(step, request.user, role=Role.SURVEYOR):
        refuse(step, hindrances)
    form = WithdrawForm(
        request.POST or None, request.FILES or None, initial={"on": timezone.localdate()}
    )
    if form.is_valid() and _did(
        form, lambda: services.withdraw_consent(consent, by=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("Recorded. No money is taken on this consent any more."))
        return redirect(step)
    title = _("%(party)s withdraws the consent") % {"party": consent.party}
    return _small(request, step, form, title)


@require_POST
def consent_letter(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The request is written as a letter, to be printed and handed over or posted."""
    consent = _consent(_open_step(request, number), pk)
    try:
        services.write_letter(consent, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The letter is being made: it lies with the papers."))
    return redirect("surveys:answer", number, pk)


def _consent(step: Step, pk: int) -> Consent:
    """A consent of this case, of any round."""
    return get_object_or_404(
        Consent.objects.select_related("candidate__survey__step", "candidate__source_point"),
        pk=pk,
        candidate__survey__step__case=step.case_id,
    )


@opens_for(_may_work)
def photo_new(request: HttpRequest, number: str) -> HttpResponse:
    """A photo or the sketch is added to the sheet."""
    step = _open_step(request, number)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if form.is_valid() and _did(form, lambda: _add(form, step, request)):
        messages.success(request, _("Photo kept with its checksum."))
        return redirect(
            "surveys:photo_new" if "more" in request.POST else step.process.url_name, number
        )
    one_more = {"name": "more", "label": _("Save, and one more"), "icon": "camera"}
    return _small(request, step, form, _("Photo or sketch"), secondary=[one_more])


def _add(form: PhotoForm, step: Step, request: HttpRequest) -> Photo:
    checked = form.cleaned_data["picture"]
    return services.add_photo(form.save(commit=False), checked, step=step, by=request.user)


# Files ------------------------------------------------------------------------------------------


def photo(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A photo, to those who may see its case; `?original` as it was sent."""
    found = _photo(request, number, pk)
    if "original" in request.GET:
        name = f"{number}-{found.pk}-original"
        return serve_original(found.sha256, found.original_sha256, name)
    return serve(found.file, f"{number}-{found.pk}.jpg", found.content_type)


def thumbnail(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """A photo in small."""
    found = _photo(request, number, pk)
    return serve(found.thumbnail, f"{number}-{found.pk}-small.jpg", "image/jpeg")


def _photo(request: HttpRequest, number: str, pk: int) -> Photo:
    case = get_case_or_404(request, number)
    return get_object_or_404(Photo, pk=pk, survey__step__case=case)


def consent_paper(request: HttpRequest, number: str, pk: int) -> FileResponse:
    """The paper on which somebody consented or refused."""
    consent = _consent(get_step_or_404(request, number, Kind.SURVEY), pk)
    if not consent.paper:
        raise Http404
    ending = consent.paper_type.rpartition("/")[2]
    return serve(consent.paper, f"{number}-consent-{consent.pk}.{ending}", consent.paper_type)
