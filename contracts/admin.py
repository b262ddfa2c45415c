"""The standard terms are edited here; contracts are only looked at."""

from django.contrib import admin
from django.http import HttpRequest

from contracts.models import Clause, Contract, Terms
from workflow.admin import ListedAdmin


class ClauseInline(admin.StackedInline):
    model = Clause
    extra = 0

    def _open(self, obj: Terms | None) -> bool:
        return obj is None or not obj.is_used

    def has_add_permission(self, request: HttpRequest, obj: Terms | None) -> bool:
        return super().has_add_permission(request, obj) and self._open(obj)

    def has_change_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Terms | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._open(obj)


@admin.register(Terms)
class TermsAdmin(ListedAdmin):
    list_display = ["kind", "version", "basis", "valid_from", "confirmed"]
    list_filter = ["kind", "confirmed"]
    inlines = [ClauseInline]


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
