"""Power on 送电: planned, done, by whom, with what result."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import Step


class Energization(models.Model):
    """The moment the customer has power; its conditions are checked live by the guards."""

    class Result(models.TextChoices):
        ON = "on", _("Power is on, meter runs right")
        FAILED = "failed", _("Could not be switched on")

    step = models.OneToOneField(Step, models.PROTECT, related_name="energization")
    planned_at = models.DateTimeField(_("planned for"), null=True, blank=True)
    energized_at = models.DateTimeField(_("switched on at"), null=True, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("switched on by"),
    )
    staff = models.CharField(_("others present"), max_length=120, blank=True)
    phase_order_ok = models.BooleanField(_("phase order and voltage right"), null=True, blank=True)
    meter_runs = models.BooleanField(_("meter runs in the right direction"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=8, choices=Result, blank=True)
    remarks = models.TextField(_("remarks"), max_length=500, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("energization")
        verbose_name_plural = _("energizations")
        constraints = [
            RowCheck(
                condition=Q(signed_at=None)
                | (Q(result="on") & Q(energized_at__isnull=False) & Q(operator__isnull=False)),
                name="signed_energization_is_complete",
                violation_error_message=_(
                    "Power on is signed with its time, the person and a good result."
                ),
            ),
            RowCheck(
                condition=~Q(result="failed") | ~Q(remarks=""),
                name="failed_energization_is_explained",
                violation_error_message=_("Say in the remarks why it could not be switched on."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step}"
