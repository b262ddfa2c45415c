"""The rows of a case that its tracking page stands on: a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.utils import timezone
from django.utils.translation import get_language

from applications.models import TrackingCode
from documents.models import Ask, Paper, PaperItem, PaperKind
from fees.models import Bill, BillLine, Payment, Refund
from surveys.models import Consent
from workflow.models import Case, Pause, Step
from workflow.process import Kind

# The papers that are meant for the customer; sheets for the office's own work are not.
FOR_THE_CUSTOMER = (
    PaperKind.RECEIPT,
    PaperKind.DEFICIENCY,
    PaperKind.PLAN,
    PaperKind.BILL,
    PaperKind.PAYMENT,
    PaperKind.CONTRACT,
    PaperKind.REFUSAL,
)
REVIEWED = (
    Kind.DESIGNER,
    Kind.DRAWINGS,
    Kind.CONTRACTOR,
    Kind.MID_CHECK,
    Kind.ACCEPTANCE,
)


@dataclass(frozen=True)
class Rows:
    """A case as the customer's page reads it, on one day."""

    code: TrackingCode
    today: date
    pauses: dict[int, Pause]
    owed: list[PaperItem]
    points: list[Ask]
    papers: list[Paper]
    lines: list[BillLine]
    consents: list[Consent]
    refunds: list[Refund]

    @property
    def case(self) -> Case:
        return self.code.case

    @property
    def bill(self) -> Bill | None:
        return self.lines[0].bill if self.lines else None

    @cached_property
    def is_refunded(self) -> bool:
        """Everything that was received for the case goes back, or went."""
        return bool(self.refunds) and not Payment.objects.booked(self.case)

    @property
    def booked(self) -> Decimal:
        """What was paid for a bill that is still to be paid, in yuan."""
        is_open = self.bill is not None and self.bill.state == Bill.State.ISSUED
        return Payment.objects.booked(self.case) if is_open else Decimal(0)


def read(code: TrackingCode) -> Rows:
    """Everything the page says, in at most seven queries beside session and code."""
    case, today = code.case, timezone.localdate()
    case.all_steps = case.in_order(
        case.steps.select_related("owner", "plan", "contract", "energization")
    )
    return Rows(
        code=code,
        today=today,
        pauses=_pauses(case),
        owed=list(case.papers_owed.owed().select_related("requirement")) if case.is_open else [],
        points=_points(case),
        papers=papers(case),
        lines=_lines(case),
        consents=_consents(case, today),
        refunds=_refunds(case),
    )


def _points(case: Case) -> list[Ask]:
    """What reviewers and inspectors found; asked for only where the case passes their links."""
    if not case.is_open or not any(step.kind in REVIEWED for step in case.all_steps):
        return []
    return list(Ask.objects.open().filter(case=case).select_related("step").order_by("number"))


def papers(case: Case) -> list[Paper]:
    """The newest paper of each kind for the customer, in the page's language, the latest first."""
    found: dict[str, Paper] = {}
    issued = case.papers.filter(language=get_language(), kind__in=FOR_THE_CUSTOMER)
    for paper in issued.with_ends():
        # Each bill and payment is a paper of its own; of the others the newest counts.
        key = paper.number if paper.kind in (PaperKind.BILL, PaperKind.PAYMENT) else paper.kind
        found.setdefault(key, paper)
    return list(found.values())


def _pauses(case: Case) -> dict[int, Pause]:
    """The running pause of each step that has one."""
    if not any(step.state == Step.State.STOPPED for step in case.all_steps):
        return {}
    running = Pause.objects.filter(step__case=case, ended_at=None).select_related("reason")
    return {pause.step_id: pause for pause in running}


def _lines(case: Case) -> list[BillLine]:
    """The lines of the bill that was issued; before the plan is accepted there is none."""
    step = case.step(Kind.FEES)
    if step is None or step.state in (Step.State.WAITING, Step.State.VOID):
        return []
    shown = (Bill.State.ISSUED, Bill.State.PAID)
    lines = BillLine.objects.filter(bill__step=step, bill__state__in=shown)
    return list(lines.select_related("bill").order_by("-bill", "position"))


def _refunds(case: Case) -> list[Refund]:
    """The money of the case that goes back, the latest first; asked for only where some came."""
    if not any(step.kind == Kind.FEES and step.is_finished for step in case.all_steps):
        return []
    return list(Refund.objects.of_case(case).with_due())


def _consents(case: Case, today: date) -> list[Consent]:
    """What others were asked during a survey under way and have not granted."""
    step = case.step(Kind.SURVEY)
    if step is None or not step.is_live:
        return []
    last: dict[tuple, Consent] = {}
    for consent in Consent.objects.filter(candidate__survey__step=step).order_by("asked_on", "pk"):
        last[consent.candidate_id, consent.party_kind, consent.party] = consent
    return [consent for consent in last.values() if not consent.stands(today)]
