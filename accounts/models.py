"""Offices and the people in them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

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
        """An office belongs neither to itself nor to one below it."""
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


class StaffManager(UserManager["User"]):
    def with_role(self, role: str, units: models.QuerySet[Unit]) -> models.QuerySet[User]:
        """The active people of these units who hold the role."""
        return self.filter(is_active=True, groups__name=role, unit__in=units)


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

    objects = StaffManager()

    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["name"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

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
    def is_clerk(self) -> bool:
        return self.has_role(Role.CLERK)

    @property
    def steers(self) -> bool:
        return self.has_role(*STEERING)
