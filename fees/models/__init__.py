"""Tables of the room."""

from fees.models.bill import Bill, BillLine
from fees.models.catalogue import Basis, CatalogueItem, SourceVoltage
from fees.models.correction import Correction, KeptQuote
from fees.models.payment import Method, Payment
from fees.models.proof import FeeProof
from fees.models.refund import Refund

__all__ = [
    "Basis",
    "Bill",
    "BillLine",
    "CatalogueItem",
    "Correction",
    "FeeProof",
    "KeptQuote",
    "Method",
    "Payment",
    "Refund",
    "SourceVoltage",
]
