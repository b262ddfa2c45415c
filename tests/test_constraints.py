"""What a form says of a constraint in memory is what the database says of it."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable

from accounts.constraints import RowCheck, truth

ROWS, AT_MOST = 30, 1000
CONSTRAINTS = [
    (model, constraint)
    for model in apps.get_models()
    for constraint in model._meta.constraints
    if isinstance(constraint, models.CheckConstraint)
]
DAY, MOMENT = date(2024, 3, 5), datetime(2024, 3, 5, 9, tzinfo=UTC)


def literals(condition):
    """Every value that the condition compares something with."""
    if isinstance(condition, Q):
        return [value for part in condition.children for value in literals(part)]
    found = condition[1]
    if isinstance(found, Combinable | bool | None):
        return []
    return list(found) if isinstance(found, list | tuple | set) else [found]


def values(field, known):
    """A few values of the column, those at the edges of the condition among them."""
    if isinstance(field, models.ForeignKey | models.OneToOneField):
        found = [1, 2]
    elif isinstance(field, models.BooleanField):
        found = [True, False]
    elif isinstance(field, models.DecimalField | models.IntegerField | models.FloatField):
        kind = Decimal if isinstance(field, models.DecimalField) else int
        numbers = [v for v in known if isinstance(v, int | Decimal)]
        found = [kind(n) + kind(step) for n in (0, *numbers) for step in (-1, 0, 1)]
    elif isinstance(field, models.DateTimeField):
        found = [MOMENT, MOMENT + timedelta(1)]
    elif isinstance(field, models.DateField):
        found = [DAY, DAY + timedelta(1)]
    else:
        found = ["", "x", *(str(v) for v in known if isinstance(v, str))]
    return [*found, None] if field.null else found


def holds(check, constraint, model, row):
    try:
        check(constraint, model, row)
    except ValidationError:
        return False
    return True


def test_every_check_of_a_row_can_be_asked_without_a_statement():
    assert len(CONSTRAINTS) > 100
    assert all(isinstance(constraint, RowCheck) for _model, constraint in CONSTRAINTS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "constraint"), CONSTRAINTS, ids=[constraint.name for _m, constraint in CONSTRAINTS]
)
def test_memory_and_database_agree(model, constraint, django_assert_num_queries):
    pick = random.Random(constraint.name)
    known = literals(constraint.condition)
    names = {ref[0] for ref in model._get_expr_references(constraint.condition)}
    fields = [model._meta.get_field(name) for name in sorted(names)]
    said = set()
    for n in range(AT_MOST):
        if n >= ROWS and len(said) == 2:
            break
        row = model(**{field.attname: pick.choice(values(field, known)) for field in fields})
        with django_assert_num_queries(0):
            told = holds(RowCheck.validate, constraint, model, row)
        assert told is holds(models.CheckConstraint.validate, constraint, model, row), vars(row)
        said.add(told)
    assert said == {True, False}, "rows that keep it and rows that break it"


def test_a_column_that_is_no_business_of_the_form_leaves_the_constraint_to_the_database():
    with pytest.raises(KeyError):
        truth(Q(a__gt=1) | Q(b=None), {"a": 5})
