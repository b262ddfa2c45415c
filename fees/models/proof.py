"""The daily proof's results."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FeeProof(models.Model):
    """One run of the proof that no money stands without a workable survey and an accepted plan."""

    ran_at = models.DateTimeField(_("ran at"))
    bills_checked = models.PositiveIntegerField(_("bills checked"))
    payments_checked = models.PositiveIntegerField(_("payments checked"))
    found = models.PositiveIntegerField(_("found"))
    # What was found, in plain words, at most a hundred lines.
    findings = models.JSONField(_("findings"), default=list, blank=True)

    class Meta:
        ordering = ["-ran_at"]
        get_latest_by = "ran_at"
        verbose_name = _("fee proof")
        verbose_name_plural = _("fee proofs")
        indexes = [models.Index(fields=["-ran_at"], name="proof_latest")]

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M}: {self.found}"

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return self.found == 0
