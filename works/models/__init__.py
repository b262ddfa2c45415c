"""The customer's own installation: register, qualification, drawings, checks on site."""

from works.models.check import (
    Acceptance,
    CheckItem,
    CheckPhoto,
    Defect,
    MidCheck,
    ReceivingEquipment,
    StandardItem,
)
from works.models.drawings import DrawingComment, DrawingReview, DrawingSheet
from works.models.register import Grade, Licence, LicenceCheck
from works.models.request import Request

__all__ = [
    "Acceptance",
    "CheckItem",
    "CheckPhoto",
    "Defect",
    "DrawingComment",
    "DrawingReview",
    "DrawingSheet",
    "Grade",
    "Licence",
    "LicenceCheck",
    "MidCheck",
    "ReceivingEquipment",
    "Request",
    "StandardItem",
]
