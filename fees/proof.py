"""The fifth wall of the fee gate: the daily proof that no money was taken too early or wrongly.

Expected findings: none. Every bill that stands is judged by its own frozen lines and by what the
accepted plan quoted, whatever became of the catalogue since; a bill found wrong cannot be paid.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from fees import tariff
from fees.models import Bill, CatalogueItem, FeeProof, Payment
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
    for bill in _bills():
        for what in wrong(bill, catalogue):
            yield f"{bill.step.case.number} {bill.number}: {what}"
    for payment in _payments_astray():
        yield f"{payment.bill.step.case.number} {payment.receipt_number}: " + _(
            "money without a bill that stands, and without a refund."
        )


def _bills() -> Iterator[Bill]:
    return (
        Bill.objects.standing()
        .select_related("step__case", "payment", "plan__step", "plan__survey__step")
        .prefetch_related("lines", tariff.SOURCES_OF_BILLS)
        .order_by("pk")
        .iterator(chunk_size=CHUNK)
    )


def _payments_astray() -> Iterator[Payment]:
    return (
        Payment.objects.exclude(bill__state=Bill.State.PAID)
        .filter(refund=None)
        .select_related("bill__step__case")
        .iterator(chunk_size=CHUNK)
    )


def wrong(bill: Bill, catalogue: list[CatalogueItem] | None = None) -> Iterator[str]:
    """What is wrong with one bill, in plain words.

    `catalogue` are all items, for who judges many bills at once.
    """
    plan, case_id = bill.plan, bill.step.case_id
    survey = plan.survey
    if not (survey.can_supply and survey.signed_at and survey.step.case_id == case_id):
        yield _("money without a signed survey that can supply.")
    if not (plan.state == "accepted" and plan.accepted_at and plan.step.case_id == case_id):
        yield _("money without an accepted plan.")
        return
    payment = getattr(bill, "payment", None)
    if bill.state == Bill.State.PAID and payment is None:
        yield _("paid without a payment.")
    if payment and payment.amount != bill.total:
        yield _("received %(received)s yuan, billed %(billed)s yuan.") % {
            "received": payment.amount,
            "billed": bill.total,
        }
    lines = list(bill.lines.all())
    for line in lines:
        if line.amount != tariff.amount(line.rate, line.factor, line.quantity):
            yield _("%(subject)s: %(formula)s is not %(amount)s yuan.") % {
                "subject": line.subject or line.name_zh,
                "formula": line.formula,
                "amount": line.amount,
            }
    summed = sum(line.amount for line in lines)
    if summed != bill.total:
        yield _("the lines add up to %(sum)s yuan, the bill says %(billed)s yuan.") % {
            "sum": summed,
            "billed": bill.total,
        }
    quoted = tariff.assess(plan, catalogue=catalogue)
    if quoted.total != bill.total:
        yield _("the plan quoted %(due)s yuan, billed are %(billed)s yuan (%(difference)+.2f).") % {
            "due": quoted.total,
            "billed": bill.total,
            "difference": bill.total - quoted.total,
        }
    elif not quoted.charges(lines):
        yield _("the lines are not those that the plan quoted.")
