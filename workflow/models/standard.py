"""Standards: the rows that the office decides by (limits, calendar, fees). One person drafts a
version, a second one releases it; from then on it is frozen, and a change is a new version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck


class StandardQuerySet(models.QuerySet):
    """Versions of a standard."""

    def released(self) -> Self:
        """What counts: a draft counts for nobody."""
        return self.filter(released_at__isnull=False)


class Standard(models.Model):
    """One version of a standard. What is shipped is released and has no author; so is a row that
    the program itself writes, unless it says otherwise.
    """

    # The columns that name the thing of which a row is a version.
    KEY: ClassVar[tuple[str, ...]]
    # What may still change once it is released: until when it holds, and what was seen of it.
    OPEN: ClassVar[frozenset[str]] = frozenset({"valid_to", "confirmed", "note", "status"})

    document_number = models.CharField(_("document number"), max_length=120, default="")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("released by"),
    )
    released_at = models.DateTimeField(
        _("released"), null=True, editable=False, default=timezone.now
    )

    class Meta:
        abstract = True
        constraints = [
            RowCheck(
                condition=Q(author=None, released_by=None, released_at__isnull=False)
                | Q(author__isnull=False, released_by=None, released_at=None)
                | Q(author__isnull=False, released_by__isnull=False, released_at__isnull=False)
                & ~Q(released_by=F("author")),
                name="%(class)s_needs_two_people",
                violation_error_message=_("This needs two people."),
            ),
            RowCheck(
                condition=Q(author=None) | ~Q(document_number=""),
                name="%(class)s_has_its_document",
                violation_error_message=_("Name the document that orders this."),
            ),
        ]

    @property
    def is_draft(self) -> bool:
        return self.released_at is None

    @property
    def key(self) -> dict[str, Any]:
        """What its versions have in common, as a filter."""
        return {name: getattr(self, name) for name in self.KEY}

    @property
    def digest(self) -> str:
        """Stands for all that the row says: another one, another digest."""
        values = [str(getattr(self, field.attname)) for field in self._meta.concrete_fields]
        return hashlib.sha256("\x1f".join(values).encode()).hexdigest()

    def follow(self, others: Iterable[Self], today: date) -> None:
        """What becomes of the released versions when this one joins them: nothing, the newest
        counts.
        """


class DatedQuerySet(StandardQuerySet):
    """Versions of a standard with a first day."""

    def in_force(self, on: date) -> Self:
        """What holds on the day."""
        return self.released().filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)


class DatedStandard(Standard):
    """A standard that holds from a first day on, and until the next version's."""

    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            *Standard.Meta.constraints,
            RowCheck(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="%(class)s_ends_after_it_begins",
                violation_error_message=_("The last day of validity lies before the first."),
            ),
        ]

    def follow(self, others: Iterable[Self], today: date) -> None:
        """The versions before end on the day before this one begins.

        Raises ValidationError where that would change what held on a day that is past, or undo a
        version that begins later.
        """
        last = self.valid_from - timedelta(days=1)
        open_ = [other for other in others if other.valid_to is None or other.valid_to > last]
        if open_ and self.valid_from < today:
            raise ValidationError(
                gettext(
                    "The first day lies in the past, where another version held: choose today or "
                    "a later day."
                )
            )
        self.end(open_, last)

    def end(self, others: Iterable[Self], last: date) -> None:
        """Let the versions hold until that day. Raises ValidationError where one begins later."""
        for other in others:
            if other.valid_from > last:
                raise ValidationError(
                    gettext(
                        "A version that begins on %(day)s is released already: choose a later day."
                    )
                    % {"day": f"{other.valid_from:%Y-%m-%d}"}
                )
            if other.valid_to is None or other.valid_to > last:
                other.valid_to = last
                other.save(update_fields=["valid_to"])


class Listed(models.Model):
    """A row of a list that is chosen from. What refers to it says by it why something was done, so
    once it was used it is never edited: it is taken out of use, and another row added.
    """

    # What may change in a row that was used, and what belongs to the row itself.
    OPEN: ClassVar[frozenset[str]] = frozenset({"active", "confirmed"})
    PARTS: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    @classmethod
    def uses(cls) -> list[models.ForeignKey]:
        """The columns by which other rows refer to this one."""
        found = (one for one in cls._meta.get_fields(include_hidden=True) if one.one_to_many)
        return [one.field for one in found if one.field.model.__name__ not in cls.PARTS]

    @property
    def is_used(self) -> bool:
        return any(
            column.model._base_manager.filter(**{column.name: self}).exists()
            for column in self.uses()
        )
