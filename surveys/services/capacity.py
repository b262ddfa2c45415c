"""Capacity of the source points: held by plans, given back, or in use."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from surveys.models import SourcePoint
from workflow.guards import Refused
from workflow.moves.unit_of_work import act


@act
def reserve(point: SourcePoint, kva: Decimal) -> None:
    """Hold open capacity (kVA) on a point for a plan. Raises Refused when it is gone."""
    held = SourcePoint.objects.filter(
        pk=point.pk, rated_kva__gte=F("committed_kva") + F("reserved_kva") + kva
    ).update(reserved_kva=F("reserved_kva") + kva)
    if not held:
        point.refresh_from_db()
        raise Refused(
            _("%(point)s has %(open)s kVA open; %(kva)s kVA are asked for.")
            % {"point": point, "open": point.open_kva, "kva": kva}
        )


@act
def release(point: SourcePoint, kva: Decimal) -> None:
    """Give back capacity (kVA) that a plan held. Raises Refused when the point holds less."""
    held = SourcePoint.objects.filter(pk=point.pk, reserved_kva__gte=kva).update(
        reserved_kva=F("reserved_kva") - kva
    )
    _demand(held, point, kva)


@act
def commit(point: SourcePoint, kva: Decimal) -> None:
    """Power is on: what a plan held on the point is in use now. Refused when less is held."""
    held = SourcePoint.objects.filter(pk=point.pk, reserved_kva__gte=kva).update(
        reserved_kva=F("reserved_kva") - kva, committed_kva=F("committed_kva") + kva
    )
    _demand(held, point, kva)


@act
def uncommit(point: SourcePoint, kva: Decimal) -> None:
    """Power is off again: a plan holds on the point what was in use. Refused when less was."""
    used = SourcePoint.objects.filter(pk=point.pk, committed_kva__gte=kva).update(
        reserved_kva=F("reserved_kva") + kva, committed_kva=F("committed_kva") - kva
    )
    _demand(used, point, kva)


def _demand(changed: int, point: SourcePoint, kva: Decimal) -> None:
    if not changed:
        raise Refused(
            _(
                "The catalogue does not show %(kva)s kVA of this plan on %(point)s: "
                "the administrator corrects the point first."
            )
            % {"kva": kva, "point": point}
        )
