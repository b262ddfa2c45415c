"""What the tablet checks without a signal: the rules and the words of the Django fields themselves.

The server checks every record again with the same forms; these only spare a way back to the site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext as _

from surveys.forms import CandidateForm
from works.forms.rows import ItemRow

FEW = 5
# What the tablet does with a field: fill in the present moment, read a barcode.
NOW = {"on_site_at", "inspected_at", "removed_at", "installed_at", "energized_at", "at"}
SCANNED = {"meter", "asset_number"}


# What a row of a table needs before the sheet is signed: where the sheet says so, else always.
ROWS_TO_SIGN: dict[type[forms.BaseForm], dict[str, Any]] = {
    CandidateForm: {"workable": True},
    ItemRow: {"result": ["result", "passed"]},
}


def carry(form: forms.BaseForm, to_sign: Iterable[str] = ()) -> None:
    """Write the rules of each field on its widget, as `data-rules`: {rule: [limit, message]}."""
    thumb(form)
    needed: dict[str, Any] = dict.fromkeys(to_sign, True)
    for kind, names in ROWS_TO_SIGN.items():
        if isinstance(form, kind):
            needed |= names
    for name, field in form.fields.items():
        if rules := rules_of(field, needed.get(name), _of_column(form, name)):
            field.widget.attrs["data-rules"] = json.dumps(rules, ensure_ascii=False)
        if name in NOW:
            field.widget.attrs["data-now"] = True
        if name in SCANNED:
            field.widget.attrs["data-scan"] = True


def _of_column(form: forms.BaseForm, name: str) -> list[Any]:
    """What the column behind a field checks besides, as the form will when it is handed in."""
    options = getattr(form, "_meta", None)
    columns = {c.name: c for c in options.model._meta.fields} if options else {}
    return columns[name].validators if name in columns else []


def rules_of(
    field: forms.Field, to_sign: Any = None, column: Iterable[Any] = ()
) -> dict[str, list[Any]]:
    """The rules of one field that need nothing but its value; `column` are more validators.

    `to_sign` True: needed to sign; [name, value]: needed where that field of the sheet says so.
    """
    rules: dict[str, list[Any]] = {}
    if field.required:
        rules["required"] = [True, str(field.error_messages["required"])]
    elif to_sign:
        rules["sign"] = [to_sign, _("Needed to sign.")]
    if isinstance(field, forms.IntegerField):
        rules["number"] = [_places(field), str(field.error_messages["invalid"])]
        rules |= _limits([*field.validators, *column])
    if isinstance(field, forms.CharField) and field.max_length:
        rules["length"] = [
            field.max_length,
            _("At most %(n)s characters.") % {"n": field.max_length},
        ]
    return rules


def _limits(checks: Iterable[Any]) -> dict[str, list[Any]]:
    """The narrowest limits of these validators, with their words."""
    found: dict[str, list[Any]] = {}
    for rule in checks:
        if not isinstance(rule, validators.MinValueValidator | validators.MaxValueValidator):
            continue
        name = "min" if isinstance(rule, validators.MinValueValidator) else "max"
        limit = rule.limit_value() if callable(rule.limit_value) else rule.limit_value
        known = found.get(name)
        if known and (known[0] >= limit if name == "min" else known[0] <= limit):
            continue
        found[name] = [float(limit), str(rule.message) % {"limit_value": limit}]
    return found


def _places(field: forms.IntegerField) -> int | None:
    """How many digits behind the point; None where it does not matter."""
    if isinstance(field, forms.FloatField):
        return None
    return field.decimal_places if isinstance(field, forms.DecimalField) else 0


def thumb(form: forms.BaseForm) -> None:
    """Few choices stand side by side, to be pressed; many stay a list."""
    for field in form.fields.values():
        if not isinstance(field, forms.ChoiceField) or type(field.widget) is not forms.Select:
            continue
        if not hasattr(field, "queryset") and len(choices := list(field.choices)) <= FEW:
            field.widget = forms.RadioSelect(attrs=field.widget.attrs, choices=choices)
