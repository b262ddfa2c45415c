"""The catalogue is kept here by versions; bills, payments and refunds are only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from fees.models import (
    Bill,
    BillLine,
    CatalogueItem,
    Correction,
    FeeProof,
    KeptQuote,
    Payment,
    Refund,
)
from workflow.admin import ReadOnly, StandardAdmin


@admin.register(CatalogueItem)
class CatalogueItemAdmin(StandardAdmin):
    list_display = [
        "code",
        "version",
        "name_zh",
        "name_en",
        "voltage",
        "rate",
        "self_built_rate",
        "cable_factor",
        "document_number",
        "valid_from",
        "valid_to",
        "confirmed",
        "status",
    ]
    list_filter = ["status", "basis", "voltage", "confirmed"]
    search_fields = ["code", "name_en", "name_zh", "document_number"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The version gets its number when it is saved."""
        names = super().get_fields(request, obj)
        return names if obj else [name for name in names if name != "version"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A version stays a version of its fee."""
        return [*super().get_readonly_fields(request, obj), "version", *(["code"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.version = CatalogueItem.objects.next_version(obj.code)
        super().save_model(request, obj, form, change)


class BillLineInline(ReadOnly, admin.TabularInline):
    model = BillLine
    extra = 0


@admin.register(Bill)
class BillAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["number", "state", "total", "issued_at", "issued_by"]
    list_filter = ["state"]
    search_fields = ["number"]
    list_select_related = ["issued_by"]
    inlines = [BillLineInline]


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["receipt_number", "bill", "amount", "method", "received_at", "received_by"]
    list_filter = ["method"]
    search_fields = ["receipt_number", "payer"]
    list_select_related = ["bill", "received_by"]


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["payment", "amount", "state", "opened_at", "paid_out_by", "confirmed_by"]
    list_filter = ["state"]
    list_select_related = ["payment", "paid_out_by", "confirmed_by"]


@admin.register(Correction)
class CorrectionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["bill", "kind", "proposed_by", "answer", "answered_by"]
    list_filter = ["kind", "answer"]
    list_select_related = ["bill", "proposed_by", "answered_by"]


@admin.register(KeptQuote)
class KeptQuoteAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["plan", "proposed_by", "answer", "answered_by"]
    list_filter = ["answer"]
    list_select_related = ["plan__step__case", "proposed_by", "answered_by"]


@admin.register(FeeProof)
class FeeProofAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["ran_at", "bills_checked", "payments_checked", "found"]
