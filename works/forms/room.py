"""A sheet of this room, with its rows."""

from __future__ import annotations

from copy import copy
from typing import Any, Self

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from documents.files import clean_name
from workflow.guards import Refused, unmet
from workflow.models import Step
from workflow.process import guards
from workflow.sheets import Section, SheetForm
from works.forms.rows import YES_NO, Earlier, fit_to_print

# Where the session holds the words of rows that could not be kept.
UNFILED = "unfiled"


class RoomForm(SheetForm):
    """A sheet with its rows: `formsets`, each also an attribute that the layout names."""

    # Of a draft without the files that were refused: which, and why.
    refused: tuple[str, ...] = ()
    # And what was typed beside those of new rows, by table: no row is kept without its file.
    unfiled: dict[str, list[dict[str, Any]]]
    # The name by which the guards read this sheet from its step.
    read_as = "sheet_read"

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        step: Step,
        begun: dict[str, list[dict[str, Any]]] | None = None,
        **kwargs: Any,
    ) -> None:
        """`begun` are rows to begin with, by table; what is sent says itself what it holds."""
        self.step, self.unfiled = step, {}
        self.begun = begun if begun and data is None else {}
        self.untouched = copy(kwargs.get("instance"))  # judging a form writes on its instance
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
            begun = self.begun.get(name, [])
            rows = factory(data, files, prefix=name, initial=begun or None, **kwargs)
            rows.extra += len(begun)
            self.formsets.append(rows)
        # Rows of earlier rounds, where there are none, are not on the page: nothing is posted.
        setattr(self, name, rows)

    def without_refused(self) -> Self:
        """This form; where files of it are refused, a draft of all the rest, if that is sound.

        A browser loses the files chosen on a page that comes back: they are kept at once, and only
        the refused one is to be chosen anew, beside the words of its row (`unfiled`).
        """
        rows = [
            row
            for formset in self.formsets
            for row in formset.forms
            if "file" in row.errors and row.add_prefix("file") in self.files
        ]
        if not rows:
            return self
        data, files = self.data.copy(), self.files.copy()
        data["save"] = "1"
        for row in rows:
            del files[row.add_prefix("file")]
            if row.instance.pk is None:
                data[row.add_prefix("DELETE")] = "on"
        draft = type(self)(data, files, step=self.step, instance=self.untouched)
        draft.refused = tuple(_told(row) for row in rows)
        for row in rows:
            if row.instance.pk is None:
                table = row.prefix.rpartition("-")[0]
                draft.unfiled.setdefault(table, []).append(
                    {name: row[name].data for name in row._meta.fields}
                )
        return draft if draft.is_valid() else self

    def objections(self) -> list[Refused]:
        """What the guards of the step say to this sheet."""
        step = copy(self.step)
        setattr(step, self.read_as, self.instance)
        return unmet(guards(step.kind), step)


def unfiled(request: HttpRequest) -> dict[str, list[dict[str, Any]]]:
    """The rows of this sheet whose files were refused when it was last handed in here."""
    held = request.session.get(UNFILED, {})
    return held.get("rows", {}) if held.get("sheet") == request.path else {}


def tell_refused(request: HttpRequest, form: RoomForm) -> None:
    """Say which files of a sheet were not taken; the words of their rows wait for its next page."""
    for text in form.refused:
        messages.error(request, text)
    if form.unfiled:
        request.session[UNFILED] = {"sheet": request.path, "rows": form.unfiled}
    elif unfiled(request):
        del request.session[UNFILED]


def _told(row: forms.BaseForm) -> str:
    """A refused file by its name, and why."""
    name = clean_name(row.files[row.add_prefix("file")].name)
    return _("%(file)s is not taken. %(why)s") % {"file": name, "why": " ".join(row.errors["file"])}
