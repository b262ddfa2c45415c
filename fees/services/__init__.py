"""The only writer of this room: bills, quotes kept, payments, waivers and corrections, refunds."""

from fees.services.acts import (
    BILL_CANCELLED,
    BILL_CORRECTED,
    BILL_ISSUED,
    BILL_SETTLED,
    BILL_WAIVED,
    BILL_WITHDRAWN,
    CORRECTION_DECLINED,
    CORRECTION_PROPOSED,
    NOTHING_DUE,
    PAYMENT_RECEIVED,
    QUOTE_DECLINED,
    QUOTE_KEPT,
    QUOTE_PROPOSED,
    REFUND_CONFIRMED,
    REFUND_OPENED,
    REFUND_PAID,
)
from fees.services.bills import issue, nothing_due
from fees.services.corrections import (
    against_correction,
    against_proposal,
    approve,
    decline,
    propose,
)
from fees.services.payments import against_payment, receive, unanswered
from fees.services.quotes import answer_quote, propose_quote
from fees.services.refunds import CONFIRMING, confirm, pay_out, refund_due, undone

__all__ = [
    "BILL_CANCELLED",
    "BILL_CORRECTED",
    "BILL_ISSUED",
    "BILL_SETTLED",
    "BILL_WAIVED",
    "BILL_WITHDRAWN",
    "CONFIRMING",
    "CORRECTION_DECLINED",
    "CORRECTION_PROPOSED",
    "NOTHING_DUE",
    "PAYMENT_RECEIVED",
    "QUOTE_DECLINED",
    "QUOTE_KEPT",
    "QUOTE_PROPOSED",
    "REFUND_CONFIRMED",
    "REFUND_OPENED",
    "REFUND_PAID",
    "against_correction",
    "against_payment",
    "against_proposal",
    "answer_quote",
    "approve",
    "confirm",
    "decline",
    "issue",
    "nothing_due",
    "pay_out",
    "propose",
    "propose_quote",
    "receive",
    "refund_due",
    "unanswered",
    "undone",
]
