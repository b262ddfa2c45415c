"""What happened to a case: append-only, chained by hash, guarded by the database."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

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
    verb = models.CharField(_("what"), max_length=50)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    happened_at = models.DateTimeField(_("happened"))
    entered_at = models.DateTimeField(_("entered"))
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["case_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="one_event_a_place")]
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.case_id}/{self.seq} {self.verb}"

    @property
    def label(self) -> str:
        return verbs.label(self.verb)

    @property
    def note(self) -> str:
        return words.said(str(self.data.get("note", "")))

    @property
    def entered_late(self) -> bool:
        """Entered on a later day, or more than an hour after it happened."""
        return (self.entered_at - self.happened_at).total_seconds() > 3600

    def digest(self) -> str:
        """SHA-256 over the previous hash and every column, in one fixed spelling."""
        content = [
            self.previous_hash,
            self.case_id,
            self.seq,
            self.step_id,
            self.verb,
            self.actor_id,
            self.happened_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.entered_at.astimezone(UTC).isoformat(timespec="microseconds"),
            self.data,
        ]
        text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
