"""Two versions of one sheet: what the tablet wrote, what the server holds, and the choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from field.envelope import posted
from field.models import Record
from field.services.applying import files_of
from field.sheets import ATTEMPT, SHEETS, Sheet
from workflow.models import Step

# What names a row that both sides know.
KEYS = ("id", "label")
UNCHOSEN = (*KEYS, "DELETE", "ORDER")


@dataclass
class Difference:
    """A field, or a whole new row, on which one may choose."""

    name: str
    label: str
    mine: str
    theirs: str
    is_row: bool = False
    files: list[str] = field(default_factory=list)

    @property
    def preset(self) -> str:
        """What is chosen before anybody chooses: nothing that stands is written over."""
        return "theirs" if self.theirs else "mine"


@dataclass
class Merge:
    """The two versions; `data` is the sheet as the server would post it, to be written over."""

    differences: list[Difference]
    data: QueryDict
    mine: QueryDict
    uploads: MultiValueDict
    # Of a field or a row of the tablet, the names it has there and here; "" in one more row.
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    # Nothing stands on the server that it could differ from: it is taken as it came.
    is_whole: bool = False

    def chosen(self, choice: QueryDict) -> tuple[QueryDict, MultiValueDict]:
        """The sheet as chosen, ready for its form."""
        data, files = self.data.copy(), MultiValueDict()
        if self.is_whole:
            return data, self.uploads
        for difference in self.differences:
            if choice.get(f"choice-{difference.name}", difference.preset) != "mine":
                continue
            names = self.names[difference.name]
            if "" in names.values():
                prefix = difference.name.rpartition("-")[0]
                total = int(data[f"{prefix}-TOTAL_FORMS"])
                names = {old: f"{prefix}-{total}-{_last(old)}" for old in names}
                data[f"{prefix}-TOTAL_FORMS"] = str(total + 1)
            for old, new in names.items():
                if old in self.uploads:
                    files.setlist(new, self.uploads.getlist(old))
                elif _last(old) not in UNCHOSEN:
                    data.setlist(new, self.mine.getlist(old))
        return data, files


def _last(name: str) -> str:
    return name.rpartition("-")[2]


def merge_of(record: Record, step: Step, user: User) -> Merge:
    """Both versions of the sheet of a record; `step` is the round that is open now."""
    sheet: Sheet = SHEETS[record.sheet]
    mine, uploads = posted(record.fields), files_of(record)
    if record.sheet == ATTEMPT:
        return Merge([], mine, mine, uploads, is_whole=True)
    theirs = sheet.form(step, user)
    ours = sheet.form(step, user, mine, uploads)
    merge = Merge([], as_posted(theirs), mine, uploads)
    for bound in theirs:
        _compare(merge, ours[bound.name], bound)
    for rows, current in zip(ours.formsets, theirs.formsets, strict=False):
        _compare_rows(merge, rows, current)
    return merge


def _compare(merge: Merge, mine: forms.BoundField, theirs: forms.BoundField, row: str = "") -> None:
    if theirs.field.disabled or mine.name in UNCHOSEN:
        return
    left, right = merge.mine.getlist(mine.html_name), values_of(theirs)
    uploaded = mine.html_name in merge.uploads
    if not uploaded and (_plain(left) == _plain(right) or mine.html_name not in merge.mine):
        boxes = isinstance(mine.field.widget, forms.CheckboxInput)
        if not boxes or _plain(left) == _plain(right):
            return
    label = f"{row}{capfirst(str(mine.label))}"
    said = _("a new file") if uploaded else shown(mine, left)
    merge.differences.append(Difference(mine.html_name, label, said, shown(theirs, right)))
    merge.names[mine.html_name] = {mine.html_name: theirs.html_name}


def _compare_rows(merge: Merge, rows: Any, current: Any) -> None:
    left = list(current.initial_forms)
    for number, form in enumerate(rows.forms, 1):
        told = {b.name: merge.mine.get(b.html_name, "") for b in form}
        # A picture is never put in the place of another: its row is a new one.
        pictured = any(b.html_name in merge.uploads for b in form) and not told.get("id")
        same = None if pictured else next((f for f in left if _same(form, told, f)), None)
        title = _("Row %(n)s") % {"n": number}
        if same is not None:
            left.remove(same)
            for bound in same.visible_fields():
                _compare(merge, form[bound.name], bound, f"{title}: ")
        elif not told.get("known"):
            _offer_row(merge, form, title)
        elif form.has_changed():
            # Both have an answer of this party: choosing the tablet's is refused, in words.
            _offer_row(merge, form, title, theirs=str(form.instance))


def _offer_row(merge: Merge, form: forms.BaseForm, title: str, theirs: str = "") -> None:
    """A row that the server does not have, or has as one that is closed already."""
    filled = [b for b in form.visible_fields() if _is_filled(merge, b)]
    if not filled:
        return
    says = _("; ").join(f"{capfirst(str(b.label))}: {_says(merge, b)}" for b in filled)
    files = [b.html_name for b in filled if b.html_name in merge.uploads]
    row = Difference(form.prefix, title, says, theirs, is_row=not theirs, files=files)
    merge.differences.append(row)
    merge.names[form.prefix] = {b.html_name: "" for b in form}


def _same(form: forms.BaseForm, told: dict[str, Any], other: forms.BaseForm) -> bool:
    """The same row: of one key, else beginning with the same words (rows of two rounds)."""
    if told.get("known"):
        return form.instance.pk is not None and form.instance.pk == other.instance.pk
    key = next((name for name in KEYS if told.get(name)), None)
    if key and _tells(told, other[key]):
        return True
    # What cannot be chosen any more is all the same in the same row.
    if fixed := [b for b in other.visible_fields() if b.field.disabled]:
        return all(_tells(told, bound) for bound in fixed)
    first = next((b.name for b in form.visible_fields() if told.get(b.name)), None)
    return first is not None and _tells(told, other[first])


def _tells(told: dict[str, Any], bound: forms.BoundField) -> bool:
    return _plain([told[bound.name]]) == _plain(values_of(bound))


def _says(merge: Merge, bound: forms.BoundField) -> str:
    if bound.html_name in merge.uploads:
        return _("a new file")
    return shown(bound, merge.mine.getlist(bound.html_name))


def _is_filled(merge: Merge, bound: forms.BoundField) -> bool:
    return bound.html_name in merge.uploads or any(merge.mine.getlist(bound.html_name))


def _plain(values: Iterable[str]) -> list[str]:
    """Values without what makes no difference: empty ones, line ends, zeros behind the point."""
    found = []
    for value in values:
        text = value.replace("\r\n", "\n").strip()
        if "." in text and text.replace(".", "", 1).lstrip("-").isdigit():
            text = text.rstrip("0").rstrip(".")
        if text:
            found.append(text)
    return sorted(found)


def values_of(bound: forms.BoundField) -> list[str]:
    """What a browser would send for a field as it stands."""
    widget, value = bound.field.widget, bound.value()
    if isinstance(widget, forms.FileInput):
        return []
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if widget.check_test(value) else []
    found = widget.format_value(value)
    values = found if isinstance(found, list | tuple) else [found]
    return [str(v) for v in values if v is not None]


def as_posted(form: Any) -> QueryDict:
    """What a browser would send for a whole sheet nobody has touched."""
    data = QueryDict(mutable=True)
    for bound in form:
        data.setlist(bound.html_name, values_of(bound))
    for rows in form.formsets:
        known = len(rows.initial_forms)
        data[f"{rows.prefix}-TOTAL_FORMS"] = data[f"{rows.prefix}-INITIAL_FORMS"] = str(known)
        for row in rows.initial_forms:
            for bound in row:
                data.setlist(bound.html_name, values_of(bound))
    return data


def shown(bound: forms.BoundField, values: list[str]) -> str:
    """A value in words."""
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return _("yes") if values else _("no")
    choices = getattr(bound.field.widget, "choices", None)
    if choices is None:
        return "\n".join(values)
    labels = {str(value): str(label) for value, label in _flat(choices)}
    return _(", ").join(labels.get(value, value) for value in values if value)


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label
