"""The application sheet (DOMAIN section 6): every item of the paper a column of its own."""

from __future__ import annotations

import re
import unicodedata
from copy import copy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import Unit
from applications import identity, wording
from applications.models.correction import Correction
from applications.models.customer import Customer
from applications.models.demand import Demand
from workflow.models import Case, Step
from workflow.process import BusinessType, CustomerClass, ExistingSupply

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

NOT_A_WORD = re.compile(r"[\W_]+")


def key(text: str) -> str:
    """A text as it is compared when duplicates are sought: half-width letters and digits."""
    return NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


class ApplicationQuerySet(models.QuerySet["Application"]):
    def in_open_cases(self, within: Unit) -> ApplicationQuerySet:
        """Sheets of open cases of an office and of those below it."""
        units = Unit.objects.under(within)
        return self.filter(step__case__state__in=Case.OPEN_STATES, step__case__unit__in=units)

    def like(self, sheet: Application) -> ApplicationQuerySet:
        """Sheets of other cases with the same ID number, phone, address or shared account, as they
        were signed or as they were corrected; one statement beforehand finds the latter.
        """
        keys = {column: value for column in Application.KEYS if (value := getattr(sheet, column))}
        if not keys:
            return self.none()
        same = Q()
        for column, value in keys.items():
            same |= Q(**{column: value})
        corrected = Correction.objects.filter(key__in=keys.values()).order_by("-pk")
        # Each found through an index of its own; a join in the OR would read the whole table.
        if found := list(corrected.values_list("application", flat=True)[:30]):
            same |= Q(pk__in=found)
        others = self.filter(same)
        return others.exclude(step__case=sheet.step.case_id) if sheet.step_id else others

    def knowing_corrections(self) -> ApplicationQuerySet:
        """Each sheet knows whether `as_corrected` has anything to read."""
        return self.annotate(
            is_corrected=Exists(Correction.objects.filter(application=OuterRef("pk")))
        )


class Application(Customer, Demand):
    """What the customer asks for, as taken at the counter; frozen once it is accepted."""

    class Channel(models.TextChoices):
        COUNTER = "counter", _("Counter")
        WEB = "web", _("Web")
        PHONE = "phone", _("Phone")
        PORTAL = "portal", _("Government portal")
        MANAGER = "manager", _("Account manager")

    class ParkingRight(models.TextChoices):
        OWNED = "owned", _("Owned parking space")
        LEASED = "leased", _("Leased parking space")
        MANAGED = "managed", _("Space of the owners' community")

    # What comes in by itself; nobody of the house takes it.
    FROM_OUTSIDE = (Channel.WEB, Channel.PORTAL)
    # The columns by which the same request is recognised; each has its index.
    KEYS = ("id_number", "phone_key", "address_key", "shared_account_key")

    step = models.OneToOneField(
        Step, models.PROTECT, related_name="application", verbose_name=_("step")
    )
    channel = models.CharField(
        _("channel"), max_length=10, choices=Channel, default=Channel.COUNTER
    )
    business_type = models.CharField(
        _("business type"), max_length=20, choices=BusinessType, default=BusinessType.NEW
    )

    # The class says which steps apply.
    customer_class = models.CharField(
        _("customer class"),
        max_length=20,
        choices=CustomerClass,
        default=CustomerClass.LV_RESIDENTIAL,
    )

    # Site
    district = models.CharField(_("district"), max_length=60, validators=[wording.name], blank=True)
    street = models.CharField(
        _("street, estate, building"), max_length=100, validators=[wording.name], blank=True
    )
    floor = models.CharField(_("floor"), max_length=10, validators=[wording.name], blank=True)
    room = models.CharField(_("unit, room"), max_length=26, validators=[wording.name], blank=True)
    address_key = models.CharField(max_length=200, blank=True, editable=False)
    longitude = models.DecimalField(
        _("longitude (°E)"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-180)), MaxValueValidator(Decimal(180))],
    )
    latitude = models.DecimalField(
        _("latitude (°N)"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-90)), MaxValueValidator(Decimal(90))],
    )
    parking_space = models.CharField(
        _("parking space no."), max_length=40, validators=[wording.name], blank=True
    )
    parking_right = models.CharField(
        _("right to the parking space"), max_length=10, choices=ParkingRight, blank=True
    )
    parking_until = models.DateField(_("lease of the space until"), null=True, blank=True)

    # Present supply
    existing_supply = models.CharField(
        _("existing supply"), max_length=10, choices=ExistingSupply, blank=True
    )
    account_number = models.CharField(
        _("own account no."), max_length=30, validators=[wording.name], blank=True
    )
    account_key = models.CharField(max_length=30, blank=True, editable=False)
    shared_account = models.CharField(
        _("shared account no."), max_length=30, validators=[wording.name], blank=True
    )
    shared_account_key = models.CharField(max_length=30, blank=True, editable=False)
    co_users = models.CharField(
        _("co-users (name, place, phone)"), max_length=300, validators=[wording.name], blank=True
    )
    disputed = models.BooleanField(_("in dispute"), null=True, blank=True)
    dispute = models.CharField(
        _("what the dispute is about"), max_length=300, validators=[wording.readable], blank=True
    )

    remarks = models.TextField(
        _("remarks"), max_length=1000, validators=[wording.readable], blank=True
    )
    not_duplicate = models.CharField(
        _("not a duplicate, because"), max_length=300, validators=[wording.readable], blank=True
    )
    # Codes of documents.Requirement ticked so far; at acceptance they become the checklist.
    papers = models.JSONField(_("papers handed in"), default=list, blank=True)
    # Names the empty sheet at the counter: handed in twice, it is still one draft.
    token = models.UUIDField(null=True, unique=True, editable=False)
    # The government portal's own name for the request: sent again, it is still one case.
    portal_id = models.CharField(
        _("number of the portal"), max_length=64, blank=True, editable=False
    )
    taken_at = models.DateTimeField(_("taken"), null=True, editable=False)
    # Nobody where the request came in by itself.
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("taken by"),
    )
    saved_at = models.DateTimeField(_("saved"), auto_now=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("accepted by"),
    )

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        indexes = [
            models.Index(fields=["id_number"], name="application_id_number"),
            models.Index(fields=["phone_key"], name="application_phone"),
            models.Index(fields=["address_key"], name="application_address"),
            models.Index(fields=["shared_account_key"], name="application_shared_account"),
            models.Index(fields=["account_key"], name="application_own_account"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["portal_id"],
                condition=~Q(portal_id=""),
                name="one_case_a_request_of_the_portal",
                violation_error_message=_("This request of the portal has its case already."),
            ),
            RowCheck(
                condition=Q(accepted_at=None) | ~Q(existing_supply=""),
                name="accepted_with_existing_supply",
                violation_error_message=_(
                    "Ask how the place is supplied today; without it nothing is accepted."
                ),
            ),
            RowCheck(
                condition=Q(accepted_at=None)
                | ~Q(existing_supply="shared")
                | (~Q(shared_account="") & ~Q(co_users="") & Q(disputed__isnull=False)),
                name="shared_supply_is_described",
                violation_error_message=_(
                    "A shared meter needs its account, the co-users and whether there is a dispute."
                ),
            ),
            RowCheck(
                condition=Q(temporary_from=None)
                | Q(temporary_to=None)
                | Q(temporary_to__gte=F("temporary_from")),
                name="temporary_supply_ends_after_it_begins",
                violation_error_message=_("The temporary supply ends before it begins."),
            ),
            *(
                RowCheck(
                    condition=Q(**{f"{column}__gte": 0}),
                    name=f"application_{column}_not_negative",
                    violation_error_message=_("Power and capacity cannot be negative."),
                )
                for column in (
                    "existing_kw",
                    "new_kw",
                    "total_kw",
                    "existing_kva",
                    "new_kva",
                    "total_kva",
                )
            ),
            RowCheck(
                condition=Q(sources_wanted__gte=1, sources_wanted__lte=4),
                name="one_to_four_sources",
                violation_error_message=_("One to four sources can be asked for."),
            ),
            RowCheck(
                condition=Q(longitude=None) | Q(longitude__gte=-180, longitude__lte=180),
                name="application_longitude_on_earth",
                violation_error_message=_("The longitude lies between -180 and 180."),
            ),
            RowCheck(
                condition=Q(latitude=None) | Q(latitude__gte=-90, latitude__lte=90),
                name="application_latitude_on_earth",
                violation_error_message=_("The latitude lies between -90 and 90."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_name} · {self.address}"

    @classmethod
    def of(cls, case: Case) -> Application | None:
        """The latest sheet of the case as it holds now: never to be saved."""
        sheet = (
            cls.objects.filter(step__case=case)
            .select_related("step", "accepted_by", "taken_by")
            .knowing_corrections()
            .order_by("-step__round")
            .first()
        )
        return sheet.as_corrected() if sheet else None

    @property
    def address(self) -> str:
        """The site in one line, as lists and papers show it."""
        return " ".join(
            part for part in (self.district + self.street, self.floor, self.room) if part
        )

    @property
    def is_contested(self) -> bool:
        """Shared, resold or disputed: the survey cannot be waived, money waits for it."""
        return bool(self.disputed) or self.existing_supply in (
            ExistingSupply.SHARED,
            ExistingSupply.RESOLD,
        )

    @property
    def is_temporary(self) -> bool:
        return self.business_type == BusinessType.TEMPORARY

    @property
    def capacity_kva(self) -> Decimal:
        """The capacity asked for; where the sheet gives only kW, at a power factor of one."""
        return self.total_kva or self.total_kw

    @property
    def facts(self) -> dict[str, Any]:
        """What the sheet says about the case, as columns of Case.FACTS."""
        return {
            "business_type": self.business_type,
            "customer_class": self.customer_class,
            "existing_supply": self.existing_supply,
            "disputed": bool(self.disputed),
            "capacity_kva": self.capacity_kva,
            "importance": self.importance,
            "special_load": self.special_load,
            "customer_works": self.customer_works,
            "line_works": self.line_works,
            "concealed_works": self.concealed_works,
        }

    def authority_ends(self) -> date | None:
        """The last day of the agent's authority, as renewed where it was; None has no end."""
        renewed = self.renewals.order_by("-pk").first()
        return renewed.until if renewed else self.agent_authority_until

    # Unknown unless the query asked (`knowing_corrections`).
    is_corrected: bool | None = None

    def as_corrected(self, until: datetime | None = None) -> Application:
        """A copy that says what was put right since it was signed, as of now or of a moment.

        Never to be saved: the sheet itself stays as it was signed.
        """
        held = copy(self)
        if self.is_corrected is False:
            return held
        made = self.corrections.all()
        for correction in made.filter(at__lte=until) if until else made:
            setattr(held, correction.column, correction.new)
        return held.computed()

    @property
    def masked(self) -> Application:
        """A copy for everybody's eyes: the ID numbers hold only their ends. Never to be saved."""
        shown = copy(self)
        shown.id_number, shown.agent_id_number = self.masked_id, self.masked_agent_id
        return shown

    def computed(self) -> Application:
        """Fill in what follows from the rest: totals and the columns duplicates are found by."""
        sign = -1 if self.business_type == BusinessType.DECREASE else 1
        self.total_kw = max(self.existing_kw + sign * self.new_kw, Decimal(0))
        self.total_kva = max(self.existing_kva + sign * self.new_kva, Decimal(0))
        self.id_number = identity.normal(self.id_number)
        self.agent_id_number = identity.normal(self.agent_id_number)
        self.phone_key = key(self.phone)[-11:]
        self.address_key = key(self.address) if self.street else ""
        self.shared_account_key = key(self.shared_account)
        self.account_key = key(self.account_number)
        return self

    def same_as(self, other: Application) -> Iterable[str]:
        """The labels of what both sheets have in common."""
        labels = {
            "id_number": _("same ID number"),
            "phone_key": _("same phone"),
            "address_key": _("same address"),
            "shared_account_key": _("same shared account"),
        }
        return [
            labels[column]
            for column in self.KEYS
            if getattr(self, column) and getattr(self, column) == getattr(other, column)
        ]
