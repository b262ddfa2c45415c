"""What the customer handed in or asked for: the moment our clock begins."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from workflow.models import Step


class Request(models.Model):
    """The file was received, or the check was asked for; a step may need it more than once."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="requests")
    received_at = models.DateTimeField(_("received"))
    what = models.TextField(_("what was handed in or asked for"), max_length=500)
    from_whom = models.CharField(_("by whom"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    wanted_on = models.DateField(_("day the customer asks for"), null=True, blank=True)
    entered_at = models.DateTimeField(_("entered"), auto_now_add=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = _("file or request of the customer")
        verbose_name_plural = _("files and requests of the customer")
        constraints = [
            RowCheck(
                condition=~Q(what="") & ~Q(from_whom=""),
                name="request_says_what_and_whose",
                violation_error_message=_("Say what was received, and from whom."),
            ),
        ]

    def __str__(self) -> str:
        return self.what
