"""The code by which a customer follows the own case without an account."""

from __future__ import annotations

import secrets
from datetime import date
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from workflow.models import Case

# Nothing that looks like something else: 31 signs, so twelve of them are 59 bits.
SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 12


def new_code() -> str:
    return "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))


class TrackingCode(models.Model):
    """Opens the tracking page of one case, together with its number; on the receipt as a QR.

    A code that fell into wrong hands is revoked, and another issued: one holds at a time.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="codes")
    code = models.CharField(max_length=LENGTH, unique=True, default=new_code, editable=False)
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    # What the customer's page reads along with it: who stands in, the news last promised, and the
    # edition of limits and calendar.
    deputy: str | None = None
    promised_on: date | None = None
    edition: UUID | None = None

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("tracking code")
        verbose_name_plural = _("tracking codes")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(revoked_at=None), name="one_code_holds"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case.number}"

    @property
    def grouped(self) -> str:
        """As it is printed and read out: ABCD-EFGH-JKMN."""
        return "-".join(self.code[n : n + 4] for n in range(0, LENGTH, 4))

    @property
    def url(self) -> str:
        """The address in the QR and in messages."""
        return settings.BASE_URL + reverse("public:enter", args=[self.case.number, self.code])
