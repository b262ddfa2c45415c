"""A new case with its number and its first step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Unit, User
from accounts.roles import Role
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.acts import OPENED
from workflow.moves.move import Move, advance, await_contact, derive, own
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.words import Words


@act
def open_case(
    *,
    by: User | None,
    unit: Unit,
    owner: User | None = None,
    at: datetime | None = None,
    note: Words = "",
    **columns: Any,
) -> Case:
    """Open a case with its steps; the application step is in the hand of the person who took it.

    A request that came in by itself (`by` None: the web, a portal) has its accountable `owner`,
    and its application step waits for a clerk to claim it.

    `columns` are the columns of Case that lists and the process need (customer_name, address,
    phone, business_type, customer_class, existing_supply, …).
    """
    if by and not by.has_role(Role.CLERK):
        raise Refused(_("This is the work of: %(role)s.") % {"role": Role.CLERK.label})
    if by and not unit.path.startswith(by.unit.path):
        raise Refused(_("The case belongs to another unit."))
    at = at or timezone.now()
    case = _new_case(
        timezone.localdate(at).year,
        unit=unit,
        owner=by or owner,
        opened_at=at,
        last_action_at=at,
        last_contact_at=at,
        **columns,
    )
    move = Move(case.pk, by, at)
    derive(move)
    advance(move)
    application = move.case.latest[Kind.APPLICATION]
    own(move, application, by)
    await_contact(move.case, at)
    move.log(OPENED, step=application, note=note, facts=move.case.facts)
    return move.case


def _new_case(year: int, **columns: Any) -> Case:
    """A row with the next number of the year, e.g. 2026-000123; who loses a race takes the one
    after.
    """
    while True:
        of_year = Case.objects.filter(number__startswith=f"{year}-")
        last = of_year.aggregate(last=Max("number"))["last"]
        if last == f"{year}-999999":
            # From here on the numbers are longer, and as text they come before this one.
            last = of_year.order_by(Length("number").desc(), "-number").values_list("number")[0][0]
        number = f"{year}-{int(last.split('-')[1]) + 1 if last else 1:06d}"
        try:
            with transaction.atomic():
                return Case.objects.create(number=number, **columns)
        except IntegrityError:
            if not Case.objects.filter(number=number).exists():
                raise
