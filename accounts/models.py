"""Offices and the people in them."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.roles import STEERING, WATCHING, Role


class UnitQuerySet(models.QuerySet["Unit"]):
    def under(self, unit: Unit) -> UnitQuerySet:
        """The unit itself and every office below it."""
        return self.filter(path__startswith=unit.path)

    def over(self, unit: Unit) -> UnitQuerySet:
        """The unit itself and every office above it, nearest first."""
        return self.filter(path__in=unit.lineage).order_by("-path")


class Unit(models.Model):
    """An office in the tree province › city › county › station."""

    class Level(models.TextChoices):
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        COUNTY = "county", _("County")
        STATION = "station", _("Station")

    name = models.CharField(_("name"), max_length=80)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("belongs to"),
    )
    code = models.SlugField(_("code"), max_length=12, unique=True)
    # The codes from the root down, each closed by a slash: "js/jc/lh/". Written by `Unit.placed`.
    path = models.CharField(max_length=60, unique=True, editable=False)
    phone = models.CharField(_("office phone"), max_length=30, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        verbose_name = _("unit")
        verbose_name_plural = _("units")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """An office belongs neither to itself nor to one below it, and not to too many above it."""
        longest = self._meta.get_field("path").max_length
        if len(f"{self.parent.path if self.parent else ''}{self.code}/") > longest:
            raise ValidationError(
                {"code": _("The codes of this office and of all above it are too long together.")}
            )
        if self.pk and self.parent_id:
            kept = Unit.objects.get(pk=self.pk)
            if self.parent.path.startswith(kept.path):
                raise ValidationError({"parent": _("An office cannot belong to one below it.")})

    def placed(self) -> Unit:
        """Take the place in the tree that the parent gives; call before saving."""
        self.path = f"{self.parent.path if self.parent else ''}{self.code}/"
        return self

    @property
    def lineage(self) -> list[str]:
        """The paths of this unit and all above it, the root first."""
        codes = self.path.rstrip("/").split("/")
        return ["/".join(codes[: depth + 1]) + "/" for depth in range(len(codes))]


def at_work(on: date, of: str = "") -> Q:
    """Active and not on leave that day; `of` leads to the person, such as "owner__"."""
    way = {
        "from": f"{of}away_from",
        "after": f"{of}away_from__gt",
        "before": f"{of}away_until__lt",
    }
    here = Q((way["from"], None)) | Q((way["after"], on)) | Q((way["before"], on))
    return Q((f"{of}is_active", True)) & here


class StaffManager(UserManager["User"]):
    def at_work(self) -> models.QuerySet[User]:
        """Who can be given work today: active and not on leave."""
        return self.filter(at_work(timezone.localdate()))

    def with_role(self, role: str, units: models.QuerySet[Unit]) -> models.QuerySet[User]:
        """The people of these units who hold the role and are at work."""
        return self.at_work().filter(groups__name=role, unit__in=units)


OWN_STAND_IN = "nobody_stands_in_for_themselves"


class User(AbstractUser):
    """A member of staff. What one may see follows the unit, what one may do follows the roles."""

    first_name = None
    last_name = None
    name = models.CharField(_("name"), max_length=60)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="staff", verbose_name=_("unit"))
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    language = models.CharField(
        _("language"),
        max_length=8,
        default="zh-hans",
        choices=[("zh-hans", "中文"), ("en", "English")],
    )

    # Who is given the person's work once they cannot do it, on leave or gone.
    stand_in = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("stand-in"),
    )
    away_from = models.DateField(_("on leave from"), null=True, blank=True)
    away_until = models.DateField(_("on leave until"), null=True, blank=True)

    objects = StaffManager()

    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["name"]
        constraints = [
            RowCheck(
                condition=Q(stand_in=None) | ~Q(stand_in=F("id")),
                name=OWN_STAND_IN,
                violation_error_message=_("Nobody stands in for themselves: choose a colleague."),
            ),
            RowCheck(
                condition=Q(away_from=None, away_until=None)
                | Q(
                    away_from__isnull=False,
                    away_until__isnull=False,
                    away_until__gte=F("away_from"),
                ),
                name="a_leave_ends_after_it_begins",
                violation_error_message=_(
                    "A leave has a first and a last day, and the last is not before the first."
                ),
            ),
        ]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def clean(self) -> None:
        """A form without the key cannot ask the constraint, so it is asked here."""
        super().clean()
        if self.stand_in_id and self.stand_in_id == self.pk:
            [constraint] = (c for c in self._meta.constraints if c.name == OWN_STAND_IN)
            raise ValidationError({"stand_in": constraint.violation_error_message})

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held; the signed-in person brings them along."""
        return frozenset(self.groups.values_list("name", flat=True))

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def is_away(self) -> bool:
        """On leave today."""
        return bool(
            self.away_from
            and self.away_from <= timezone.localdate() <= (self.away_until or date.max)
        )

    @property
    def is_at_work(self) -> bool:
        """Whether work can be given to the person today; in queries `at_work`."""
        return self.is_active and not self.is_away

    @property
    def only_looks(self) -> bool:
        """Whether no role held changes anything: an auditor, or a person without a role."""
        return self.roles <= WATCHING

    @property
    def sees_board(self) -> bool:
        return self.has_role(*STEERING, Role.AUDITOR)

    @property
    def sees_refunds(self) -> bool:
        """Pays money back, confirms that it went back, or watches that both are done."""
        return self.sees_board or self.has_role(Role.CASHIER, Role.BILLER)

    @property
    def goes_on_site(self) -> bool:
        """Works with the tablet at the customer's."""
        return self.has_role(Role.SURVEYOR, Role.INSPECTOR, Role.FITTER)

    @property
    def is_clerk(self) -> bool:
        return self.has_role(Role.CLERK)

    @property
    def steers(self) -> bool:
        return self.has_role(*STEERING)


class Sent(models.Model):
    """A form that was handed in, by the number it bears, and where that led (accounts.once)."""

    token = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    to = models.TextField(blank=True)

    class Meta:
        verbose_name = _("form handed in")
        verbose_name_plural = _("forms handed in")

    def __str__(self) -> str:
        return str(self.token)
