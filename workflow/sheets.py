"""Sheets: forms laid out as on paper, and the same sheet to read once it is signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.db import models, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.formats import date_format, localize
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import template_localtime
from django.utils.translation import gettext as _

from workflow.guards import Refused
from workflow.models import Step

WIDGET_CLASS = {
    forms.Select: "form-select",
    forms.SelectMultiple: "form-select",
    forms.CheckboxInput: "",
    forms.RadioSelect: "",
    forms.CheckboxSelectMultiple: "",
}


@dataclass
class Section:
    """A numbered block of a sheet. `rows` are lists of (field name, width in twelfths)."""

    title: Any
    rows: list[list[tuple[Any, int]]]
    hint: Any = ""
    column: int = 1
    number: int = 0
    formset: Any = None
    add_label: Any = ""
    product_label: Any = ""
    template: str = ""
    pairs: list[tuple[str, Any]] = field(default_factory=list)


def dress(form: forms.BaseForm) -> None:
    """Give every widget the classes of the design and the keyboard its type."""
    for bound in form:
        widget = bound.field.widget
        extra = WIDGET_CLASS.get(type(widget), "form-control")
        if extra:
            widget.attrs["class"] = f"{widget.attrs.get('class', '')} {extra}".strip()
        if isinstance(bound.field, forms.DateField) and isinstance(widget, forms.DateInput):
            widget.input_type = "date"
            widget.format = "%Y-%m-%d"
        elif isinstance(bound.field, forms.DateTimeField) and isinstance(
            widget, forms.DateTimeInput
        ):
            widget.input_type = "datetime-local"
            widget.format = "%Y-%m-%dT%H:%M"
        elif isinstance(widget, forms.Textarea):
            widget.attrs["rows"] = (
                widget.attrs.get("rows") if str(widget.attrs.get("rows")) != "10" else 3
            )
        elif isinstance(widget, forms.NumberInput):
            widget.attrs.setdefault("inputmode", "decimal")


class DressedForm(forms.Form):
    """A plain form in the design's clothes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class SheetForm(forms.ModelForm):
    """A sheet to fill in. `layout` is the order of the paper: (title, [[("field", width), …], …],
    extras).

    Extras is an optional dict for `Section`: column (1 left, 2 right), hint, formset (the name
    of an attribute set on the form by the view), add_label, product_label, template.
    A draft may be saved incomplete: `Meta` fields stay optional in the model where the paper allows
    it, and
    `required_to_sign` names what must be there before signing.
    """

    layout: tuple = ()
    required_to_sign: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    @property
    def sections(self) -> list[Section]:
        """The sections with their bound fields, for components/_sheet.html."""
        found = []
        for number, (title, rows, *extras) in enumerate(self.layout, 1):
            options = dict(extras[0]) if extras else {}
            if "formset" in options:
                options["formset"] = getattr(self, options["formset"], None)
            bound = [[(self[name], width) for name, width in row] for row in rows]
            found.append(Section(title, bound, number=number, **options))
        return found

    @property
    def signing(self) -> bool:
        """Handed in to count, not kept as a draft."""
        return "save" not in self.data

    def needed(self, found: dict[str, Any]) -> Iterable[str]:
        """The fields without which the sheet, filled in like this, is not signed."""
        return self.required_to_sign

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if self.signing:
            for name in self.needed(found):
                if name not in self.errors and found.get(name) in (None, "", []):
                    self.add_error(name, _("Needed to sign."))
        return found


def readonly(instance: models.Model, layout: tuple) -> list[Section]:
    """The same layout with values instead of controls, for components/_readonly.html."""
    sections = []
    for title, rows, *_extras in layout:
        pairs = []
        for row in rows:
            for name, _width in row:
                column = next((f for f in instance._meta.fields if f.name == name), None)
                if column is None:
                    continue
                shown = getattr(instance, f"get_{name}_display", None)
                value = shown() if shown else getattr(instance, name)
                if isinstance(value, date):
                    value = localize(template_localtime(value))
                pairs.append((capfirst(force_str(column.verbose_name)), value))
        if pairs:
            sections.append(Section(title, [], number=len(sections) + 1, pairs=pairs))
    return sections


@contextmanager
def saving(request: HttpRequest, step: Step) -> Iterator[None]:
    """One save of the sheet of a step whose case is locked, whole or not at all.

    Raises Refused when the sheet was saved after the page in hand was opened. What was typed
    stays on that page, which then knows the newer edition: sent once more, it replaces it.
    """
    seen = request.POST.get("edition", step.sheet_edition)
    if step.sheet_saved_at and str(seen) != str(step.sheet_edition):
        text = _(
            "{who} saved this sheet at {at}, after you had opened it. What you typed stands here "
            'and is not saved: <a href="{url}" target="_blank">look at the other in a new tab</a>, '
            "then save again to replace it."
        )
        at = date_format(timezone.localtime(step.sheet_saved_at), "SHORT_DATETIME_FORMAT")
        url = step.get_absolute_url()
        raise Refused(format_html(text, who=step.sheet_saved_by, at=at, url=url))
    with transaction.atomic():
        Step.objects.filter(pk=step.pk).update(
            sheet_edition=F("sheet_edition") + 1,
            sheet_saved_at=timezone.now(),
            sheet_saved_by=request.user,
        )
        yield
