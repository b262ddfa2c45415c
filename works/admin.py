from django.contrib import admin

from works.models import Grade, Licence, StandardItem


@admin.register(Grade)
class GradeAdmin(admin.ModelAdmin):
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
class StandardItemAdmin(admin.ModelAdmin):
    list_display = ["label_zh", "label_en", "kind", "level", "standard", "confirmed", "active"]
    list_filter = ["kind", "level", "active"]
    search_fields = ["label_zh", "label_en", "standard"]
