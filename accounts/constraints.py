"""Check constraints that a form asks without asking the database.

What must always hold is a constraint of the database. A form asks it too, before anything is
written, to say at once what is wrong. Django asks the database for that, one statement and one
savepoint for each constraint; most of them only compare the columns of one row, which is told here.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F, Q
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import CombinedExpression

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
ARITHMETIC = {"+": operator.add, "-": operator.sub}


class Unreadable(Exception):
    """Not a comparison of columns: the database is to be asked."""


class RowCheck(models.CheckConstraint):
    """A check constraint, asked in memory where it compares columns of its row."""

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        """In the database, and in the migrations, it is a check constraint like any other."""
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: set[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        columns = {
            field.name: field.get_prep_value(getattr(instance, field.attname))
            for field in model._meta.local_concrete_fields
            if field.name not in (exclude or ())
        }
        try:
            holds = truth(self.condition, columns)
        except (Unreadable, TypeError):
            return super().validate(model, instance, exclude=exclude, using=using)
        except KeyError:  # a column that is wrong by itself, or no business of the form
            return None
        if holds is False:
            raise ValidationError(
                self.get_violation_error_message(), code=self.violation_error_code
            )
        return None


def truth(condition: Any, columns: Mapping[str, Any]) -> bool | None:
    """Whether the condition holds of a row: True, False, or None for SQL's "unknown".

    Raises KeyError for a column that is not given, Unreadable for what is no plain comparison.
    """
    if isinstance(condition, tuple):
        return _compared(*condition, columns)
    if not isinstance(condition, Q):
        raise Unreadable
    # Every part is read, also where one decides: a missing column is to be noticed.
    parts = [truth(part, columns) for part in condition.children]
    if condition.connector == Q.AND:
        holds = False if False in parts else None if None in parts else True
    elif condition.connector == Q.OR:
        holds = True if True in parts else None if None in parts else False
    else:
        raise Unreadable
    return not holds if condition.negated and holds is not None else holds


def _compared(path: str, right: Any, columns: Mapping[str, Any]) -> bool | None:
    name, _sep, lookup = path.partition(LOOKUP_SEP)
    left = columns[name]
    if lookup == "isnull" or (right is None and lookup in ("", "exact")):
        return (left is None) == (right is None or right)
    if lookup == "range":
        low, high = (
            _compared(f"{name}__{end}", to, columns)
            for end, to in zip(("gte", "lte"), right, strict=True)
        )
        return False if False in (low, high) else None if None in (low, high) else True
    if lookup == "in":
        return None if left is None else left in right
    if (compare := COMPARISONS.get(lookup or "exact")) is None:
        raise Unreadable
    against = _value(right, columns)
    return None if left is None or against is None else compare(left, against)


def _value(expression: Any, columns: Mapping[str, Any]) -> Any:
    """What stands on the right of a comparison."""
    if isinstance(expression, F):
        return columns[expression.name]
    if isinstance(expression, CombinedExpression):
        sides = [_value(side, columns) for side in (expression.lhs, expression.rhs)]
        if expression.connector not in ARITHMETIC:
            raise Unreadable
        return None if None in sides else ARITHMETIC[expression.connector](*sides)
    if hasattr(expression, "resolve_expression"):
        raise Unreadable
    return expression
