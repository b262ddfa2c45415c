"""What was put right on a signed sheet: the sheet stays as it was signed, these rows say what is
true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from applications import identity, wording

if TYPE_CHECKING:
    from applications.models.application import Application


class Correction(models.Model):
    """One column of an accepted application, corrected; append-only."""

    # The columns that can be corrected, each with the key by which duplicates of it are sought.
    COLUMNS = {
        "customer_name": "",
        "customer_type": "",
        "id_type": "",
        "id_number": "id_number",
        "legal_representative": "",
        "contact_name": "",
        "phone": "phone_key",
        "email": "",
        "language": "",
        "agent_name": "",
        "agent_id_number": "",
        "agent_phone": "",
        "district": "address_key",
        "street": "address_key",
        "floor": "address_key",
        "room": "address_key",
    }
    # Who the customer and the agent are; the others say how to reach them.
    IDENTITY = (
        "customer_name",
        "customer_type",
        "id_type",
        "id_number",
        "legal_representative",
        "agent_name",
        "agent_id_number",
    )
    MASKED = ("id_number", "agent_id_number")

    application = models.ForeignKey(
        "applications.Application", models.PROTECT, related_name="corrections"
    )
    column = models.CharField(_("item"), max_length=30)
    old = models.CharField(_("was"), max_length=254, blank=True)
    new = models.CharField(_("is"), max_length=254, blank=True)
    # What duplicates are found by, once this is corrected (see Application.KEYS).
    key = models.CharField(max_length=200, blank=True, editable=False)
    reason = models.CharField(_("why"), max_length=300, validators=[wording.readable])
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        indexes = [models.Index(fields=["key"], condition=~Q(key=""), name="correction_key")]
        constraints = [
            RowCheck(
                condition=~Q(old=F("new")),
                name="a_corrected_item_changes",
                violation_error_message=_("Nothing is changed."),
            ),
            RowCheck(
                condition=~Q(reason=""),
                name="a_corrected_item_has_a_reason",
                violation_error_message=_("Say why this is corrected."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.shown_old} → {self.shown_new}"

    @property
    def label(self) -> str:
        """The item, as the sheet names it."""
        return capfirst(self._column.verbose_name)

    @property
    def shown_old(self) -> str:
        return self._shown(self.old)

    @property
    def shown_new(self) -> str:
        return self._shown(self.new)

    @property
    def _column(self) -> models.Field:
        return type(self)._meta.get_field("application").related_model._meta.get_field(self.column)

    def _shown(self, value: str) -> str:
        """The value for everybody's eyes: a choice by its label, an ID number by its ends."""
        if self.column in self.MASKED:
            return identity.mask(value) if value else "–"
        return str(dict(self._column.flatchoices).get(value, value)) or "–"

    @classmethod
    def of(cls, before: Application, after: Application) -> list[Correction]:
        """What differs between two readings of one sheet; reason, time and person not yet said."""
        return [
            cls(
                application_id=before.pk,
                column=column,
                old=getattr(before, column),
                new=getattr(after, column),
                key=getattr(after, key) if key else "",
            )
            for column, key in cls.COLUMNS.items()
            if getattr(before, column) != getattr(after, column)
        ]
