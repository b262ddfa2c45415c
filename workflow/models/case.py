"""A case: one request followed from the counter to the meter."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from accounts.constraints import RowCheck
from accounts.models import Unit, User, at_work
from accounts.roles import WATCHING
from workflow import process
from workflow.models.state import ProtectedState, Stateful
from workflow.process import BusinessType, CustomerClass, ExistingSupply, Importance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from workflow.models.step import Step


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        """The cases of the person's own unit and of those below it."""
        return self.filter(unit__in=Unit.objects.under(user.unit))

    def open(self) -> CaseQuerySet:
        return self.filter(state__in=Case.OPEN_STATES)

    def silent(self, before: date) -> CaseQuerySet:
        """Open cases without two-way contact since before the day."""
        return self.open().filter(last_contact_at__date__lt=before)

    def left(self, on: date) -> CaseQuerySet:
        """Open cases whose accountable person cannot answer for them (`moves.absence`)."""
        held = User.groups.through.objects.filter(user=OuterRef("owner"))
        answers = (
            at_work(on, "owner__")
            & Q(unit__path__startswith=F("owner__unit__path"))
            & Exists(held.exclude(group__name__in=WATCHING))
        )
        return self.open().filter(~answers)

    def matching(self, words: str) -> CaseQuerySet:
        """Found by number, name, phone, address or meter number."""
        found = self
        for word in words.split()[:5]:
            found = found.filter(
                Q(number__icontains=word)
                | Q(customer_name__icontains=word)
                | Q(phone__contains=word)
                | Q(address__icontains=word)
                | Q(meter_number__iexact=word)
            )
        return found


class Case(Stateful):
    """One request, carrying what lists need. Its sheets lie in the rooms, each on its step."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ENERGIZED = "energized", _("Energized")
        ARCHIVED = "archived", _("Archived")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REFUSED = "refused", _("Refused")

    class FastLane(models.TextChoices):
        NONE = "none", _("Not in the fast lane")
        ASKED = "asked", _("Fast lane asked for")
        APPROVED = "approved", _("Fast lane")
        REVOKED = "revoked", _("Fast lane revoked")

    OPEN_STATES = (State.OPEN, State.ENERGIZED)

    number = models.CharField(_("case number"), max_length=20, unique=True)
    state = ProtectedState(_("state"), max_length=10, default=State.OPEN, choices=State)
    business_type = models.CharField(_("business type"), max_length=20, choices=BusinessType)
    customer_class = models.CharField(_("customer class"), max_length=20, choices=CustomerClass)
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="cases", verbose_name=_("supply unit")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("accountable")
    )
    # What lists show; written by applications when the sheet is saved.
    customer_name = models.CharField(_("customer"), max_length=120)
    address = models.CharField(_("address"), max_length=200)
    phone = models.CharField(_("phone"), max_length=30)
    meter_number = models.CharField(_("meter number"), max_length=30, blank=True)
    DESCRIPTION = ("customer_name", "address", "phone", "meter_number")
    # Facts: what decides which steps apply. Found at the counter, corrected by survey and plan.
    existing_supply = models.CharField(_("existing supply"), max_length=10, choices=ExistingSupply)
    disputed = models.BooleanField(_("in dispute"), default=False)
    capacity_kva = models.DecimalField(
        _("capacity (kVA)"),
        max_digits=10,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
    )
    importance = models.CharField(
        _("importance"), max_length=10, choices=Importance, default=Importance.NONE
    )
    special_load = models.BooleanField(_("impact or harmonic load"), default=False)
    concealed_works = models.BooleanField(_("concealed works"), default=False)
    line_works = models.BooleanField(_("external line works"), default=False)
    customer_works = models.BooleanField(_("works built by the customer"), default=False)
    # Unknown until a plan is accepted; then whether it causes any fee at all.
    chargeable = models.BooleanField(_("causes fees"), null=True, default=None)
    FACTS = (
        "business_type",
        "customer_class",
        "existing_supply",
        "disputed",
        "capacity_kva",
        "importance",
        "special_load",
        "concealed_works",
        "line_works",
        "customer_works",
        "chargeable",
    )
    fast_lane = models.CharField(max_length=10, choices=FastLane, default=FastLane.NONE)
    opened_at = models.DateTimeField(_("opened"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closing_reason = models.TextField(_("reason"), blank=True)
    due_on = models.DateField(_("whole case due"), null=True, blank=True)
    last_action_at = models.DateTimeField(_("last action"))
    last_contact_at = models.DateTimeField(_("last two-way contact"))
    # The head of the event chain, moved under the case's lock.
    event_count = models.PositiveIntegerField(default=0, editable=False)
    event_hash = models.CharField(max_length=64, default="", blank=True, editable=False)

    # The edition of limits and calendar that was current when a page read the case.
    edition: UUID | None = None

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="case_unit_state"),
            models.Index(fields=["phone"], name="case_phone"),
            models.Index(fields=["meter_number"], name="case_meter"),
            models.Index(fields=["state", "last_contact_at"], name="case_contact"),
        ]
        constraints = [
            RowCheck(
                condition=~Q(state="refused") | ~Q(closing_reason=""),
                name="refusal_has_a_reason",
                violation_error_message=_("A refusal needs its reason in plain words."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.customer_name}"

    def get_absolute_url(self) -> str:
        return reverse("workflow:case", args=[self.number])

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN_STATES

    @cached_property
    def all_steps(self) -> list[Step]:
        """Every attempt at every link, in the order of the process; one query."""
        return self.in_order(self.steps.select_related("owner"))

    def in_order(self, steps: Iterable[Step]) -> list[Step]:
        """The steps of this case in the order of the process, each knowing the case."""
        order = list(process.PROCESS)
        found = sorted(steps, key=lambda step: (order.index(step.kind), step.round))
        for step in found:
            step.case = self
        return found

    @property
    def latest(self) -> dict[str, Step]:
        """The latest round of each kind that ever applied."""
        return {step.kind: step for step in self.all_steps}

    def step(self, kind: str) -> Step | None:
        """The latest round of a kind."""
        return self.latest.get(kind)

    def has_finished(self, kind: str) -> bool:
        """The latest round of the kind is done."""
        step = self.step(kind)
        return bool(step and step.state == "done")

    @property
    def live_steps(self) -> list[Step]:
        return [step for step in self.all_steps if step.is_live]

    @property
    def facts(self) -> dict:
        return {name: getattr(self, name) for name in self.FACTS}

    @property
    def is_contested(self) -> bool:
        """The present supply is shared, resold or disputed: survey and consent cannot be waived."""
        return self.disputed or self.existing_supply in {
            ExistingSupply.SHARED,
            ExistingSupply.RESOLD,
        }

    @property
    def in_fast_lane(self) -> bool:
        return self.fast_lane == self.FastLane.APPROVED

    @property
    def elapsed_days(self) -> int:
        """Calendar days the customer lives through, from the opening to power on or closing."""
        end = self.closed_at or timezone.now()
        return (timezone.localdate(end) - timezone.localdate(self.opened_at)).days

    @transition(state, source=State.OPEN, target=State.ENERGIZED)
    def energize(self):
        """The power is on; what was deferred and the call-back remain."""

    @transition(state, source=[State.OPEN, State.ENERGIZED], target=State.ARCHIVED)
    def archive(self):
        """Every link is done and nothing is owed."""

    @transition(state, source=State.OPEN, target=State.WITHDRAWN)
    def withdraw(self):
        """The customer takes the request back."""

    @transition(state, source=State.OPEN, target=State.REFUSED)
    def refuse(self):
        """The utility cannot supply, and says why."""
