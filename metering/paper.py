"""The meter work order 装拆表工作单: what goes up and comes off, with room to write on site."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from documents.models import Paper
from documents.paper import picture
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
        **_signature(step),
        "seals": list(order.seals.all()) if order and signed else [],
        "energization": Energization.objects.filter(step=step).first() if signed else None,
    }


def _signature(step: Step | None) -> dict[str, str]:
    """The picture of the customer's signature, and what it is known by; empty without one."""
    pictures = MeterPhoto.objects.filter(step=step, shows=MeterPhoto.Shows.SIGNATURE)
    found = pictures.select_related("attachment").first()
    if found is None:
        return {"shown_by": "", "signature": ""}
    return {
        "shown_by": _("picture, SHA-256 %(sum)s…") % {"sum": found.attachment.sha256[:12]},
        "signature": picture(found.attachment.file),
    }


def frozen(case: Case, step: Step | None, data: dict[str, Any]) -> dict[str, Any]:
    """The meter of the order, and whether it hangs; the next meter gets its own paper."""
    order = Installation.objects.filter(step=step).first()
    return {
        "meter": order and order.meter_id,
        "signed": bool(order and order.signed_at),
    }
