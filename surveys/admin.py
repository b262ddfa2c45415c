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

    def get_queryset(self, request):
        """Locked while it is changed: a plan may take capacity or free it at that moment."""
        points = super().get_queryset(request)
        return points.select_for_update(of=("self",)) if request.method == "POST" else points

    def save_model(self, request, obj, form, change):
        """Only what was changed here: what plans hold is written by them."""
        obj.save(update_fields=form.changed_data if change else None)
