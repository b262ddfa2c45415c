"""Time limits, working days and reasons to stop a clock: dated data with its source, never
constants.
"""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models.standard import (
    DatedQuerySet,
    DatedStandard,
    Listed,
    Standard,
    StandardQuerySet,
)
from workflow.process import BusinessType, CustomerClass, Kind
from workflow.words import WordsField


class DeadlineRule(DatedStandard):
    """How many working days a link may take for a class of customer, in law and by promise."""

    class Start(models.TextChoices):
        IN_HAND = "in_hand", _("when the step comes in hand")
        ACCEPTED = "accepted", _("at acceptance of the application")

    WHOLE_CASE = "case"
    KEY = ("regime", "kind", "customer_class", "business_type", "line_works")

    regime = models.CharField(_("regime"), max_length=20, default="CN-2024")
    kind = models.CharField(
        _("step"), max_length=20, choices=[(WHOLE_CASE, _("Whole case")), *Kind.choices]
    )
    customer_class = models.CharField(_("customer class"), max_length=20, choices=CustomerClass)
    business_type = models.CharField(
        _("business type"),
        max_length=20,
        choices=BusinessType,
        blank=True,
        help_text=_("Empty: all of them."),
    )
    line_works = models.BooleanField(_("with external line works"), null=True, blank=True)
    starts = models.CharField(
        _("clock starts"), max_length=10, choices=Start, default=Start.IN_HAND
    )
    promise = models.PositiveSmallIntegerField(_("promise (working days)"))
    ceiling = models.PositiveSmallIntegerField(_("legal ceiling (working days)"))
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "customer_class", "-valid_from"]
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")
        constraints = [
            *DatedStandard.Meta.constraints,
            RowCheck(
                condition=Q(promise__lte=F("ceiling")),
                name="promise_within_ceiling",
                violation_error_message=_("The promise may not be longer than the legal ceiling."),
            ),
        ]

    def __str__(self) -> str:
        who = self.get_customer_class_display()
        return f"{self.get_kind_display()} · {who} · {self.promise}/{self.ceiling}"

    def holds(
        self, *, kind: str, customer_class: str, business_type: str, line_works: bool, on: date
    ) -> bool:
        """Whether the rule governs such a step on this day."""
        return (
            self.kind == kind
            and self.customer_class == customer_class
            and self.business_type in ("", business_type)
            and self.line_works in (None, line_works)
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )


class WorkDayQuerySet(StandardQuerySet):
    def in_order(self) -> WorkDayQuerySet:
        """What was released, the newest of each day last: that one counts."""
        return self.released().order_by("day", "released_at", "pk")


class WorkDay(Standard):
    """A day that differs from Monday–Friday: a rest day in the week, or a worked weekend day.

    The newest released row of a day counts; one that says what the weekday says takes it back.
    """

    KEY = ("day",)
    # What is confirmed says how far the calendar reaches.
    OPEN = frozenset()

    day = models.DateField(_("day"), db_index=True)
    worked = models.BooleanField(_("worked"))
    name = models.CharField(_("occasion"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=200)
    confirmed = models.BooleanField(_("confirmed by notice"), default=True)

    objects = WorkDayQuerySet.as_manager()

    class Meta:
        ordering = ["day", "pk"]
        constraints = [*Standard.Meta.constraints]
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")

    def __str__(self) -> str:
        what = _("worked") if self.worked else _("rest")
        return f"{self.day:%Y-%m-%d} {what}"


class StopReason(Listed):
    """A listed reason for which the utility's clock may stand still (DOMAIN section 4)."""

    code = models.SlugField(_("code"), unique=True)
    label_en = models.CharField(_("English"), max_length=80)
    label_zh = models.CharField(_("Chinese"), max_length=80)
    cap = models.PositiveSmallIntegerField(
        _("cap (working days)"),
        help_text=_("After so many the clock runs again and the supervisor is told."),
    )
    basis = models.CharField(_("basis"), max_length=200)
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("reason to stop the clock")
        verbose_name_plural = _("reasons to stop the clock")

    def __str__(self) -> str:
        return getattr(self, self.label_column())

    @staticmethod
    def label_column() -> str:
        """The column of the label in the language that is active."""
        return "label_zh" if (get_language() or "").startswith("zh") else "label_en"


class Edition(models.Model):
    """The current edition of limits and calendar: one row whose token changes with either of them.

    Processes hold both in memory and drop them when the token they read differs.
    """

    token = models.UUIDField()

    class Meta:
        verbose_name = _("edition of limits and calendar")
        verbose_name_plural = _("editions of limits and calendar")

    def __str__(self) -> str:
        return str(self.token)


class Rescheduling(models.Model):
    """Limits or calendar changed: every open due date is to be computed anew.

    Asked for in the transaction of the change, done by the worker (workflow.rescheduling). Up to
    the case `done_to` it is done; until `leased_until` one worker is at it.
    """

    what = WordsField(_("what changed"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    asked_at = models.DateTimeField(_("changed"))
    finished_at = models.DateTimeField(_("all due dates computed"), null=True)
    moved = models.PositiveIntegerField(_("due dates moved"), default=0)
    done_to = models.BigIntegerField(default=0)
    failed = models.JSONField(_("cases not computed"), default=list)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("recomputation of due dates")
        verbose_name_plural = _("recomputations of due dates")
        indexes = [
            models.Index(
                fields=["id"], name="rescheduling_unfinished", condition=Q(finished_at=None)
            )
        ]

    def __str__(self) -> str:
        return str(self.what)
