"""The survey sheet 现场勘查单, as signed."""

from __future__ import annotations

from typing import Any

from documents.models import Paper
from surveys.models import Photo, Survey


def context(paper: Paper) -> dict[str, Any]:
    """The signed sheet with its visits, points, consents, loads, and the checksums of its
    pictures.
    """
    sheet = paper.step.survey if paper.step else Survey.of(paper.case)
    photos = list(sheet.photos.all())
    return {
        "sheet": sheet,
        "visits": list(sheet.visits.select_related("surveyor")),
        "candidates": list(
            sheet.candidates.select_related("source_point").prefetch_related("consents")
        ),
        "loads": list(sheet.loads.all()),
        "pictures": [p for p in photos if p.subject != Photo.Subject.SIGNATURE],
        "signature": next((p for p in photos if p.subject == Photo.Subject.SIGNATURE), None),
    }
