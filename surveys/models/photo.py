"""Photos and the sketch, as evidence: with time, place and checksum."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.constraints import RowCheck
from surveys.models.survey import Survey


class Photo(models.Model):
    """One picture of the site. The stored file carries no metadata; what it carried stands here."""

    class Subject(models.TextChoices):
        SITE = "site", pgettext_lazy("photo", "Site")
        SOURCE = "source", _("Source point")
        METER_BOX = "meter_box", _("Meter box")
        NEIGHBOUR = "neighbour", _("Neighbour's meter")
        LOAD = "load", _("Load")
        SAFETY = "safety", _("Safety")
        SKETCH = "sketch", _("Sketch")
        ATTEMPT = "attempt", _("Attempted visit")
        SIGNATURE = "signature", _("Customer's signature")
        SECOND = "second", _("Second surveyor's signature")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="photos")
    subject = models.CharField(_("shows"), max_length=12, choices=Subject, default=Subject.SITE)
    caption = models.CharField(_("caption"), max_length=120, blank=True)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    place = models.CharField(_("taken where"), max_length=120, blank=True)
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    accuracy_m = models.PositiveIntegerField(_("GPS accuracy (m)"), null=True, blank=True)
    file = models.FileField(_("photo"), upload_to="surveys/photos/%Y/%m", max_length=200)
    thumbnail = models.FileField(upload_to="surveys/thumbnails/%Y/%m", max_length=200)
    content_type = models.CharField(max_length=40, editable=False)
    size = models.PositiveIntegerField(_("size (bytes)"), editable=False)
    sha256 = models.CharField(_("checksum"), max_length=64, editable=False)
    # Of the file as the camera made it: the same picture is taken in once.
    original_sha256 = models.CharField(max_length=64, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["taken_at", "pk"]
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "original_sha256"],
                name="one_photo_a_checksum",
                violation_error_message=_("This photo is here already."),
            ),
            RowCheck(condition=~Q(sha256=""), name="photo_has_a_checksum"),
        ]

    def __str__(self) -> str:
        return self.caption or self.get_subject_display()
