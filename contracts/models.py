"""Supply contracts 供用电合同: data from the accepted plan, standard terms, both signatures."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from accounts.constraints import RowCheck
from documents.models import Attachment
from plans.models import Plan
from workflow.models import Case, Listed, Step
from workflow.models.state import ProtectedState, Stateful

# A capacity is more than nothing.
SOME = MinValueValidator(Decimal("0.01"))


class ContractKind(models.TextChoices):
    HV = "hv", _("High-voltage supply contract")
    LV = "lv", _("Low-voltage supply contract")
    TEMPORARY = "temporary", _("Temporary supply contract")
    RESIDENTIAL = "residential", _("Residential terms of supply")
    RESALE = "resale", _("Contract on entrusted resale")


class Terms(Listed):
    """A version of the standard terms of one kind of contract."""

    PARTS = frozenset({"Clause"})

    kind = models.CharField(_("kind"), max_length=12, choices=ContractKind)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    basis = models.CharField(_("basis"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    confirmed = models.BooleanField(_("confirmed from the primary text"), default=False)

    class Meta:
        ordering = ["kind", "-version"]
        verbose_name = _("standard terms")
        verbose_name_plural = _("standard terms")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="one_text_a_version"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.version}"


class Clause(models.Model):
    """One clause of the standard terms, in both languages; the Chinese text binds."""

    class About(models.TextChoices):
        """What the sheet of a contract quotes by itself."""

        BREACH = "breach", _("breach")

    terms = models.ForeignKey(Terms, models.PROTECT, related_name="clauses")
    position = models.PositiveSmallIntegerField(_("no."))
    about = models.CharField(_("about"), max_length=10, choices=About, blank=True)
    heading_en = models.CharField(_("heading, English"), max_length=80)
    heading_zh = models.CharField(_("heading, Chinese"), max_length=80)
    text_en = models.TextField(_("text, English"), max_length=2000)
    text_zh = models.TextField(_("text, Chinese"), max_length=2000)

    class Meta:
        ordering = ["terms", "position"]
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        constraints = [
            models.UniqueConstraint(fields=["terms", "position"], name="one_clause_a_place"),
            models.UniqueConstraint(
                fields=["terms", "about"], condition=~Q(about=""), name="one_clause_a_matter"
            ),
        ]

    def __str__(self) -> str:
        zh = (get_language() or "").startswith("zh")
        return self.heading_zh if zh else self.heading_en


class Contract(Stateful):
    """One round of the contract: drawn from the accepted plan, signed by both, then frozen.

    Nobody types what was agreed elsewhere: capacity, sources, metering, price and boundary come
    from the plan; where the flow has no plan (a change of name), from the account's present
    contract. Only what neither says is asked for when it is drawn (contracts.content).
    """

    class State(models.TextChoices):
        DRAWN = "drawn", _("Drawn, to be signed")
        RETURNED = "returned", _("Taken back, to be drawn anew")
        SIGNED = "signed", _("Signed by both")
        VOID = "void", _("Void")

    class Settlement(models.TextChoices):
        MONTHLY = "monthly", _("Every month")
        BIMONTHLY = "bimonthly", _("Every two months")
        PREPAID = "prepaid", _("Prepaid")
        TEN_DAYS = "ten_days", _("Three times a month")

    class Signer(models.TextChoices):
        SELF = "self", _("the customer in person")
        REPRESENTATIVE = "representative", _("the legal representative")
        AGENT = "agent", _("the agent named in the application")

    class How(models.TextChoices):
        """An electronic signature has equal force (Electronic Signature Law, art. 14)."""

        HAND = "hand", _("signed by hand")
        SEAL = "seal", _("sealed by the company")
        ELECTRONIC = "electronic", _("signed electronically")

    # What shows the customer's signature: the signed page, or the number of the electronic one.
    SHOWN_BY: ClassVar[dict[str, str]] = {
        How.HAND: "evidence",
        How.SEAL: "evidence",
        How.ELECTRONIC: "signed_reference",
    }

    step = models.OneToOneField(
        Step, models.PROTECT, related_name="contract", verbose_name=_("step")
    )
    plan = models.ForeignKey(
        Plan,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contracts",
        verbose_name=_("accepted plan"),
    )
    terms = models.ForeignKey(
        Terms, models.PROTECT, related_name="+", verbose_name=_("standard terms")
    )
    kind = models.CharField(_("kind of contract"), max_length=12, choices=ContractKind)
    number = models.CharField(_("contract number"), max_length=30, unique=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    state = ProtectedState(_("state"), max_length=10, default=State.DRAWN, choices=State)

    # The parties
    supplier = models.CharField(_("supplier"), max_length=120)
    customer_name = models.CharField(_("customer"), max_length=120)
    customer_id_number = models.CharField(_("ID number"), max_length=30, blank=True)
    representative = models.CharField(_("legal representative"), max_length=60, blank=True)
    agent = models.CharField(_("agent"), max_length=60, blank=True)

    # Supply, from the plan
    mode = models.CharField(_("mode of supply"), max_length=200)
    voltage = models.CharField(_("voltage"), max_length=60, blank=True)
    sources = models.TextField(_("sources"), max_length=2000, blank=True)
    capacity_kva = models.DecimalField(
        _("capacity (kVA)"), max_digits=10, decimal_places=2, validators=[SOME]
    )
    # Of a decrease only: the capacity is what remains.
    capacity_before = models.DecimalField(
        _("capacity before (kVA)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[SOME],
    )
    capacity_taken = models.DecimalField(
        _("capacity given up (kVA)"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[SOME],
    )
    address = models.CharField(_("address of use"), max_length=200)
    nature = models.CharField(_("nature of use"), max_length=120, blank=True)
    quality = models.CharField(_("quality of supply"), max_length=300)
    supply_time = models.CharField(_("time of supply"), max_length=200)
    emergency_source = models.CharField(_("own emergency source"), max_length=300, blank=True)

    # Metering, price, settlement
    metering = models.CharField(_("metering"), max_length=300, blank=True)
    price = models.CharField(_("price"), max_length=200, blank=True)
    power_factor = models.CharField(_("power-factor target"), max_length=40, blank=True)
    settlement = models.CharField(
        _("settlement"), max_length=10, choices=Settlement, default=Settlement.MONTHLY
    )

    # Boundary, term, breach
    boundary = models.CharField(_("property boundary"), max_length=500, blank=True)
    maintenance = models.CharField(_("maintenance split"), max_length=500)
    term_from = models.DateField(_("term from"))
    term_to = models.DateField(_("term to"), null=True, blank=True)
    breach = models.TextField(_("breach"), max_length=2000)
    remarks = models.TextField(_("further agreements"), max_length=1000, blank=True)

    drawn_at = models.DateTimeField(_("drawn"))
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("drawn by")
    )
    # Everything both parties sign, word for word; the hash is over this.
    content = models.JSONField(_("content"), encoder=DjangoJSONEncoder)
    content_hash = models.CharField(_("checksum (SHA-256)"), max_length=64)

    # Signatures
    signed_name = models.CharField(_("signed by (customer)"), max_length=60, blank=True)
    signed_as = models.CharField(_("signs as"), max_length=15, choices=Signer, blank=True)
    signed_how = models.CharField(_("how"), max_length=12, choices=How, blank=True)
    signed_reference = models.CharField(
        _("serial number of the electronic signature"), max_length=80, blank=True
    )
    # Empty on those signed before this was kept.
    evidence = models.ForeignKey(
        Attachment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed page (scan or photo)"),
    )
    signed_at = models.DateTimeField(_("customer signed at"), null=True, blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed by (utility)"),
    )
    officer_signed_at = models.DateTimeField(_("utility signed at"), null=True, blank=True)

    # In the fast lane a signed interim agreement stands in until the contract is signed.
    interim = models.BooleanField(_("interim agreement signed"), default=False)
    interim_name = models.CharField(_("interim agreement signed by"), max_length=60, blank=True)
    interim_how = models.CharField(_("how"), max_length=12, choices=How, blank=True)
    interim_evidence = models.ForeignKey(
        Attachment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed interim agreement (scan or photo)"),
    )
    interim_at = models.DateTimeField(_("interim agreement signed at"), null=True, blank=True)
    interim_officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signed by (utility)"),
    )

    # Empty on those signed before this was kept.
    interim_until = models.DateField(_("interim agreement until"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("supply contract")
        verbose_name_plural = _("supply contracts")
        constraints = [
            RowCheck(
                condition=Q(term_to=None) | Q(term_to__gt=F("term_from")),
                name="a_contract_ends_after_it_begins",
                violation_error_message=_("The contract ends before it begins."),
            ),
            RowCheck(
                condition=~Q(kind="temporary") | Q(term_to__isnull=False),
                name="a_temporary_contract_has_an_end",
                violation_error_message=_("A temporary supply needs its end date."),
            ),
            RowCheck(
                condition=Q(capacity_before=None, capacity_taken=None)
                | Q(
                    capacity_before__isnull=False,
                    capacity_taken__gt=0,
                    capacity_kva__gt=0,
                    capacity_kva=F("capacity_before") - F("capacity_taken"),
                ),
                name="a_decrease_leaves_a_capacity",
                violation_error_message=_(
                    "Less must be given up than there is, and more than nothing."
                ),
            ),
            RowCheck(
                condition=Q(signed_at=None)
                | (~Q(signed_name="") & ~Q(signed_as="") & ~Q(signed_how="")),
                name="a_signature_is_complete",
                violation_error_message=_("Say who signed for the customer, and how."),
            ),
            RowCheck(
                condition=~Q(signed_how="electronic") | ~Q(signed_reference=""),
                name="an_electronic_signature_has_a_serial_number",
                violation_error_message=_("Write down the serial number of the signature."),
            ),
            RowCheck(
                condition=~Q(state="signed")
                | Q(
                    signed_at__isnull=False,
                    officer__isnull=False,
                    officer_signed_at__isnull=False,
                ),
                name="a_contract_is_signed_by_both",
                violation_error_message=_("A contract is signed by both parties."),
            ),
            RowCheck(
                condition=~Q(state="returned") | Q(signed_at=None, officer_signed_at=None),
                name="nobody_signs_what_was_taken_back",
                violation_error_message=_("The contract was taken back to be drawn anew."),
            ),
            RowCheck(
                condition=Q(interim=False)
                | (
                    ~Q(interim_name="")
                    & ~Q(interim_how="")
                    & Q(interim_at__isnull=False, interim_officer__isnull=False)
                ),
                name="an_interim_agreement_is_signed",
                violation_error_message=_("Say who signed the interim agreement, and how."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} v{self.version}"

    @classmethod
    def of(cls, case: Case) -> Contract | None:
        """The latest contract of the case that is not void."""
        return (
            cls.objects.filter(step__case=case)
            .exclude(state=cls.State.VOID)
            .select_related("step", "plan", "terms", "officer")
            .order_by("-step__round")
            .first()
        )

    @classmethod
    def read(cls, case: Case) -> Contract | None:
        """The latest contract, read once for one case object; every move reads its case anew."""
        if "read_contract" not in case.__dict__:
            case.read_contract = cls.of(case)  # type: ignore[attr-defined]
        return case.read_contract  # type: ignore[attr-defined]

    @property
    def binds(self) -> bool:
        """Signed by both, or an interim agreement stands in on this day."""
        if self.state in (self.State.SIGNED, self.State.VOID):
            return self.state == self.State.SIGNED
        until = self.interim_until
        return self.interim and (until is None or until >= timezone.localdate())

    @property
    def is_unchanged(self) -> bool:
        """What would be signed is what was drawn."""
        return self.content_hash == digest(self.content)

    @transition(state, source=State.DRAWN, target=State.SIGNED)
    def sign(self):
        """Both have signed: frozen."""

    @transition(state, source=State.DRAWN, target=State.RETURNED)
    def take_back(self):
        """To be drawn anew: what was written before is not signed any more."""

    @transition(state, source=State.RETURNED, target=State.DRAWN)
    def draw_anew(self):
        """The next version stands in its place."""

    @transition(state, source=[State.DRAWN, State.RETURNED, State.SIGNED], target=State.VOID)
    def void(self):
        """What it stood on no longer holds."""


def digest(content: dict[str, Any]) -> str:
    """SHA-256 over the content in one fixed spelling."""
    text = json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
