"""What this room does, each act by its name in the history."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from workflow.verbs import verb

BILL_ISSUED = verb("bill_issued", gettext_lazy("Bill issued"), told=True)
BILL_SETTLED = verb(
    "bill_settled", gettext_lazy("Bill issued anew: what was paid covers it"), told=True
)
BILL_CANCELLED = verb("bill_cancelled", gettext_lazy("Bill cancelled"), told=True)
NOTHING_DUE = verb("nothing_due", gettext_lazy("Nothing is due"))
PAYMENT_RECEIVED = verb(
    "payment_received", gettext_lazy("Payment received"), not_by_whom=("bill_issued",)
)
CORRECTION_PROPOSED = verb(
    "correction_proposed", gettext_lazy("Waiver or correction of a bill proposed")
)
BILL_WAIVED = verb(
    "bill_waived",
    gettext_lazy("Bill waived"),
    not_by_whom=("correction_proposed",),
    told=True,
)
BILL_CORRECTED = verb(
    "bill_corrected",
    gettext_lazy("Bill withdrawn to be corrected"),
    not_by_whom=("correction_proposed",),
    reopens=True,
)
# While no other bill follows at once; where one does, its own message says what is to be paid.
BILL_WITHDRAWN = verb(
    "bill_withdrawn",
    gettext_lazy("Bill withdrawn, to be computed anew"),
    not_by_whom=("correction_proposed",),
    reopens=True,
    told=True,
)
CORRECTION_DECLINED = verb(
    "correction_declined",
    gettext_lazy("Waiver or correction declined"),
    not_by_whom=("correction_proposed",),
)
QUOTE_PROPOSED = verb("quote_proposed", gettext_lazy("Proposed: bill as quoted"))
QUOTE_KEPT = verb(
    "quote_kept",
    gettext_lazy("Billed as quoted, though the published rates have changed"),
    not_by_whom=("quote_proposed",),
    told=True,
)
QUOTE_DECLINED = verb(
    "quote_declined", gettext_lazy("Billing as quoted declined"), not_by_whom=("quote_proposed",)
)
REFUND_OPENED = verb("refund_opened", gettext_lazy("Refund opened"))
REFUND_PAID = verb("refund_paid_out", gettext_lazy("Refund paid out"))
REFUND_CONFIRMED = verb(
    "refund_confirmed", gettext_lazy("Refund confirmed"), not_by_whom=("refund_paid_out",)
)
