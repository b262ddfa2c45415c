"""Choosing one of many by typing: works without scripts, the browser offers what it knows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

OFFERED = 200


class SearchInput(forms.TextInput):
    """A text box with a list of proposals."""

    template_name = "works/search_input.html"
    offers: list[tuple[str, str]] = []

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"].update(
            {"list": f"{context['widget']['attrs'].get('id', name)}_offers", "autocomplete": "off"}
        )
        context["offers"] = self.offers
        return context


class SearchField(forms.CharField):
    """One row of `queryset`, found by the exact text of one of `columns`; the first names it."""

    def __init__(self, queryset: QuerySet, columns: tuple[str, ...], **options: Any) -> None:
        options.setdefault("max_length", 120)
        options.setdefault("widget", SearchInput())
        super().__init__(**options)
        self.queryset, self.columns = queryset, columns

    def offer(self, queryset: QuerySet, proposals: QuerySet | None = None) -> None:
        """Choose from this queryset; propose all of it, or only what is better."""
        self.queryset = queryset
        offered = queryset if proposals is None else proposals
        self.widget.offers = [
            (getattr(found, self.columns[0]), str(found)) for found in offered[:OFFERED]
        ]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = self.queryset.model._default_manager.filter(pk=value).first()
        return getattr(value, self.columns[0]) if isinstance(value, Model) else value

    def clean(self, value: Any) -> Model | None:
        text = super().clean(value)
        if not text:
            return None
        match = Q()
        for column in self.columns:
            match |= Q(**{f"{column}__iexact": text})
        found = list(self.queryset.filter(match)[:2])
        if not found:
            raise ValidationError(_("There is none of this name or number to choose."))
        if len(found) > 1:
            raise ValidationError(_("There are several; type the number."))
        return found[0]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != (data or None)
