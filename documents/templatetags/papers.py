"""What the papers share: boxed cells, and values written as on a form."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]")
EMPTY = "–"


@register.filter
def said(value: Any, unit: str = "") -> str:
    """A value as a form writes it: – when empty, yes or no, days as 2026-11-23, numbers without
    idle zeros.
    """
    match value:
        case None | "":
            return EMPTY
        case bool():
            return _("Yes") if value else _("No")
        case datetime():
            value = f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        case date():
            value = f"{value:%Y-%m-%d}"
        case Decimal():
            value = f"{value:,f}".rstrip("0").rstrip(".") if value.as_tuple().exponent else value
    return f"{value} {unit}" if unit else str(value)


@register.filter
def yuan(amount: Decimal | None) -> str:
    """An amount in yuan with its fen: 1,234.50."""
    return EMPTY if amount is None else f"{amount:,.2f}"


@register.filter
def day(text: str) -> str:
    """A day kept as text in the data of a paper."""
    return said(parse_date(text) if text else None)


@register.filter
def tongue(labels: Any) -> str:
    """The label in the language of the paper, of labels kept in all languages; plain text as it
    is.
    """
    return labels.get(get_language(), "") if isinstance(labels, dict) else str(labels)


@register.simple_tag
def cell(label: Any, value: Any, span: int = 1, unit: str = "") -> SafeString:
    """A labelled box of a form; `span` counts pairs of label and value, two to a row unless the
    grid says more.
    """
    value = value if isinstance(value, SafeString) else said(value, unit)
    return format_html(
        '<th scope="row">{}</th><td{}{}>{}</td>',
        label,
        format_html(' colspan="{}"', span * 2 - 1) if span > 1 else "",
        chinese(value),
        conditional_escape(value),
    )


@register.filter
def chinese(value: Any) -> SafeString | str:
    """The attribute that says a text is Chinese, where the paper itself is not."""
    if (get_language() or "").startswith("zh") or not HAN.search(str(value)):
        return ""
    return format_html(' lang="{}"', "zh-CN")
