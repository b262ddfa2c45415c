"""The page on which the second person confirms a sheet, or its first changes who is to confirm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from workflow import moves
from workflow.guards import Refused
from workflow.models import Countersigned, Step
from workflow.moves import countersign
from workflow.refusals import NotNow
from workflow.sheets import DressedForm, tell


class ConfirmForm(DressedForm):
    """The second person confirms what stands on the sheet, or says what is not right."""

    decision = forms.ChoiceField(
        label=capfirst(gettext_lazy("decision")),
        choices=[
            ("confirm", gettext_lazy("I was there: it is as it stands on the sheet")),
            ("back", gettext_lazy("Send it back to be corrected")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("What is not right"),
        help_text=gettext_lazy("Needed to send it back."),
        max_length=500,
        widget=forms.Textarea,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        unsaid = not found.get("reason") and "reason" not in self.errors
        if found.get("decision") == "back" and unsaid:
            self.add_error("reason", _("Say what is not right."))
        return found

    def act(self, sheets: Sequence[Countersigned], confirm: Callable[..., Any], by: User) -> str:
        """Decide on all that waits for the person; returns what to say."""
        back = self.cleaned_data["decision"] == "back"
        for sheet in sheets:
            if back:
                countersign.send_back(sheet, by=by, reason=self.cleaned_data["reason"])
            else:
                confirm(sheet, by=by)
        return _("Sent back with your reason.") if back else _("Confirmed.")


class SecondForm(DressedForm):
    """Who has the step names another second person, or takes the sheet back to change it."""

    second = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Another second person"), required=False
    )

    def __init__(self, data: Any = None, *, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["second"].queryset = people

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if "reopen" not in self.data and not found.get("second") and "second" not in self.errors:
            self.add_error("second", _("Choose who is to confirm it."))
        return found

    def act(self, sheets: Sequence[Countersigned], _confirm: Callable[..., Any], by: User) -> str:
        """Change who confirms all that waits, or take it back; returns what to say."""
        for sheet in sheets:
            if "reopen" in self.data:
                countersign.reopen(sheet, by=by)
            else:
                countersign.name_second(sheet, self.cleaned_data["second"], by=by)
        if "reopen" in self.data:
            return _("Taken back: it can be changed and is to be signed once more.")
        return _("%(person)s is asked to confirm now.") % {"person": self.cleaned_data["second"]}


def may_countersign(step: Step, sheets: Sequence[Countersigned], user: User) -> bool:
    """Something waits, for this person or of theirs."""
    return bool(sheets) and not _against(step, sheets, user)


def _against(step: Step, sheets: Sequence[Countersigned], user: User) -> str:
    """Why the page is not for this person; empty where it is."""
    if any(sheet.second == user for sheet in sheets) or not moves.hindrances(step, user):
        return ""
    return _("Only the second person named on the sheet confirms it: %(person)s.") % {
        "person": sheets[0].second or _("nobody")
    }


def countersign_page(
    request: HttpRequest,
    step: Step,
    sheets: Sequence[Countersigned],
    *,
    people: QuerySet[User],
    confirm: Callable[..., Any],
    show: Callable[[dict[str, Any], int], HttpResponse],
) -> HttpResponse:
    """The sheets of a step that wait, to be confirmed by the second, or changed by their first.

    `people` may be named as second, `confirm` is the room's act, `show` renders its page to read
    with more of a context and a status.
    """
    if not sheets:
        raise NotNow(_("Nothing waits for a confirmation here."))
    if against := _against(step, sheets, request.user):
        raise PermissionDenied(against)
    mine = [sheet for sheet in sheets if sheet.second == request.user]
    form: Any = ConfirmForm(request.POST or None) if mine else None
    if form is None:
        named = {sheet.second.pk for sheet in sheets if sheet.second}
        others = people.exclude(pk__in={request.user.pk, *named})
        form = SecondForm(request.POST or None, people=others)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                said = form.act(mine or sheets, confirm, request.user)
        except Refused as refusal:
            tell(form, refusal)
        else:
            messages.success(request, said)
            return redirect(step.case)
    context = {"countersign": form, "confirming": bool(mine)}
    return show(context, 422 if form.errors else 200)
