"""Sheets: forms laid out as on paper, and the same sheet to read once it is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.formats import date_format, localize
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.timezone import template_localtime
from django.utils.translation import gettext as _

from accounts.models import User
from workflow.guards import Refused
from workflow.models import Step
from workflow.moves.unit_of_work import unit_of_work

# The years that a date of a case may have.
EARLIEST, LATEST = 1900, 2200
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


def in_our_time(value: date) -> None:
    """Refuse a year that no date of a case can have: computing with it fails on every page."""
    if not EARLIEST <= value.year <= LATEST:
        raise ValidationError(_("The year %(year)s cannot be right.") % {"year": value.year})


def dress(form: forms.BaseForm) -> None:
    """Give every widget the classes of the design, the keyboard its type and a date its bounds."""
    for bound in form:
        widget = bound.field.widget
        if isinstance(bound.field, forms.DateField | forms.DateTimeField):
            bound.field.validators = [*bound.field.validators, in_our_time]
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


def tell(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Say why it is refused: each reason at the first field that it speaks of, else at the top."""
    for reason in refusal.error_list:
        names = getattr(reason, "fields", ())
        form.add_error(next((name for name in names if name in form.fields), None), reason)


class DressedForm(forms.Form):
    """A plain form in the design's clothes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    @property
    def sections(self) -> list[Section]:
        """All its fields, one below the other, where it is shown as a sheet."""
        return [Section(_("To fill in"), [[(bound, 12)] for bound in self.visible_fields()])]


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
        self.formsets: list[forms.BaseFormSet] = []
        super().__init__(*args, **kwargs)
        dress(self)

    def is_valid(self) -> bool:
        """Sound with all its rows. What is not, but is to be signed, says also what else stands
        against signing: everything is told in one round.
        """
        rows = [formset.is_valid() for formset in self.formsets]
        sound = super().is_valid() and all(rows)
        if self.is_bound and self.signing and not sound:
            self.tell(ValidationError(list(self.objections())))
        return sound

    def objections(self) -> Iterable[ValidationError]:
        """What stands against signing the sheet as it is typed; asked without a write."""
        return ()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """What the act returns; refused, it is told on the form, and None."""
        try:
            return act()
        except ValidationError as refusal:
            self.tell(refusal)
            return None

    def tell(self, refusal: ValidationError) -> None:
        """Say why it is not signed: at the first field that a reason speaks of, else at the top.

        A reason that rests on a field or a table that is itself in error is left out: with what
        will stand there it may not hold, and the error names the place already.
        """
        wrong = {*self.errors, *(rows.prefix for rows in self.formsets if not rows.is_valid())}
        for reason in ValidationError(getattr(refusal, "error_list", refusal.messages)).error_list:
            names = getattr(reason, "fields", ())
            place = next((name for name in names if name in self.fields), None)
            said = self.errors.get(place or NON_FIELD_ERRORS, [])
            if wrong.isdisjoint(names) and reason.messages[0] not in said:
                self.add_error(place, reason)

    @property
    def sections(self) -> list[Section]:
        """The sections with their bound fields, for components/_sheet.html."""
        self.mark()
        found = []
        for number, (title, rows, *extras) in enumerate(self.layout, 1):
            options = dict(extras[0]) if extras else {}
            if "formset" in options:
                options["formset"] = getattr(self, options["formset"], None)
            bound = [[(self[name], width) for name, width in row] for row in rows]
            found.append(Section(title, bound, number=number, **options))
        return found

    def mark(self) -> None:
        """Mark the fields without which the sheet as it stands can be a draft, but not signed."""
        stands = {name: self[name].value() for name in self.fields}
        for name in self.to_sign(stands):
            field = self.fields[name]
            field.to_sign = not field.required
            if field.to_sign and not isinstance(field.widget, forms.RadioSelect):
                field.widget.attrs["aria-required"] = "true"

    @property
    def needs_to_sign(self) -> bool:
        """Some fields are needed for the signature only."""
        return any(getattr(field, "to_sign", False) for field in self.fields.values())

    @property
    def signing(self) -> bool:
        """Handed in to count, not kept as a draft."""
        return "save" not in self.data

    def needed(self, found: dict[str, Any]) -> Iterable[str]:
        """The fields without which the sheet, filled in like this, is not signed."""
        return self.required_to_sign

    def to_sign(self, found: dict[str, Any]) -> Iterable[str]:
        """The fields to mark as such; more than `needed` where the act itself asks for some."""
        return self.needed(found)

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
    with counted(step, request.user):
        yield


@contextmanager
def counted(step: Step, by: User) -> Iterator[None]:
    """One save of a sheet, whole or not at all; pages opened before it are now older."""
    with unit_of_work():
        Step.objects.filter(pk=step.pk).update(
            sheet_edition=F("sheet_edition") + 1,
            sheet_saved_at=timezone.now(),
            sheet_saved_by=by,
        )
        yield
