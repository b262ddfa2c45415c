"""A sheet of this room, with its rows."""

from __future__ import annotations

from typing import Any

from django import forms

from workflow.models import Step
from workflow.sheets import Section, SheetForm
from works.forms.rows import YES_NO, Earlier, fit_to_print


class RoomForm(SheetForm):
    """A sheet with its rows: `formsets`, each also an attribute that the layout names."""

    def __init__(self, data: Any = None, files: Any = None, *, step: Step, **kwargs: Any) -> None:
        self.step = step
        self.formsets: list[forms.BaseFormSet] = []
        super().__init__(data, files, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.NullBooleanField):
                field.widget = forms.RadioSelect(choices=YES_NO)
        fit_to_print(self)
        self.make_rows(data, files)

    @property
    def sections(self) -> list[Section]:
        """The sections of the paper; what earlier rounds left only where they left something."""
        found = [
            section
            for section in super().sections
            if not isinstance(section.formset, Earlier) or section.formset.forms
        ]
        for number, section in enumerate(found, 1):
            section.number = number
        return found

    def make_rows(self, data: Any, files: Any) -> None:
        """Set the formsets as attributes that the layout names."""

    def add_rows(self, name: str, factory: type, data: Any, files: Any, **kwargs: Any) -> None:
        rows = factory(prefix=name, **kwargs) if issubclass(factory, Earlier) else None
        if rows is None or rows.forms:
            rows = factory(data, files, prefix=name, **kwargs)
            self.formsets.append(rows)
        # Rows of earlier rounds, where there are none, are not on the page: nothing is posted.
        setattr(self, name, rows)

    def is_valid(self) -> bool:
        rows = [formset.is_valid() for formset in self.formsets]
        return super().is_valid() and all(rows)
