"""The survey sheet 现场勘查单, as signed; and the letter that asks somebody for consent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.models import Paper, PaperKind
from documents.paper import accountable, in_all_languages, picture
from surveys.models import Consent, Photo, Survey
from workflow import clocks
from workflow.models import Case, Step


def context(paper: Paper) -> dict[str, Any]:
    """A request for consent as it was written; or the signed sheet with its visits, points,
    consents, loads, and the checksums of its pictures.
    """
    if paper.kind == PaperKind.CONSENT:
        return dict(paper.data)
    sheet = paper.step.survey if paper.step else Survey.of(paper.case)
    photos = list(sheet.photos.all())
    signature = next((p for p in photos if p.subject == Photo.Subject.SIGNATURE), None)
    shown_by = ""
    if signature:
        shown_by = _("picture, SHA-256 %(sum)s…") % {"sum": signature.sha256[:12]}
    return {
        "sheet": sheet,
        "visits": list(sheet.visits.select_related("surveyor")),
        "candidates": list(
            sheet.candidates.select_related("source_point").prefetch_related("consents")
        ),
        "loads": list(sheet.loads.all()),
        "pictures": [p for p in photos if p.subject != Photo.Subject.SIGNATURE],
        "shown_by": shown_by,
        "signature": picture(signature.thumbnail) if signature else "",
    }


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """Whom the letter asks for what, by when an answer is awaited, and who answers questions."""
    if "consent" not in data:
        return {}
    consent = Consent.objects.select_related("candidate__source_point").get(pk=data["consent"])
    answer_by = clocks.calendar().add(timezone.localdate(), settings.CONSENT_WORKING_DAYS)
    return {
        "party": consent.party,
        "party_kind": in_all_languages(Consent.Party, consent.party_kind),
        "subject": consent.subject,
        "point": str(consent.candidate),
        "works": consent.candidate.works,
        "asked_on": consent.asked_on.isoformat(),
        "answer_by": answer_by.isoformat(),
        "accountable": accountable(case),
    }
