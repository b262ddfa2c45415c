"""What happened to a case: append-only, chained by hash, guarded by the database."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, timedelta
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflow import verbs, words
from workflow.models.case import Case
from workflow.models.step import Step


class Event(models.Model):
    """One thing that happened. `data` holds its note and the states it led to (`changes`,
    `case`).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    step = models.ForeignKey(Step, models.PROTECT, null=True, related_name="events")
    verb = models.CharField(gettext_lazy("what"), max_length=50)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    happened_at = models.DateTimeField(gettext_lazy("happened"))
    entered_at = models.DateTimeField(gettext_lazy("entered"))
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["case_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="one_event_a_place")]
        verbose_name = gettext_lazy("event")
        verbose_name_plural = gettext_lazy("events")

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.verb}"

    @property
    def label(self) -> str:
        return verbs.label(self.verb)

    @property
    def note(self) -> str:
        return words.from_data(self.data.get("note", ""))

    @property
    def who(self) -> str:
        """Who did it: a person of the house, the customer on a public page, or the system."""
        if self.actor_id:
            return str(self.actor)
        return _("Customer") if self.data.get("customer") else _("System")

    @property
    def entered_late(self) -> bool:
        """Entered a minute or more after it happened: both times are told (DOMAIN section 4)."""
        return self.entered_at - self.happened_at >= timedelta(minutes=1)

    @property
    def columns(self) -> dict[str, Any]:
        """What the hash covers, in the order and the spelling in which it does."""
        return {
            "previous_hash": self.previous_hash,
            "case_id": self.case_id,
            "seq": self.seq,
            "step_id": self.step_id,
            "verb": self.verb,
            "actor_id": self.actor_id,
            "happened_at": self.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "entered_at": self.entered_at.astimezone(UTC).isoformat(timespec="microseconds"),
            "data": self.data,
        }

    def digest(self) -> str:
        """SHA-256 over the previous hash and every column, in one fixed spelling."""
        content = list(self.columns.values())
        text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
