"""What the contract officer decides: kind, term, settlement, and who signed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from applications.models import Application
from contracts import content, services
from contracts.models import Contract, ContractKind
from documents.forms import CheckedFileField
from plans.models import Plan
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import BusinessType, Kind
from workflow.sheets import SheetForm


def _in_chinese(column: str, words: type[models.TextChoices]) -> forms.ChoiceField:
    """A choice for a column that is kept in words: read in the reader's language, kept in Chinese,
    as a contract is made in Chinese.
    """

    def choices() -> list[tuple[str, Any]]:
        with translation.override("zh-hans"):
            kept = [str(word.label) for word in words]
        return [("", "–"), *zip(kept, (word.label for word in words), strict=True)]

    return forms.ChoiceField(
        label=capfirst(Contract._meta.get_field(column).verbose_name), choices=choices
    )


class DrawForm(SheetForm):
    """The few things of a contract that no other sheet has said."""

    layout = (
        (
            _("To be agreed"),
            [
                [
                    ("capacity_before", 3),
                    ("capacity_taken", 3),
                    ("capacity_kva", 3),
                    ("voltage", 6),
                ],
                [("metering", 6), ("price", 6)],
                [("boundary", 12)],
                [("kind", 6), ("settlement", 6)],
                [("term_from", 3), ("term_to", 3)],
                [("remarks", 12)],
            ],
        ),
    )

    voltage = _in_chinese("voltage", Application.Voltage)
    metering = _in_chinese("metering", Plan.Metering)
    price = _in_chinese("price", Plan.Tariff)

    class Meta:
        model = Contract
        fields = ["kind", "settlement", "term_from", "term_to", "remarks", *content.ASKABLE]

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        kinds = content.kinds_for(case)
        asked = content.asked(case)
        kwargs["initial"] = _usual(case, kinds) | asked | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.case = case
        for name in content.ASKABLE:
            if name not in asked:
                del self.fields[name]
        (title, rows), *_others = self.layout
        rows = [[cell for cell in row if cell[0] in self.fields] for row in rows]
        self.layout = ((title, [row for row in rows if row]),)
        for name in asked:
            self.fields[name].required = True
        self.fields["kind"].choices = [(kind, ContractKind(kind).label) for kind in kinds]
        self.fields["settlement"].choices = Contract.Settlement.choices

    def objections(self) -> list[Refused]:
        return services.against_drawing(
            self.case.step(Kind.CONTRACT), self.cleaned_data.get("kind", ""), self.cleaned_data
        )


def _usual(case: Case, kinds: list[str]) -> dict[str, Any]:
    """Three years from today; a temporary supply ends on the day asked for."""
    today = timezone.localdate()
    found = {"kind": kinds[0], "term_from": today, "settlement": Contract.Settlement.MONTHLY}
    if case.business_type == BusinessType.TEMPORARY:
        application = getattr(case.step("application"), "application", None)
        found["term_to"] = application.temporary_to if application else None
    return found


class CustomerSignatureForm(SheetForm):
    """Who signed for the customer, as whom, how and when."""

    layout = (
        (
            _("Customer's signature"),
            [
                [("signed_name", 4), ("signed_as", 4), ("signed_how", 4)],
                [("evidence", 8), ("signed_at", 4)],
                [("signed_reference", 8)],
            ],
        ),
    )
    evidence = CheckedFileField(
        label=capfirst(Contract._meta.get_field("evidence").verbose_name),
        help_text=_("For a signature by hand or a seal. PDF, JPEG, PNG, WebP or HEIC."),
        required=False,
    )

    class Meta:
        model = Contract
        fields = ["signed_name", "signed_as", "signed_how", "signed_reference", "signed_at"]

    def __init__(self, *args: Any, drawn: Contract | None = None, **kwargs: Any) -> None:
        self.drawn = drawn
        now = timezone.localtime().replace(second=0, microsecond=0)
        kwargs["initial"] = {"signed_at": now, "signed_as": Contract.Signer.SELF} | kwargs.get(
            "initial", {}
        )
        super().__init__(*args, **kwargs)
        for name in ("signed_name", "signed_as", "signed_how", "signed_at"):
            self.fields[name].required = True
        self.fields["signed_reference"].help_text = _("For an electronic signature.")

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        needed = Contract.SHOWN_BY.get(found.get("signed_how", ""), "")
        if needed and not found.get(needed) and needed not in self.errors:
            self.add_error(needed, services.NOT_SHOWN[needed])
        return found

    def objections(self) -> list[Refused]:
        said = [self.cleaned_data.get(name) for name in ("signed_name", "signed_as", "signed_at")]
        return (
            services.against_signature(self.drawn, said[0] or "", *said[1:]) if self.drawn else []
        )


class InterimForm(SheetForm):
    """Who signed the interim agreement of the fast lane."""

    layout = (
        (
            _("Interim agreement"),
            [[("interim_name", 6), ("interim_how", 6)], [("evidence", 12)]],
        ),
    )
    evidence = CheckedFileField(
        label=capfirst(Contract._meta.get_field("interim_evidence").verbose_name),
        help_text=_("PDF, JPEG, PNG, WebP or HEIC."),
    )

    class Meta:
        model = Contract
        fields = ["interim_name", "interim_how"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True


class RevisionForm(SheetForm):
    """Why the contract is drawn anew."""

    layout = ((_("Draw the contract anew"), [[("remarks", 12)]]),)

    class Meta:
        model = Contract
        fields = ["remarks"]
        labels = {"remarks": _("reason")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remarks"].required = True
