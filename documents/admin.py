from django.contrib import admin

from documents.models import Requirement
from workflow.admin import ListedAdmin


@admin.register(Requirement)
class RequirementAdmin(ListedAdmin):
    list_display = [
        "code",
        "label_zh",
        "label_en",
        "customer_class",
        "business_type",
        "blocks",
        "confirmed",
        "active",
    ]
    list_filter = ["customer_class", "business_type", "blocks", "active"]
    search_fields = ["code", "label_en", "label_zh"]
