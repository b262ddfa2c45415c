"""The sheets of a visit: which there are, the forms they bind, the steps of their rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from field.forms import AttemptForm, FieldSurveyForm
from field.writing import keep_attempt, keep_survey, sign_survey
from metering import guards as meters
from metering import panel
from metering import services as metering
from metering.views import STAGES
from surveys.models import Survey
from workflow.models import Step
from workflow.process import Kind
from works import guards as works_guards
from works import services as works
from works.forms import FORMS

# The steps that are done on site.
KINDS = (Kind.SURVEY, Kind.MID_CHECK, Kind.ACCEPTANCE, Kind.METER)


@dataclass(frozen=True)
class Sheet:
    """A sheet of the field: `make(step, user, data, files)` binds its form; keep and sign save."""

    code: str
    title: Any
    sign_label: Any
    make: Callable[..., Any]
    keep: Callable[..., Any]
    sign: Callable[..., Any]
    # The field in which stands who signs under what was found.
    signature: str = ""
    # What is decided by signing; a draft leaves it open.
    decides: tuple[str, ...] = ()

    def needed(self, form: Any) -> tuple[str, ...]:
        """The fields that must be filled in before it is signed on site."""
        if self.code == ATTEMPT:
            return ()
        return (*form.required_to_sign, *self.decides)

    def lets_go(self, step: Step) -> bool:
        """Whether signing it ends the step: a visit without a result does not, and of the meter
        the last sheet does.
        """
        return self.code != ATTEMPT and self.code == sheets_of(step)[-1]

    def form(self, step: Step, user: User, data: Any = None, files: Any = None) -> Any:
        """The form of this sheet, bound where there is data."""
        return self.make(step, user, data, files)


def _survey(step: Step, user: User, data: Any, files: Any) -> FieldSurveyForm:
    form = FieldSurveyForm(data, files, step=step)
    if form.instance.surveyor_id is None:
        form.initial["surveyor"] = user.pk
    return form


def _works(step: Step, user: User, data: Any, files: Any) -> Any:
    return FORMS[step.kind](data, files, step=step, instance=works_guards.sheet_of(step))


def _metering(stage: str) -> Callable[..., Any]:
    def make(step: Step, user: User, data: Any, files: Any) -> Any:
        form_class, draft = STAGES[stage]
        return form_class(data, files, step=step, instance=draft(step, user))

    return make


def _attempt(step: Step, user: User, data: Any, files: Any) -> AttemptForm:
    return AttemptForm(data, files, step=step)


ATTEMPT = "attempt"
SHEETS: dict[str, Sheet] = {
    sheet.code: sheet
    for sheet in (
        Sheet(
            "survey",
            gettext_lazy("Site survey"),
            gettext_lazy("Sign the survey"),
            _survey,
            keep_survey,
            sign_survey,
            "customer_signed_name",
            ("can_supply",),
        ),
        Sheet(
            "mid_check",
            gettext_lazy("Mid-check"),
            gettext_lazy("Sign"),
            _works,
            works.keep,
            works.sign,
            "customer_present",
        ),
        Sheet(
            "acceptance",
            gettext_lazy("Completion acceptance"),
            gettext_lazy("Sign"),
            _works,
            works.keep,
            works.sign,
            "customer_present",
        ),
        Sheet(
            "removal",
            gettext_lazy("Old meter"),
            gettext_lazy("Sign the removal"),
            _metering("removal"),
            metering.hand_in,
            metering.hand_in,
            "customer_signed_name",
        ),
        Sheet(
            "order",
            gettext_lazy("Work order"),
            gettext_lazy("Sign the work order"),
            _metering("order"),
            metering.hand_in,
            metering.hand_in,
            "customer_signed_name",
        ),
        Sheet(
            "power",
            gettext_lazy("Power on"),
            gettext_lazy("Power is on"),
            _metering("power"),
            metering.hand_in,
            metering.hand_in,
        ),
        Sheet(
            ATTEMPT,
            gettext_lazy("Visit without a result"),
            gettext_lazy("Record the visit"),
            _attempt,
            keep_attempt,
            keep_attempt,
        ),
    )
}


def sheets_of(step: Step) -> list[str]:
    """The sheets still to be filled in at this step, in their order."""
    if step.kind != Kind.METER:
        return [step.kind]
    order = ["removal", "order", "power"]
    due = {
        "removal": meters.removes(step.case),
        "order": meters.installs(step.case),
        "power": meters.energizes(step.case),
    }
    left = order[order.index(panel.stage(step)) :]
    return [code for code in left if due[code]] or left[:1]


def all_sheets_of(step: Step) -> set[str]:
    """Every sheet that a record of this step may be of."""
    if step.kind == Kind.METER:
        return {*STAGES, ATTEMPT}
    return {step.kind, ATTEMPT}


def is_signed(step: Step, code: str) -> bool:
    """A sheet that is signed while its step goes on: of the meter, or waiting for its second."""
    if step.kind not in (Kind.METER, Kind.SURVEY) or code == ATTEMPT:
        return False
    model = Survey if step.kind == Kind.SURVEY else STAGES[code][0]._meta.model
    found = model.objects.filter(step=step).first()
    return bool(found and (found.signed_at or getattr(found, "waits", False)))


def why_too_early(step: Step, code: str) -> str:
    """What has to be signed before this sheet; "" where it is its turn."""
    first = sheets_of(step)[0]
    if step.kind != Kind.METER or code in (ATTEMPT, first):
        return ""
    return _("Sign first: %(sheet)s.") % {"sheet": SHEETS[first].title}


def forms_of(form: Any) -> Iterable[forms.BaseForm]:
    """The form of a sheet and those of its rows."""
    yield form
    for rows in form.formsets:
        yield from rows.forms
