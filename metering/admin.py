from django.contrib import admin

from metering.models import Meter

HELD = (Meter.State.ASSIGNED, Meter.State.INSTALLED)


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

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "state":
            kwargs["choices"] = [choice for choice in Meter.State.choices if choice[0] not in HELD]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        held = obj is not None and obj.state in HELD
        return ["asset_number", "state", "unit"] if held else []
