"""Who does what at a utility (DOMAIN section 2). Each role is a Django group of the same name."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    CLERK = "clerk", _("Counter clerk")
    SURVEYOR = "surveyor", _("Field surveyor")
    PLANNER = "planner", _("Plan engineer")
    APPROVER = "approver", _("Plan approver")
    REVIEWER = "reviewer", _("Drawing reviewer")
    INSPECTOR = "inspector", _("Inspector")
    BILLER = "biller", _("Billing clerk")
    CASHIER = "cashier", _("Cashier")
    CONTRACT_OFFICER = "contract_officer", _("Contract officer")
    FITTER = "fitter", _("Meter technician")
    SUPERVISOR = "supervisor", _("Supervisor")
    MANAGER = "manager", _("Unit manager")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


# Roles that steer: they see the board, reassign, approve exceptions.
STEERING = frozenset({Role.SUPERVISOR, Role.MANAGER})
# Roles that look and never change.
WATCHING = frozenset({Role.AUDITOR})
