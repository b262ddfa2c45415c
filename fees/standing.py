"""Where the money of a case stands: survey, plan, bill, payment, refund, and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import OuterRef, Subquery, prefetch_related_objects
from django.utils import timezone

from fees import tariff
from fees.models import Bill, BillLine, CatalogueItem, Correction, KeptQuote, Payment, Refund
from plans.models import Plan
from surveys.models import Survey
from workflow.models import Case, Step


@dataclass(frozen=True)
class Recomputed:
    """A bill that stands, and what it would be if it were computed anew today."""

    bill: Bill
    lines: list[BillLine]
    assessment: tariff.Assessment
    booked: Decimal  # what is paid, in yuan

    @property
    def difference(self) -> Decimal:
        """In yuan; less than nothing where the customer would owe less."""
        return self.assessment.total - self.bill.total

    @property
    def more(self) -> Decimal:
        """What is still to be paid, computed anew, in yuan; less than nothing goes back."""
        return self.assessment.total - self.booked

    @property
    def back(self) -> Decimal:
        """What goes back then, in yuan."""
        return max(-self.more, Decimal(0))

    @property
    def is_equal(self) -> bool:
        """The same figures at the same rates: there is nothing to correct."""
        return (
            not self.assessment.missing
            and not self.difference
            and self.assessment.charges(self.lines)
        )


@dataclass
class Standing:
    """Read once for a step and asked many times: by the guards, the panel and the page."""

    step: Step

    @classmethod
    def of(cls, step: Step) -> Standing:
        """Kept on this step object: every move works on a step read anew, and so looks anew."""
        return step.__dict__.setdefault("fee_standing", cls(step))

    @property
    def case(self) -> Case:
        return self.step.case

    @cached_property
    def plan(self) -> Plan | None:
        """The accepted plan of the case."""
        return Plan.read(self.case)

    @cached_property
    def survey(self) -> Survey | None:
        """The survey below the plan; while there is none, the latest."""
        return self.plan.survey if self.plan else Survey.of(self.case)

    @property
    def surveyed(self) -> bool:
        """A signed survey says that the customer can be supplied; one of before the survey began
        anew says so no more, unless an accepted plan stands on it.
        """
        if self.survey is None:
            return False
        if self.plan:
            return bool(self.survey.signed_at and self.survey.can_supply)
        return self.survey.carries(self.case)

    @cached_property
    def bill(self) -> Bill | None:
        """The latest bill of this round, and since when a proposal on it waits (`proposed_at`)."""
        waiting = Correction.objects.filter(bill=OuterRef("pk"), answer="")
        return (
            Bill.objects.filter(step_id=self.step.pk)
            .annotate(proposed_at=Subquery(waiting.values("proposed_at")[:1]))
            .select_related("payment", "issued_by")
            .order_by("-pk")
            .first()
        )

    @cached_property
    def payments(self) -> list[Payment]:
        """What was received for the bill: all that is booked on the case while it stands, the
        latest first; else what was received on it.
        """
        if self.bill and self.bill.state in Bill.STANDING:
            return list(Payment.objects.held(self.case).select_related("received_by"))
        payment = getattr(self.bill, "payment", None)
        return [payment] if payment else []

    @property
    def booked(self) -> Decimal:
        """How much of it is booked for the bill that stands, in yuan."""
        if self.bill is None or self.bill.state not in Bill.STANDING:
            return Decimal(0)
        return sum((payment.left for payment in self.payments), Decimal(0))

    @property
    def due(self) -> Decimal:
        """What the customer is still to pay, in yuan."""
        return self.bill.total - self.booked if self.bill and self.is_unpaid else Decimal(0)

    @property
    def issued_at(self) -> datetime | None:
        """When the bill was issued."""
        return self.bill.issued_at if self.bill else None

    @property
    def proposed_at(self) -> datetime | None:
        """Since when a waiver or correction of the bill waits for its answer."""
        return getattr(self.bill, "proposed_at", None)

    @property
    def is_unpaid(self) -> bool:
        return bool(self.bill and self.bill.state == Bill.State.ISSUED)

    @property
    def is_waived(self) -> bool:
        return bool(self.bill and self.bill.state == Bill.State.WAIVED)

    @property
    def is_settled(self) -> bool:
        """Paid, waived by two people, or nothing is due."""
        if self.bill and self.bill.state in (Bill.State.PAID, Bill.State.WAIVED):
            return True
        return not (self.bill and self.bill.state in Bill.STANDING) and self.nothing_due

    @cached_property
    def assessment(self) -> tariff.Assessment | None:
        """What the accepted plan costs; None while there is none."""
        if self.plan is None or not self.surveyed:
            return None
        prefetch_related_objects([self.plan], tariff.SOURCES)
        return tariff.assess(self.plan, catalogue=self.catalogue)

    @cached_property
    def catalogue(self) -> list[CatalogueItem]:
        """Every item of the catalogue: for what was quoted, and for what is published today."""
        return list(CatalogueItem.objects.all())

    @property
    def has_bill(self) -> bool:
        """A bill stands, or was waived."""
        return bool(self.bill and self.bill.state in (*Bill.STANDING, Bill.State.WAIVED))

    @cached_property
    def published(self) -> tariff.Assessment | None:
        """What today's catalogue asks for, where that is not what the plan was quoted at."""
        if self.step.is_finished or self.has_bill or self.assessment is None:
            return None
        if self.assessment.plan.quote is None:
            return None
        plan = self.assessment.plan
        today = tariff.by_catalogue(plan, timezone.localdate(), catalogue=self.catalogue)
        return None if today.charges_as(self.assessment) else today

    @property
    def published_since(self) -> date | None:
        """The first day of the newest rate that is not the quoted one."""
        if self.published is None or self.assessment is None:
            return None
        quoted = {line.item.pk for line in self.assessment.lines}
        fresh = [line.item for line in self.published.lines if line.item.pk not in quoted]
        return max((item.valid_from for item in fresh), default=None)

    @cached_property
    def kept_quotes(self) -> list[KeptQuote]:
        """What was proposed and answered on billing as quoted, the latest first; nothing while the
        published rates are those quoted.
        """
        if self.published is None:
            return []
        kept = self.published.plan.kept_quotes
        return list(kept.select_related("proposed_by", "answered_by"))

    @property
    def kept_quote(self) -> KeptQuote | None:
        """The latest of them."""
        return next(iter(self.kept_quotes), None)

    @property
    def quote_proposal(self) -> KeptQuote | None:
        """The proposal to bill as quoted that waits for an answer."""
        return next((kept for kept in self.kept_quotes if not kept.answer), None)

    @property
    def quote_holds(self) -> bool:
        """The published rates are those quoted, or two people decided to bill as quoted."""
        return self.published is None or any(
            kept.answer == KeptQuote.Answer.APPROVED for kept in self.kept_quotes
        )

    @cached_property
    def abolished(self) -> list[str]:
        """The quoted fees that nobody may charge any more."""
        quoted = [line.item for line in self.assessment.lines] if self.assessment else []
        gone = CatalogueItem.objects.abolished(timezone.localdate())
        codes = set(
            gone.filter(code__in=[item.code for item in quoted]).values_list("code", flat=True)
        )
        return [item.name for item in quoted if item.code in codes]

    @property
    def nothing_due(self) -> bool:
        return bool(self.assessment and self.assessment.nothing_due)

    @property
    def is_priced(self) -> bool:
        """The catalogue lacks nothing that the plan causes; nor does it before there is a plan."""
        return self.has_bill or self.assessment is None or not self.assessment.missing

    @property
    def is_billed(self) -> bool:
        """A bill stands or was waived, or nothing is due."""
        return self.has_bill or self.nothing_due

    @cached_property
    def lines(self) -> list[BillLine]:
        return list(self.bill.lines.select_related("item")) if self.bill else []

    @cached_property
    def proposal(self) -> Correction | None:
        """The waiver or correction that waits for an answer."""
        if self.bill is None or self.proposed_at is None:
            return None
        return self.bill.corrections.filter(answer="").select_related("proposed_by").first()

    @cached_property
    def decision(self) -> Correction | None:
        """The latest answer to a waiver or correction of the bill: what, by whom and when."""
        if self.bill is None:
            return None
        answered = self.bill.corrections.exclude(answer="")
        return answered.select_related("proposed_by", "answered_by").first()

    @property
    def may_be_proposed(self) -> list[str]:
        """What a biller can ask for now: to waive what is unpaid, and to correct what computed anew
        would be another bill, until the power is on.
        """
        if self.bill is None or self.bill.state not in Bill.STANDING or self.proposed_at:
            return []
        kinds = [Correction.Kind.WAIVE.value] if self.is_unpaid else []
        anew = self.recomputed if self.is_unpaid or self.case.state == Case.State.OPEN else None
        if anew and not anew.is_equal and not anew.assessment.missing:
            kinds.append(Correction.Kind.CORRECT.value)
        return kinds

    @property
    def recomputed(self) -> Recomputed | None:
        """The bill that stands beside what it would be, computed anew."""
        if self.bill is None or self.bill.state not in Bill.STANDING or self.assessment is None:
            return None
        return Recomputed(self.bill, self.lines, self.assessment, self.booked)

    @cached_property
    def refunds(self) -> list[Refund]:
        """Every refund of the case, of this and of earlier rounds."""
        return list(
            Refund.objects.of_case(self.case).select_related(
                "payment__bill", "paid_out_by", "confirmed_by"
            )
        )
