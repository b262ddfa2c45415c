"""A step: one attempt at one link of the chain, and the pauses of its clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from accounts.constraints import RowCheck
from accounts.models import Unit, User, at_work
from accounts.roles import Role
from workflow.models.case import Case
from workflow.models.rule import DeadlineRule, StopReason
from workflow.models.state import ProtectedState, Stateful
from workflow.process import PROCESS, Kind, Rule
from workflow.words import WordsField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workflow.models.event import Event


class StepQuerySet(models.QuerySet["Step"]):
    def visible_to(self, user: User) -> StepQuerySet:
        """The steps of cases of the person's own unit and of those below it."""
        return self.filter(unit__in=Unit.objects.under(user.unit))

    def live(self) -> StepQuerySet:
        """Begun and not finished: somebody's turn."""
        return self.filter(state__in=Step.LIVE)

    def in_hand(self) -> StepQuerySet:
        return self.filter(state=Step.State.IN_HAND)

    def with_customer(self) -> StepQuerySet:
        return self.filter(state=Step.State.WITH_CUSTOMER)

    def stopped(self) -> StepQuerySet:
        return self.filter(state=Step.State.STOPPED)

    def unclaimed(self) -> StepQuerySet:
        return self.live().filter(owner=None)

    def left(self, on: date) -> StepQuerySet:
        """Live steps whose owner cannot work on them (`moves.absence`)."""
        held = User.groups.through.objects.filter(
            user=OuterRef("owner"), group__name=OuterRef("needs")
        )
        works = (
            at_work(on, "owner__") & Q(unit__path__startswith=F("owner__unit__path")) & Exists(held)
        )
        needs = [When(kind=rule.kind, then=Value(str(rule.role))) for rule in PROCESS.values()]
        return self.live().alias(needs=models.Case(*needs)).filter(~works, owner__isnull=False)

    def overdue(self, on: date) -> StepQuerySet:
        """Past their promise; what is stopped or with the customer has no due date."""
        return self.live().filter(due_on__lt=on)

    def for_roles(self, roles: Iterable[str]) -> StepQuerySet:
        """The steps that these roles work on."""
        held = set(roles)
        return self.filter(kind__in=[rule.kind for rule in PROCESS.values() if rule.role in held])


class Step(Stateful):
    """A row per case, kind and round; a failed check closes its row as returned and opens the next
    round.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        WITH_CUSTOMER = "with_customer", _("With customer")
        IN_HAND = "in_hand", _("In hand")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")
        RETURNED = "returned", _("Sent back")
        VOID = "void", _("Does not apply")

    LIVE = (State.WITH_CUSTOMER, State.IN_HAND, State.STOPPED)
    UNFINISHED = (State.WAITING, *LIVE)

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps", verbose_name=_("case"))
    kind = models.CharField(_("step"), max_length=20, choices=Kind)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    state = ProtectedState(_("state"), max_length=15, default=State.WAITING, choices=State)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="steps",
        verbose_name=_("owner"),
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    # When our clock began; the day after is the first counted.
    in_hand_since = models.DateTimeField(_("in hand since"), null=True, blank=True)
    rule = models.ForeignKey(DeadlineRule, models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(_("due"), null=True, blank=True)
    ceiling_on = models.DateField(_("legal ceiling"), null=True, blank=True)
    # In the fast lane: the formality may be finished after power on, until this day.
    deferred_until = models.DateField(_("deferred until"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # It was let go late at least once (`latenesses`).
    let_go_late = models.BooleanField(default=False, editable=False)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True)
    reason = WordsField(_("reason"), blank=True)
    # How often the sheet was saved, and last by whom: an older page does not replace a newer one.
    sheet_edition = models.PositiveIntegerField(default=0, editable=False)
    sheet_saved_at = models.DateTimeField(null=True, editable=False)
    sheet_saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
    )

    objects = StepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "round"], name="one_step_a_round"),
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(state__in=["waiting", "with_customer", "in_hand", "stopped"]),
                name="one_unfinished_round_a_kind",
            ),
            RowCheck(
                condition=~Q(state="returned") | ~Q(reason=""),
                name="sending_back_has_a_reason",
                violation_error_message=_("Say why it is sent back."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["unit", "due_on", "id"],
                name="step_queue",
                condition=Q(state__in=["with_customer", "in_hand", "stopped"]),
            ),
            models.Index(
                fields=["owner", "due_on", "id"],
                name="step_owner",
                condition=Q(state__in=["with_customer", "in_hand", "stopped"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.case_id}"

    def get_absolute_url(self) -> str:
        """The sheet of this step."""
        return reverse(self.process.url_name, args=[self.case.number])

    @property
    def process(self) -> Rule:
        return PROCESS[self.kind]

    @property
    def role_label(self) -> str:
        return Role(self.process.role).label

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_void(self) -> bool:
        return self.state == self.State.VOID

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def is_deferred(self) -> bool:
        """The fast lane deferred it, and the day until which it did has not passed."""
        return self.deferred_until is not None and self.deferred_until >= timezone.localdate()

    @property
    def satisfies(self) -> bool:
        """Whether what waits for this step may go on: it is done, or deferred on this day."""
        return self.state == self.State.DONE or self.is_deferred

    @property
    def since(self) -> date | None:
        """The day the present turn began."""
        moment = self.in_hand_since or self.opened_at
        return timezone.localdate(moment) if moment else None

    @cached_property
    def came_back(self) -> Event | None:
        """Why there is this round: the event that began it, with its reason, who and when; None for
        a first round. Read only where there is one.
        """
        if self.round == 1:
            return None
        begun = [self.kind, self.round, self.State.WAITING]
        events = self.case.events.filter(data__has_key="changes").order_by("-seq")
        found = events.select_related("actor", "step")
        return next((event for event in found if begun in event.data["changes"]), None)

    @transition(state, source=State.WAITING, target=State.IN_HAND)
    def open(self):
        """What it waits for is done: our clock starts."""

    @transition(state, source=State.WAITING, target=State.WITH_CUSTOMER)
    def offer(self):
        """What it waits for is done, and the customer moves first."""

    @transition(state, source=State.IN_HAND, target=State.WITH_CUSTOMER)
    def hand_over(self):
        """The customer's turn: no utility clock, the contact clock runs on."""

    @transition(state, source=State.WITH_CUSTOMER, target=State.IN_HAND)
    def take_back(self):
        """Our turn again."""

    @transition(state, source=State.IN_HAND, target=State.STOPPED)
    def stop(self):
        """The clock stands still for a listed reason."""

    @transition(state, source=State.STOPPED, target=State.IN_HAND)
    def resume(self):
        """The clock runs again."""

    @transition(state, source=[State.IN_HAND, State.WITH_CUSTOMER], target=State.DONE)
    def finish(self):
        """The sheet is signed."""

    @transition(
        state, source=[State.IN_HAND, State.WITH_CUSTOMER, State.STOPPED], target=State.RETURNED
    )
    def send_back(self):
        """This attempt failed; the next round follows."""

    @transition(
        state,
        source=[State.WAITING, State.IN_HAND, State.WITH_CUSTOMER, State.STOPPED],
        target=State.VOID,
    )
    def void(self):
        """The link does not apply, or the case was closed before it was finished."""


class Pause(models.Model):
    """A time in which the utility's clock of a step stands still.

    Without a reason: the customer's turn. With one: a stop for a listed reason (DOMAIN section 4),
    with evidence, the party waited for, a review date and a cap after which the clock runs again.
    """

    step = models.ForeignKey(Step, models.PROTECT, related_name="pauses")
    reason = models.ForeignKey(
        StopReason, models.PROTECT, null=True, blank=True, verbose_name=_("reason")
    )
    party = models.CharField(_("waiting for"), max_length=120, blank=True)
    evidence = models.TextField(_("evidence"), blank=True)
    review_on = models.DateField(_("review on"), null=True, blank=True)
    cap_on = models.DateField(_("stands still until"), null=True, blank=True)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["step"], condition=Q(ended_at=None), name="one_running_pause_a_step"
            ),
            RowCheck(
                condition=Q(reason=None)
                | (
                    ~Q(party="")
                    & ~Q(evidence="")
                    & Q(review_on__isnull=False)
                    & Q(cap_on__isnull=False)
                ),
                name="a_stop_is_complete",
                violation_error_message=_(
                    "A stop needs its evidence, the party waited for, a review date "
                    "and the day the clock runs again."
                ),
            ),
        ]

    def __str__(self) -> str:
        return str(self.reason or _("Customer's turn"))

    @property
    def is_stop(self) -> bool:
        return self.reason_id is not None

    @property
    def cap_at(self) -> datetime | None:
        """The moment at which a stop ends by itself: the end of its cap's day."""
        if self.cap_on is None:
            return None
        return timezone.make_aware(datetime.combine(self.cap_on + timedelta(days=1), time.min))

    def days(self, today: date) -> set[date]:
        """The calendar days that lie wholly within it: neither the day it began nor the day it
        ended, and none past its cap (DOMAIN section 4). While it lasts, today is one of them.
        """
        first = timezone.localdate(self.started_at)
        last = timezone.localdate(self.ended_at) - timedelta(days=1) if self.ended_at else today
        if self.cap_on:
            last = min(last, self.cap_on)
        return {first + timedelta(days=n) for n in range(1, (last - first).days + 1)}
