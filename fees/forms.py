"""What people may say about money: how it was paid, why a bill should change. Never an amount."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fees.models import Correction, Payment, Refund
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

    def __init__(self, *args, payer: str = "", **kwargs) -> None:
        now = timezone.localtime().replace(second=0, microsecond=0)
        kwargs["initial"] = {"payer": payer, "received_at": now} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)


class CorrectionForm(SheetForm):
    """What the biller asks for, and why."""

    layout = ((_("Waiver or correction"), [[("kind", 4), ("reason", 8)]]),)

    class Meta:
        model = Correction
        fields = ["kind", "reason"]


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
