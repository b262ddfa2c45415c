"""What the counter writes down: the application sheet, its equipment rows and the contact log."""

from applications.models.application import Application
from applications.models.contact import Contact
from applications.models.equipment import Equipment

__all__ = ["Application", "Contact", "Equipment"]
