"""Who writes: the office of a case, the companies it belongs to, and where they answer the
telephone.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Unit

# Printed on every paper: the company's service line and the regulator's (DOMAIN section 9).
SERVICE_LINE = "95598"
REGULATOR_LINE = "12398"


@dataclass(frozen=True)
class Letterhead:
    """`company` signs and seals, `office` is where the customer goes, `above` names those it
    belongs to.
    """

    company: str
    office: str
    above: str
    phone: str
    service_line: str = SERVICE_LINE
    regulator_line: str = REGULATOR_LINE


def letterhead(unit: Unit) -> Letterhead:
    """The letterhead of an office; the nearest telephone and the nearest company above it; one
    query.
    """
    over = list(Unit.objects.over(unit))
    company = next((u for u in over if u.level != Unit.Level.STATION), unit)
    return Letterhead(
        company=company.name,
        office=unit.name,
        above=" · ".join(u.name for u in reversed(over) if u.pk not in (unit.pk, company.pk)),
        phone=next((u.phone for u in over if u.phone), SERVICE_LINE),
    )
