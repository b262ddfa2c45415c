"""The sheets that only the tablet has: the survey with all that hangs on it, and a visit in vain.

Their fields are those of the desk; points, consents and photos travel in the one record.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.forms import CheckedFileField
from surveys import services
from surveys.forms import (
    CONCLUSION,
    LOAD_AND_METER,
    ON_SITE,
    PRESENT_SUPPLY,
    WORKS_AND_SAFETY,
    AnswerForm,
    CandidateForm,
    ConsentForm,
    PhotoForm,
    SurveyForm,
    VisitForm,
    demand_options,
)
from surveys.forms import load_formset as loads_of
from surveys.models import Candidate, Consent, Photo, Survey, Visit
from surveys.services import LABELS
from workflow.models import Step

ROWS = 40


class PointRow(CandidateForm):
    """A candidate point; one known already is named by its letter, which every round keeps."""

    label = forms.CharField(required=False, max_length=2, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source_point"].label_from_instance = _point
        if self.instance.pk:
            self.initial["label"] = self.instance.label


def _point(found: Any) -> str:
    """A source point in a list, with what is still free there."""
    return f"{found.name} · {found.open_kva} kVA"


class ConsentRow(ConsentForm):
    """A third party is asked, or says what they answer."""

    known = forms.IntegerField(required=False, widget=forms.HiddenInput)
    point = forms.ChoiceField(
        label=gettext_lazy("For point"), choices=[(label, label) for label in LABELS[:ROWS]]
    )
    answer = forms.ChoiceField(
        label=capfirst(gettext_lazy("answer")),
        choices=[("", gettext_lazy("not answered")), *Consent.ANSWERS],
        required=False,
        widget=forms.RadioSelect,
    )
    on = forms.DateField(label=capfirst(gettext_lazy("answered on")), required=False)
    words = AnswerForm.base_fields["words"]
    options = AnswerForm.base_fields["options"]
    expires_on = AnswerForm.base_fields["expires_on"]
    paper = CheckedFileField(
        label=capfirst(gettext_lazy("paper")), kinds=("image",), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial |= {
                "known": self.instance.pk,
                "point": self.instance.candidate.label,
                "answer": "",
                "words": "",
            }
        if self.is_known:
            for name in (*self._meta.fields, "point"):
                self.fields[name].disabled = True
        else:
            self.initial.setdefault("asked_on", timezone.localdate())
        self.initial.setdefault("on", timezone.localdate())

    @property
    def is_known(self) -> bool:
        """The party was asked before; only the answer is new."""
        return bool(self.instance.pk)

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("answer") and not found.get("on"):
            self.add_error("on", _("Say on which day the party answered."))
        demand_options(self, found)
        if found.get("answer") and self.is_known and not self.instance.is_unanswered:
            text = _("This party's answer is recorded already: set this one to “not answered”.")
            raise ValidationError(text)
        return found

    def has_changed(self) -> bool:
        """The days are set beforehand: they alone say nothing."""
        return bool(set(self.changed_data) - {"on", "asked_on", "point"})


class Keyed(forms.BaseFormSet):
    """Rows of which some are known already: `known` gives the instance of what a row posts."""

    def __init__(self, *args: Any, known: dict[str, Any], **kwargs: Any) -> None:
        self.known = known
        super().__init__(*args, **kwargs)

    def instance_of(self, index: int | None) -> Any:
        """The instance behind a row: posted by its key, else the next one known."""
        if index is None:
            return None
        if self.is_bound:
            key = self.data.get(f"{self.prefix}-{index}-{self.key}", "")
            return self.known.get(key)
        return dict(enumerate(self.known.values())).get(index)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return super().get_form_kwargs(index) | {"instance": self.instance_of(index)}

    def rows(self) -> list[Any]:
        """The rows with something in them."""
        return [form for form in self.forms if form.has_changed()]


class Points(Keyed):
    key = "label"
    labels = " ".join(LABELS)


class Consents(Keyed):
    key = "known"


OPTIONS = {"extra": 0, "max_num": ROWS, "validate_max": True}
POINTS = forms.formset_factory(PointRow, formset=Points, **OPTIONS)
CONSENTS = forms.formset_factory(ConsentRow, formset=Consents, **OPTIONS)
# More than any record brings: rows taken out again stay in their places, empty.
PHOTOS = forms.formset_factory(PhotoForm, extra=0, max_num=500, absolute_max=500)


class FieldSurveyForm(SurveyForm):
    """The survey sheet with all that hangs on it."""

    layout = (
        ON_SITE,
        PRESENT_SUPPLY,
        LOAD_AND_METER,
        (
            gettext_lazy("Source points"),
            [],
            {"formset": "points", "add_label": gettext_lazy("One point more")},
        ),
        (
            gettext_lazy("Consents of others"),
            [],
            {"formset": "consents", "add_label": gettext_lazy("Ask one more party")},
        ),
        (
            gettext_lazy("Photos and sketch"),
            [],
            {"formset": "photos", "add_label": gettext_lazy("One photo more")},
        ),
        WORKS_AND_SAFETY,
        (CONCLUSION[0], CONCLUSION[1][:-1], CONCLUSION[2]),
    )
    required_to_sign = Survey.NEEDED
    # Drawn, or photographed among the photos.
    signature = None

    def __init__(self, data: Any = None, files: Any = None, *, step: Step, **kwargs: Any) -> None:
        self.step = step
        survey, loads = services.draft_for(step)
        super().__init__(data, files, instance=survey, loads=loads_of(data, loads), **kwargs)
        points = {c.label: c for c in self.candidates}
        everybody = {
            str(consent.pk): consent
            for candidate in self.candidates
            for consent in candidate.consents.all()
        }
        asked = {pk: consent for pk, consent in everybody.items() if consent.is_unanswered}
        first = None if data else [{}] * len(points)
        self.points = POINTS(
            data, prefix="points", known=points, initial=first, form_kwargs={"case": step.case}
        )
        # Who answered since the tablet was there stays known to it, also in another round.
        everybody |= {
            str(consent.carried_from_id): consent
            for consent in everybody.values()
            if consent.carried_from_id
        }
        first, known = (None, everybody) if data else ([{}] * len(asked), asked)
        self.consents = CONSENTS(data, files, prefix="consents", known=known, initial=first)
        self.photos = PHOTOS(data, files, prefix="photos")
        self.formsets = [self.loads, self.points, self.consents, self.photos]

    def clean(self) -> dict:
        found = super().clean()
        if self.signing and found.get("can_supply") and not self.errors:
            survey = copy(self.instance)
            for name in ("customer_signed_name", "customer_signed_at"):
                setattr(survey, name, found.get(name) or None)
            survey.customer_signed_name = survey.customer_signed_name or ""
            for refusal in services.against_signature(survey, handed_in=self._is_drawn()):
                self.add_error("customer_signed_name", refusal)
        return found

    def _is_drawn(self) -> bool:
        """The customer's signature is among the pictures that come with the sheet."""
        return any(
            row["subject"].value() == Photo.Subject.SIGNATURE
            and row.add_prefix("picture") in self.files
            for row in self.photos.forms
        )

    def needed(self, found: dict[str, Any]) -> tuple[str, ...]:
        return self.required_to_sign

    def objections(self) -> tuple:
        """Its points stand on the sheet itself and are judged when it is applied."""
        return ()

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The points known: of this round, or of the one before, which this one takes over."""
        saved = Survey.objects.filter(step=self.step).first() or services.previous(self.step)
        if saved is None:
            return []
        points = saved.candidates.select_related("source_point")
        return list(points.prefetch_related("consents__candidate"))


class AttemptForm(VisitForm):
    """A visit that came to nothing, on whatever step: when, what happened, the evidence."""

    layout = (
        (gettext_lazy("Visit without a result"), VisitForm.layout[0][1]),
        (
            gettext_lazy("Photos"),
            [],
            {"formset": "photos", "add_label": gettext_lazy("One photo more")},
        ),
    )

    def __init__(self, data: Any = None, files: Any = None, *, step: Step, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self.step = step
        choices = self.fields["outcome"].choices
        self.fields["outcome"].choices = [c for c in choices if c[0] != Visit.Outcome.DONE]
        self.photos = PHOTOS(data, files, prefix="photos")
        self.formsets = [self.photos]

    def is_valid(self) -> bool:
        return all([self.photos.is_valid(), super().is_valid()])
