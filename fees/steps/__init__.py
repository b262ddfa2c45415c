"""The only writer of this room: bills, payments, waivers and corrections, refunds."""

from fees.steps.acts import (
    BILL_CORRECTED,
    BILL_ISSUED,
    BILL_WAIVED,
    CORRECTION_DECLINED,
    CORRECTION_PROPOSED,
    NOTHING_DUE,
    PAYMENT_RECEIVED,
    REFUND_CONFIRMED,
    REFUND_OPENED,
    REFUND_PAID,
)
from fees.steps.bills import issue, nothing_due
from fees.steps.corrections import approve, decline, propose
from fees.steps.payments import receive
from fees.steps.refunds import CONFIRMING, confirm, pay_out, refund_due, undone

__all__ = [
    "BILL_CORRECTED",
    "BILL_ISSUED",
    "BILL_WAIVED",
    "CONFIRMING",
    "CORRECTION_DECLINED",
    "CORRECTION_PROPOSED",
    "NOTHING_DUE",
    "PAYMENT_RECEIVED",
    "REFUND_CONFIRMED",
    "REFUND_OPENED",
    "REFUND_PAID",
    "approve",
    "confirm",
    "decline",
    "issue",
    "nothing_due",
    "pay_out",
    "propose",
    "receive",
    "refund_due",
    "undone",
]
