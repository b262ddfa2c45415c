"""How the sheets of a visit are written: through the services of the rooms whose they are.

Not in `field.services`: that binds the sheets (field.sheets), which name these functions.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from documents import services as documents
from field.forms import AttemptForm, ConsentRow, FieldSurveyForm
from surveys import services as surveys
from surveys.models import Candidate, Consent, Photo, Survey
from surveys.services.evidence import ATTEMPTED, demand_past, said
from workflow import moves
from workflow.guards import Refused
from workflow.process import Kind

Letters = dict[str, Candidate]


def keep_attempt(form: AttemptForm, *, by: User) -> None:
    """Note the visit with its evidence: on the survey, elsewhere in the file of the case."""
    step, visit = form.step, form.save(commit=False)
    photos = [row for row in form.photos.forms if row.has_changed()]
    if step.kind == Kind.SURVEY:
        surveys.attempt(visit, step=step, by=by)
        for row in photos:
            photo = row.save(commit=False)
            photo.subject = Photo.Subject.ATTEMPT
            surveys.add_photo(photo, row.cleaned_data["picture"], step=step, by=by)
        return
    moves.demand_worker(step, by)
    demand_past(visit)
    for row in photos:
        file = row.cleaned_data["picture"]
        title = row.cleaned_data["caption"] or (lambda: str(Photo.Subject.ATTEMPT.label))
        documents.attach(step.case, file, title=title, by=by, step=step, taken=file.taken)
    moves.record(step.case, ATTEMPTED, by=by, step=step, note=lambda: said(visit), at=visit.at)


def keep_survey(form: FieldSurveyForm, *, by: User) -> None:
    """Save the points, the consents and the photos of a survey, and it as a draft."""
    survey = surveys.save(form.instance, form.loads.rows(), by=by)
    letters = _keep_points(form, survey, by)
    for row in form.consents.rows():
        _keep_consent(row, survey, letters, by)
    for row in form.photos.forms:
        if row.has_changed():
            checked = row.cleaned_data["picture"]
            surveys.add_photo(row.save(commit=False), checked, step=survey.step, by=by)
    form.step.__dict__.pop("read_survey", None)


def sign_survey(form: FieldSurveyForm, *, by: User) -> None:
    """Save the survey with its rows, and sign it."""
    keep_survey(form, by=by)
    surveys.sign(form.instance, form.loads.rows(), by=by)


def _keep_points(form: FieldSurveyForm, survey: Survey, by: User) -> Letters:
    """The candidates by the letter they have on the tablet."""
    standing = {c.label: c for c in survey.candidates.select_related("source_point")}
    letters = dict(standing)
    for letter, row in zip(surveys.LABELS, form.points.forms, strict=False):
        if not row.has_changed():
            continue
        point = row.save(commit=False)
        if known := standing.get(row.cleaned_data.get("label", "")):
            point.pk, point.label, point._state.adding = known.pk, known.label, False
        else:
            point.pk, point._state.adding = None, True
        letters[letter] = surveys.measure(point, step=survey.step, by=by)
    return letters


def _keep_consent(row: ConsentRow, survey: Survey, letters: Letters, by: User) -> None:
    """Somebody is asked, or says what they answer; one known of an earlier round is its copy."""
    found = row.cleaned_data
    if row.is_known:
        of_survey = Consent.objects.filter(candidate__survey=survey)
        pk = row.instance.pk
        consent = (of_survey.filter(pk=pk) | of_survey.filter(carried_from=pk)).get()
    else:
        candidate = letters.get(found["point"])
        if candidate is None:
            raise Refused(_("There is no point %(label)s.") % {"label": found["point"]})
        consent = surveys.ask_consent(row.save(commit=False), candidate=candidate, by=by)
    if found["answer"]:
        given = {name: found[name] for name in ("answer", "on", "words", "options")}
        surveys.answer_consent(
            consent, by=by, expires_on=found["expires_on"], paper=found["paper"], **given
        )
