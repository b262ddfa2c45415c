"""The catalogue is edited here; bills, payments and refunds are only looked at."""

from django.contrib import admin
from django.http import HttpRequest

from fees.models import (
    Bill,
    BillLine,
    CatalogueItem,
    Correction,
    FeeProof,
    Payment,
    Refund,
)


class ReadOnly:
    """Nothing is added, changed or deleted here: the office does that through its pages."""

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(CatalogueItem)
class CatalogueItemAdmin(admin.ModelAdmin):
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

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


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


@admin.register(FeeProof)
class FeeProofAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["ran_at", "bills_checked", "payments_checked", "found"]
