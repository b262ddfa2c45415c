from django.contrib import admin

from plans.models import ApprovalRule, ValidityRule


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(admin.ModelAdmin):
    list_display = [
        "from_kva",
        "customer_class",
        "important_only",
        "approvers",
        "basis",
        "confirmed",
    ]


@admin.register(ValidityRule)
class ValidityRuleAdmin(admin.ModelAdmin):
    list_display = ["customer_class", "months", "ask_days_before", "basis", "confirmed"]
