from django.contrib import admin

from workflow.admin import ListedAdmin, StandardAdmin
from works.models import Grade, Licence, StandardItem


@admin.register(Grade)
class GradeAdmin(ListedAdmin):
    list_display = ["code", "kind", "max_kv", "max_kva", "basis", "confirmed", "active"]
    list_filter = ["kind", "confirmed", "active"]


@admin.register(Licence)
class LicenceAdmin(admin.ModelAdmin):
    list_display = ["firm", "kind", "number", "grade", "classes", "valid_to", "status"]
    list_filter = ["kind", "status", "grade"]
    list_select_related = ["grade"]
    search_fields = ["firm", "number", "unified_code"]
    date_hierarchy = "valid_to"


@admin.register(StandardItem)
class StandardItemAdmin(StandardAdmin):
    list_display = [
        "code",
        "label_zh",
        "label_en",
        "kind",
        "level",
        "standard",
        "confirmed",
        "active",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["kind", "level", "active"]
    search_fields = ["code", "label_zh", "label_en", "standard"]
