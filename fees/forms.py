"""What people may say about money: how it was paid, why a bill should change. Never an amount."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from fees import services
from fees.models import Bill, Correction, KeptQuote, Payment, Refund
from fees.standing import Standing
from workflow.guards import Refused
from workflow.sheets import SheetForm


class PaymentForm(SheetForm):
    """The cashier's slip: the amount is the bill's."""

    layout = (
        (
            _("Payment"),
            [
                [("method", 4), ("reference", 8)],
                [("payer", 8), ("received_at", 4)],
            ],
        ),
    )

    class Meta:
        model = Payment
        fields = ["method", "reference", "payer", "received_at"]

    def __init__(
        self,
        *args: Any,
        payer: str = "",
        bill: Bill | None = None,
        by: User | None = None,
        **kwargs: Any,
    ) -> None:
        self.bill, self.by = bill, by
        now = timezone.localtime().replace(second=0, microsecond=0)
        kwargs["initial"] = {"payer": payer, "received_at": now} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def objections(self) -> list[Refused]:
        if self.bill is None or self.by is None:
            return []
        return services.against_payment(self.bill, self.cleaned_data.get("received_at"), by=self.by)


class CorrectionForm(SheetForm):
    """What the biller asks for, and why."""

    layout = ((_("Waiver or correction"), [[("kind", 4), ("reason", 8)]]),)

    class Meta:
        model = Correction
        fields = ["kind", "reason"]

    def __init__(self, *args: Any, bill: Bill | None = None, **kwargs: Any) -> None:
        self.bill = bill
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        # What cannot be asked for is not offered; whoever asks for it all the same hears why.
        offered = Standing.of(bill.step).may_be_proposed if bill else []
        kind.widget.choices = [(code, label) for code, label in kind.choices if code in offered]
        kind.initial = offered[0] if len(offered) == 1 else None

    def objections(self) -> list[Refused]:
        if self.bill is None:
            return []
        return services.against_correction(self.bill, self.cleaned_data.get("kind", ""))


class KeptQuoteForm(SheetForm):
    """Why it is billed as quoted."""

    layout = ((_("Bill as quoted"), [[("reason", 12)]]),)

    class Meta:
        model = KeptQuote
        fields = ["reason"]


class RefundForm(SheetForm):
    """How the cashier gave the money back."""

    layout = ((_("Refund"), [[("method", 4), ("reference", 8)]]),)

    class Meta:
        model = Refund
        fields = ["method", "reference"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True
