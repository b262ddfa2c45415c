"""The only writer of accounts."""

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr

from accounts.models import Unit, User


def choose_language(user: User, language: str) -> None:
    """Remember the language a person reads in."""
    user.language = language
    user.save(update_fields=["language"])


def keep_leave(person: User) -> None:
    """Keep the days on which a person is on leave, and who stands in for them."""
    person.save(update_fields=["away_from", "away_until", "stand_in"])


@transaction.atomic
def place(unit: Unit) -> Unit:
    """Keep an office at its place in the tree; those below it move along."""
    before = Unit.objects.filter(pk=unit.pk).values_list("path", flat=True).first()
    unit.placed().save()
    if before and before != unit.path:
        Unit.objects.filter(path__startswith=before).exclude(pk=unit.pk).update(
            path=Concat(Value(unit.path), Substr(F("path"), len(before) + 1))
        )
    return unit
