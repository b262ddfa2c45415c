"""The standard terms are edited here; contracts are only looked at."""

from django.contrib import admin
from django.http import HttpRequest

from contracts.models import Clause, Contract, Terms


class ClauseInline(admin.StackedInline):
    model = Clause
    extra = 0


@admin.register(Terms)
class TermsAdmin(admin.ModelAdmin):
    list_display = ["kind", "version", "basis", "valid_from", "confirmed"]
    list_filter = ["kind", "confirmed"]
    inlines = [ClauseInline]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(Contract)
class ContractAdmin(admin.ModelAdmin):
    list_display = ["number", "version", "kind", "state", "customer_name", "drawn_at"]
    list_filter = ["kind", "state"]
    search_fields = ["number", "customer_name"]

    def has_add_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False
