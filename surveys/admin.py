"""The catalogue of source points, kept by the administrator."""

from django.contrib import admin

from surveys.models import SourcePoint


@admin.register(SourcePoint)
class SourcePointAdmin(admin.ModelAdmin):
    list_display = ("name", "unit", "voltage", "where", "rated_kva", "committed_kva", "open_kva")
    list_filter = ("voltage", "active", "unit")
    list_select_related = ("unit",)
    search_fields = ("name", "substation", "line", "transformer_area", "pole")
    readonly_fields = ("reserved_kva",)
    list_per_page = 50
