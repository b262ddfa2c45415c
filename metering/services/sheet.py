"""A sheet handed in with its rows: kept, or signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.models import User
from documents import services as documents
from metering.models import (
    Energization,
    Installation,
    MeterPhoto,
    Removal,
)
from metering.services.order import install, plan_order
from metering.services.power import energize, keep_power
from metering.services.removal import keep_removal, remove
from workflow.models import Step
from workflow.moves.unit_of_work import act

if TYPE_CHECKING:
    from metering.forms import WorkForm


@act
def hand_in(form: WorkForm, *, by: User) -> Installation | Removal | Energization | Step:
    """Save a sheet with its seals and photos, and sign it when the form asks for that."""
    kind = type(form.instance)
    keep: dict[type, Any] = {
        Installation: plan_order,
        Removal: keep_removal,
        Energization: keep_power,
    }
    sheet = keep[kind](form.save(commit=False), by=by)
    _keep_rows(form, by)
    if not form.signing:
        return sheet
    sign: dict[type, Any] = {Installation: install, Removal: remove, Energization: energize}
    return sign[kind](sheet, by=by)


def _keep_rows(form: WorkForm, by: User) -> None:
    """Save seals and photos below a sheet."""
    formsets: Any = form.formsets
    for rows in formsets:
        rows.save(commit=False)
        for gone in rows.deleted_objects:
            gone.delete()
        touched = [row for row in rows.forms if row.has_changed() and row not in rows.deleted_forms]
        for row in touched:
            if isinstance(row.instance, MeterPhoto) and (file := row.cleaned_data.get("file")):
                step = row.instance.step
                row.instance.attachment = documents.attach(
                    step.case,
                    file,
                    title=row.instance.get_shows_display,
                    by=by,
                    step=step,
                    taken=file.taken,
                )
            row.instance.save()
