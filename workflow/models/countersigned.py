"""A sheet that one person signs and another, who was there too, confirms."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import User
from workflow.models.step import Step


class CountersignedQuerySet(models.QuerySet):
    def waiting(self) -> CountersignedQuerySet:
        """Signed by the first, not confirmed by the second yet."""
        return self.filter(presented_at__isnull=False, confirmed_at=None, signed_at=None)

    def to_confirm(self, user: User) -> CountersignedQuerySet:
        """What waits for this person, on steps that are open."""
        mine = self.waiting().filter(**{self.model.SECOND: user}, step__state__in=Step.LIVE)
        return mine.select_related("step__case", "presented_by")


class Countersigned(models.Model):
    """Handed in by who signs it first, it counts (`signed_at`) once the second has confirmed it in
    their own login. Abstract; the model has `step`, `signed_at` and `signed_by` besides.

    Sheets signed before this was asked for keep their columns empty: nobody confirmed them.
    """

    # The columns that name the two, and the address where the second confirms.
    FIRST: ClassVar[str]
    SECOND: ClassVar[str]
    CONFIRM_AT: ClassVar[str]
    # Columns of the model.
    step: Step
    signed_at: datetime | None

    presented_at = models.DateTimeField(_("signed by the first"), null=True, blank=True)
    presented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("first signature"),
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    # Why the second sent it back, until it is signed again.
    not_confirmed = models.TextField(_("why not confirmed"), max_length=500, blank=True)

    objects = CountersignedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def confirm_url(self) -> str:
        """Where the second confirms it."""
        return reverse(self.CONFIRM_AT, args=[self.step.case.number])

    @property
    def waits(self) -> bool:
        """Signed by the first; the second has not confirmed it yet."""
        return self.presented_at is not None and self.confirmed_at is None and not self.signed_at

    @property
    def title(self) -> str:
        """What kind of sheet it is."""
        return capfirst(str(self._meta.verbose_name))

    @property
    def second(self) -> User | None:
        """Who is named to confirm it."""
        return getattr(self, self.SECOND)


def countersign_constraints(model: str, second: str) -> list[models.CheckConstraint]:
    """The second, who is another person than the first, confirms what the first has signed."""
    return [
        RowCheck(
            condition=Q(presented_at=None, presented_by=None)
            | Q(presented_at__isnull=False, presented_by__isnull=False),
            name=f"{model}_first_signature_is_whole",
        ),
        RowCheck(
            condition=Q(confirmed_at=None, confirmed_by=None)
            | (
                Q(
                    presented_by__isnull=False,
                    confirmed_at__isnull=False,
                    confirmed_by__isnull=False,
                    confirmed_by=F(second),
                )
                & ~Q(confirmed_by=F("presented_by"))
            ),
            name=f"{model}_confirmed_by_the_second",
            violation_error_message=_("Who signed it first cannot confirm it."),
        ),
    ]
