"""What the counter writes down: the application sheet, its equipment rows and the contact log."""

from applications.models.application import Application
from applications.models.authority import Renewal
from applications.models.code import TrackingCode
from applications.models.contact import Contact
from applications.models.correction import Correction
from applications.models.equipment import Equipment
from applications.models.relation import Relation

__all__ = [
    "Application",
    "Contact",
    "Correction",
    "Equipment",
    "Relation",
    "Renewal",
    "TrackingCode",
]
