"""Who may be chosen on a sheet."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Unit, User
from workflow.models import Case


def staff(case: Case, role: str) -> Any:
    """The people of the role who may see the case."""
    offices = Unit.objects.filter(path__in=case.unit.lineage)
    return User.objects.with_role(role, offices).distinct()


def choose_from(form: forms.BaseForm, people: Any, *names: str) -> None:
    """Let these fields choose from the same people, read once."""
    offered = [("", "–"), *((person.pk, str(person)) for person in people)]
    for name in names:
        if name in form.fields:
            form.fields[name].queryset = people
            form.fields[name].widget.choices = offered
