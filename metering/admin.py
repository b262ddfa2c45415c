from django.contrib import admin

from metering.models import Meter


@admin.register(Meter)
class MeterAdmin(admin.ModelAdmin):
    """The stock. A meter on a work order changes hands through the work order alone."""

    list_display = [
        "asset_number",
        "type",
        "phase",
        "rating_a",
        "accuracy",
        "maker",
        "unit",
        "state",
    ]
    list_filter = ["state", "phase", "accuracy", "type"]
    list_select_related = ["unit"]
    search_fields = ["asset_number", "maker"]

    def get_readonly_fields(self, request, obj=None):
        held = obj is not None and obj.state in (Meter.State.ASSIGNED, Meter.State.INSTALLED)
        return ["asset_number", "state", "unit"] if held else []
