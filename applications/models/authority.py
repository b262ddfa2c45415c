"""An agent's authority that was renewed after the sheet was signed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from documents.models import Attachment


class Renewal(models.Model):
    """The signed sheet stays as it was; until when the agent may act says the latest of these."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="renewals")
    authority = models.CharField(
        _("agent's authority"), max_length=10, choices=Application.Authority
    )
    until = models.DateField(_("authority valid until"))
    paper = models.ForeignKey(
        Attachment, models.PROTECT, related_name="+", verbose_name=_("authority (photo or scan)")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("renewed authority")
        verbose_name_plural = _("renewed authorities")

    def __str__(self) -> str:
        return f"{self.application.agent_name} {self.until:%Y-%m-%d}"
