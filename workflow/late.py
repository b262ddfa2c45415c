"""The cause of a late step on the pages: asked where a form lets it go, and handed to the door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from workflow import clocks
from workflow.models import LateCause, Step
from workflow.moves.late import CAUSE, REMARK, WORDS, Given, judge, told
from workflow.sheets import DressedForm


def says_why(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Middleware: what a form says of the cause holds for whatever step its request lets go."""

    def middleware(request: HttpRequest) -> HttpResponse:
        def given() -> Given:
            return Given(request.POST.get(CAUSE, ""), request.POST.get(REMARK, "").strip())

        with told(given):
            return get_response(request)

    return middleware


def _choices() -> list[tuple[str, Any]]:
    """The causes in use, by the party responsible."""
    causes = list(LateCause.objects.filter(active=True))
    groups = [
        (label, [(cause.code, str(cause)) for cause in causes if cause.party == party])
        for party, label in LateCause.Party.choices
    ]
    return [("", "---------"), *((label, rows) for label, rows in groups if rows)]


class CauseForm(DressedForm):
    """Why a step is let go late."""

    late_cause = forms.ChoiceField(
        label=gettext_lazy("Cause of lateness"), choices=_choices, required=False
    )
    late_remark = forms.CharField(
        label=gettext_lazy("Remark on the cause"),
        help_text=gettext_lazy("Needed where no cause of the list says it."),
        max_length=WORDS,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[CAUSE].to_sign = True
        self.fields[CAUSE].widget.attrs["aria-required"] = "true"

    @property
    def said(self) -> dict[str, str]:
        """The cause by its code, and the words."""
        return {"cause": self.cleaned_data[CAUSE], "remark": self.cleaned_data[REMARK]}

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if not self.errors:
            _cause, reasons = judge(found[CAUSE], found[REMARK])
            for reason in reasons:
                self.add_error(reason.fields[0], reason)
        return found


def asked(
    steps: Iterable[Step],
    request: HttpRequest,
    ids: str = "id",
    said: Callable[[Step], dict[str, str]] | None = None,
) -> dict[str, Any]:
    """Those of the steps that are late, and the form that asks why; with what was typed, when the
    page comes back, or with what was `said` of the first of them before.
    """
    today = timezone.localdate()
    late = [step for step in steps if step.pk and clocks.missed(step, today)]
    if not late:
        return {}
    typed = {name: request.POST[name] for name in (CAUSE, REMARK) if name in request.POST}
    judged = request.method == "POST" and not {"save", "check"} & request.POST.keys()
    before = said(late[0]) if said and not typed else {}
    form = CauseForm(typed if judged else None, initial=typed or before, auto_id=f"{ids}_%s")
    return {"steps": late, "form": form}
