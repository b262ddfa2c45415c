"""The call after power on: is the customer served well, and was nothing charged beyond the bill?"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import Step


class CallBackQuerySet(models.QuerySet["CallBack"]):
    def to_follow_up(self) -> CallBackQuerySet:
        """Those whose follow-up is still to be done."""
        return self.filter(follow_up_needed=True, follow_up_done_at=None, reached__isnull=False)


class CallBack(models.Model):
    """What the customer answered, two working days after power on (DOMAIN section 4)."""

    class Satisfaction(models.IntegerChoices):
        VERY_BAD = 1, _("1 – very dissatisfied")
        BAD = 2, _("2 – dissatisfied")
        FAIR = 3, _("3 – fair")
        GOOD = 4, _("4 – satisfied")
        VERY_GOOD = 5, _("5 – very satisfied")

    step = models.OneToOneField(Step, models.PROTECT, related_name="callback")
    called_at = models.DateTimeField(_("called at"), null=True, blank=True)
    spoke_with = models.CharField(_("spoke with"), max_length=60, blank=True)
    reached = models.BooleanField(_("reached"), null=True, blank=True)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction"), choices=Satisfaction, null=True, blank=True
    )
    power_quality_ok = models.BooleanField(_("power quality in order"), null=True, blank=True)
    on_time = models.BooleanField(
        _("served in time, in the customer's eyes"), null=True, blank=True
    )
    charged_beyond_bill = models.BooleanField(
        _("anything charged beyond the bill"), null=True, blank=True
    )
    charged_what = models.CharField(_("what was charged, by whom"), max_length=200, blank=True)
    words = models.TextField(_("what the customer said"), max_length=1000, blank=True)
    follow_up_needed = models.BooleanField(_("follow-up needed"), default=False)
    follow_up_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("follow-up by"),
    )
    follow_up_on = models.DateField(_("follow-up due"), null=True, blank=True)
    follow_up = models.TextField(_("what is to be done"), max_length=500, blank=True)
    follow_up_done = models.TextField(_("what was done"), max_length=1000, blank=True)
    follow_up_done_at = models.DateTimeField(_("followed up"), null=True, blank=True)
    follow_up_done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = CallBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("call-back")
        verbose_name_plural = _("call-backs")
        constraints = [
            RowCheck(
                condition=Q(satisfaction=None) | Q(satisfaction__range=(1, 5)),
                name="satisfaction_from_1_to_5",
                violation_error_message=_("Satisfaction goes from 1 to 5."),
            ),
            RowCheck(
                condition=Q(follow_up_needed=False)
                | Q(signed_at=None)
                | (Q(follow_up_owner__isnull=False) & ~Q(follow_up="")),
                name="follow_up_has_an_owner",
                violation_error_message=_("A follow-up names who does it and what is to be done."),
            ),
            RowCheck(
                condition=Q(follow_up_done_at=None) | ~Q(follow_up_done=""),
                name="follow_up_says_what_was_done",
                violation_error_message=_("Say what was done for the customer."),
            ),
            RowCheck(
                condition=~Q(charged_beyond_bill=True) | ~Q(charged_what="") | Q(signed_at=None),
                name="charge_beyond_the_bill_is_described",
                violation_error_message=_("Say what was charged beyond the bill, and by whom."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step}"

    @property
    def is_dissatisfied(self) -> bool:
        """An answer that somebody must follow up."""
        return (
            (self.satisfaction is not None and self.satisfaction <= 2)
            or self.power_quality_ok is False
            or self.charged_beyond_bill is True
        )

    @property
    def waits_for_follow_up(self) -> bool:
        """Signed, and somebody still owes the customer the follow-up."""
        return bool(self.signed_at and self.follow_up_needed and not self.follow_up_done_at)


class CallAttempt(models.Model):
    """A call that reached nobody."""

    callback = models.ForeignKey(CallBack, models.PROTECT, related_name="attempts")
    at = models.DateTimeField(_("called at"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("call without answer")
        verbose_name_plural = _("calls without answer")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
