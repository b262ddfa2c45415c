"""The fifth wall of the fee gate: the daily proof that no money was taken too early or wrongly.

Expected findings: none. Every bill that stands is judged by its own frozen lines and by what the
accepted plan quoted, whatever became of the catalogue since; a bill found wrong cannot be paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.templatetags.papers import yuan
from fees import tariff
from fees.models import Bill, CatalogueItem, FeeProof, Payment, Refund
from workflow import walls

KEPT = 100  # findings stored with a run; the count is complete
CHUNK = 2000


def latest() -> FeeProof | None:
    """The last run, for the board: when, how many payments were checked, how many findings."""
    return FeeProof.objects.order_by("-ran_at").first()


def run() -> FeeProof:
    """Look at all the money, store and return the result."""
    found = list(findings())
    return FeeProof.objects.create(
        ran_at=timezone.now(),
        bills_checked=Bill.objects.standing().count(),
        payments_checked=Payment.objects.count(),
        found=len(found),
        findings=found[:KEPT],
    )


def findings() -> Iterator[str]:
    """Every sentence that should not be true."""
    for wall in walls.missing(connection):
        yield _("The database wall %(wall)s does not stand: run migrate.") % {"wall": wall}
    catalogue = list(CatalogueItem.objects.all())
    booked = _booked()
    for bill in _bills():
        for what in wrong(bill, catalogue, booked.get(bill.step.case_id, Decimal(0))):
            yield f"{bill.step.case.number} {bill.number}: {what}"
    for payment in _payments_astray():
        yield f"{payment.bill.step.case.number} {payment.receipt_number}: " + _(
            "money without a bill that stands, and without a refund."
        )


def _bills() -> Iterator[Bill]:
    return (
        Bill.objects.standing()
        .select_related("step__case", "plan__step", "plan__survey__step")
        .prefetch_related("lines", tariff.SOURCES_OF_BILLS)
        .order_by("pk")
        .iterator(chunk_size=CHUNK)
    )


def _booked() -> dict[int, Decimal]:
    """The money booked on each case that ever paid, in yuan."""
    received = Payment.objects.order_by().values_list("bill__step__case")
    back = Refund.objects.order_by().values_list("payment__bill__step__case")
    gone = dict(back.annotate(Sum("amount")))
    return {
        case: amount - gone.get(case, Decimal(0))
        for case, amount in received.annotate(Sum("amount"))
    }


def _payments_astray() -> Iterator[Payment]:
    of_the_case = Bill.objects.standing().filter(step__case=OuterRef("bill__step__case"))
    return (
        Payment.objects.with_left()
        .filter(~Exists(of_the_case), left__gt=0)
        .select_related("bill__step__case")
        .iterator(chunk_size=CHUNK)
    )


def wrong(
    bill: Bill, catalogue: list[CatalogueItem] | None = None, booked: Decimal | None = None
) -> Iterator[str]:
    """What is wrong with one bill, in plain words.

    `catalogue` are all items and `booked` is the money booked on its case, for who judges many
    bills at once. A bill is paid when that is its total, by whichever payments; while it is less,
    the rest is to be paid.
    """
    plan, case_id = bill.plan, bill.step.case_id
    survey = plan.survey
    if not (survey.can_supply and survey.signed_at and survey.step.case_id == case_id):
        yield _("money without a signed survey that can supply.")
    if not (plan.state == "accepted" and plan.accepted_at and plan.step.case_id == case_id):
        yield _("money without an accepted plan.")
        return
    if booked is None:
        booked = Payment.objects.booked(bill.step.case)
    if booked != bill.total if bill.state == Bill.State.PAID else booked >= bill.total > 0:
        yield _("received ¥%(received)s, billed ¥%(billed)s (%(state)s).") % {
            "received": yuan(booked),
            "billed": yuan(bill.total),
            "state": bill.get_state_display(),
        }
    lines = list(bill.lines.all())
    for line in lines:
        if line.amount != tariff.amount(line.rate, line.factor, line.quantity):
            yield _("%(subject)s: %(formula)s is not ¥%(amount)s.") % {
                "subject": line.subject or line.name_zh,
                "formula": line.formula,
                "amount": yuan(line.amount),
            }
    summed = sum(line.amount for line in lines)
    if summed != bill.total:
        yield _("the lines add up to ¥%(sum)s, the bill says ¥%(billed)s.") % {
            "sum": yuan(summed),
            "billed": yuan(bill.total),
        }
    quoted = tariff.assess(plan, catalogue=catalogue)
    if quoted.total != bill.total:
        yield _("the plan quoted ¥%(due)s, billed are ¥%(billed)s (%(difference)s).") % {
            "due": yuan(quoted.total),
            "billed": yuan(bill.total),
            "difference": f"{bill.total - quoted.total:+,.2f}",
        }
    elif not quoted.charges(lines):
        yield _("the lines are not those that the plan quoted.")
