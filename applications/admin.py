"""Applications and contacts for administrators: to read, never to change, ID numbers masked."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from applications.models import Application, Contact, Equipment
from workflow.admin import ReadOnly


class EquipmentInline(ReadOnly, admin.TabularInline):
    model = Equipment
    extra = 0


@admin.register(Application)
class ApplicationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["step", "customer_name", "masked_id", "existing_supply", "accepted_at"]
    list_filter = ["business_type", "customer_class", "existing_supply", "channel"]
    list_select_related = ["step__case"]
    search_fields = ["customer_name", "step__case__number"]
    show_full_result_count = False
    inlines = [EquipmentInline]

    def get_fields(self, request: HttpRequest, obj=None) -> list[str]:
        names = {"id_number": "masked_id", "agent_id_number": "masked_agent_id"}
        columns = [c.name for c in Application._meta.fields if not c.name.endswith("_key")]
        return [names.get(name, name) for name in columns]


@admin.register(Contact)
class ContactAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["case", "at", "channel", "outcome", "promised_on", "by"]
    list_filter = ["channel", "outcome"]
    list_select_related = ["case", "by"]
    show_full_result_count = False
