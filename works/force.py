"""What runs out of the customer's works: the licences of the firms that design and build them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from workflow.force import Ending, Term
from workflow.models import Case, Step, Subject
from works.guards import QUALIFIED_BY, lapsed, qualification, sheet_of
from works.models import Licence, LicenceCheck


def _ended(step: Step) -> date | None:
    """The last day of the licence; today where it was taken away or never covered these works."""
    today = timezone.localdate()
    if lapsed(step) is not None:
        check = qualification(step)
        until = check.licence.valid_to if check and check.licence else today
        return min(until, today)
    own = getattr(sheet_of(step), "licence", None)
    return None if own is None or own.stands(today) else min(own.valid_to, today)


def _what_to_do(step: Step) -> str:
    found, check = lapsed(step), qualification(step)
    if found and check and check.licence:
        firm, reasons = check.licence.firm, found[1]
    else:
        licence = sheet_of(step).licence
        firm = licence.firm
        kva = step.case.capacity_kva
        reasons = licence.shortfalls(kv=None, kva=kva, on=timezone.localdate())
    what = _("The designer's certificate of %(firm)s does not cover these works today.")
    if step.kind in BUILT:
        what = _("The contractor's permit of %(firm)s does not cover these works today.")
    return " ".join(
        [
            what % {"firm": firm},
            *reasons,
            _now("The firm shows a valid one, and its qualification is reviewed anew."),
        ]
    )


def _firm(step: Step) -> Any:
    check = qualification(step)
    return check.licence.firm if check and check.licence else step.case.customer_name


def _ending(by: date) -> Iterable[Ending]:
    """While something that is judged by it is still to be passed; told to whom that lies with."""
    checks = LicenceCheck.objects.filter(
        ~Q(licence__status=Licence.Status.VALID) | Q(licence__valid_to__lte=by),
        licence__isnull=False,
        step__state=Step.State.DONE,
        step__case__state=Case.State.OPEN,
    )
    for check in checks.select_related("licence", "step__case").order_by("pk"):
        case, licence = check.step.case, check.licence
        behind = [
            case.step(kind) for kind, by_kind in QUALIFIED_BY.items() if by_kind == check.step.kind
        ]
        waiting = [step for step in behind if step and not step.is_finished]
        if case.step(check.step.kind) != check.step or not waiting or licence is None:
            continue
        valid = licence.status == Licence.Status.VALID or licence.valid_to < timezone.localdate()
        first = next((step for step in waiting if step.is_live), waiting[0])
        yield Ending(check.pk, case, licence.valid_to if valid else None, first)


BUILT = [kind for kind, by in QUALIFIED_BY.items() if by == "contractor"]
LICENCE = Term(
    Subject.LICENCE,
    gates=tuple(QUALIFIED_BY),
    ended=_ended,
    reason=_what_to_do,
    met=_("The firm's licence is valid today, or none is needed."),
    owes=_firm,
    remedy=lambda step: (_now("Open the sheet"), step.get_absolute_url()),
    ending=_ending,
    days=10,
    applies=lambda step: True,
    fields=("licence",),
)
TERMS = (LICENCE,)
