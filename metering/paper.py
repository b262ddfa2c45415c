"""The meter work order 装拆表工作单: what goes up and comes off, with room to write on site."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from documents.models import Paper
from metering.models import Energization, Installation, Meter, MeterPhoto, Removal
from workflow.models import Case, Step


def context(paper: Paper) -> dict[str, Any]:
    """The order as it was issued: before signing, readings and seals are left to be written."""
    step = paper.step
    order = Installation.objects.filter(step=step).first()
    signed = paper.data.get("signed", False)
    people = "installer", "second_installer"
    return {
        "order": order,
        "meter": Meter.objects.filter(pk=paper.data.get("meter")).first(),
        "removal": Removal.objects.filter(step=step).select_related("meter", *people).first(),
        "signed": signed,
        "signature": _shown_by(step),
        "seals": list(order.seals.all()) if order and signed else [],
        "energization": Energization.objects.filter(step=step).first() if signed else None,
    }


def _shown_by(step: Step | None) -> str:
    """How it is shown that the customer signed: the picture of the signature, else a note."""
    pictures = MeterPhoto.objects.filter(step=step, shows=MeterPhoto.Shows.SIGNATURE)
    picture = pictures.select_related("attachment").first()
    if picture is None:
        return _("the technician's note")
    return _("picture, SHA-256 %(sum)s…") % {"sum": picture.attachment.sha256[:12]}


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The meter of the order, and whether it hangs; the next meter gets its own paper."""
    order = Installation.objects.filter(step=step).first()
    return {
        "meter": order and order.meter_id,
        "signed": bool(order and order.signed_at),
    }
