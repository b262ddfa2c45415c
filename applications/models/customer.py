"""Who applies, and who acts for them: the first part of the application sheet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications import identity, wording
from applications.identity import IdType


class Customer(models.Model):
    """The customer and the agent, as the sheet names them."""

    class CustomerType(models.TextChoices):
        PERSON = "person", _("Private person")
        COMPANY = "company", _("Company")
        PUBLIC = "public", _("Public body")
        TRADER = "trader", _("Sole trader")
        VILLAGE = "village", _("Village or community")
        OTHER = "other", _("Other")

    class Authority(models.TextChoices):
        LETTER = "letter", _("Letter of authority")
        NOTARISED = "notarised", _("Notarised authority")
        LEGAL = "legal", _("Authority by law")
        EMPLOYEE = "employee", _("Employee with introduction letter")

    customer_type = models.CharField(
        _("customer type"), max_length=10, choices=CustomerType, default=CustomerType.PERSON
    )
    customer_name = models.CharField(_("customer name"), max_length=120, validators=[wording.name])
    id_type = models.CharField(
        _("ID type"), max_length=20, choices=IdType, default=IdType.RESIDENT_ID
    )
    id_number = models.CharField(_("ID number"), max_length=30, blank=True)
    legal_representative = models.CharField(
        _("legal representative"), max_length=60, validators=[wording.name], blank=True
    )
    contact_name = models.CharField(
        _("contact person"), max_length=60, validators=[wording.name], blank=True
    )
    phone = models.CharField(_("phone"), max_length=30, validators=[wording.phone], blank=True)
    phone_key = models.CharField(max_length=30, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("language of messages"), max_length=8, choices=settings.LANGUAGES, default="zh-hans"
    )
    previous_holder = models.CharField(
        _("previous holder"), max_length=120, validators=[wording.name], blank=True
    )
    previous_address = models.CharField(
        _("previous address"), max_length=200, validators=[wording.name], blank=True
    )

    # Agent
    agent_name = models.CharField(_("agent"), max_length=60, validators=[wording.name], blank=True)
    agent_id_number = models.CharField(_("agent's resident ID"), max_length=30, blank=True)
    agent_phone = models.CharField(
        _("agent's phone"), max_length=30, validators=[wording.phone], blank=True
    )
    agent_authority = models.CharField(
        _("agent's authority"), max_length=10, choices=Authority, blank=True
    )
    agent_authority_until = models.DateField(_("authority valid until"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def masked_id(self) -> str:
        return identity.mask(self.id_number) if self.id_number else ""

    @property
    def masked_agent_id(self) -> str:
        return identity.mask(self.agent_id_number) if self.agent_id_number else ""
