from django.contrib import admin

from plans.models import ApprovalRule, ValidityRule
from workflow.admin import StandardAdmin


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(StandardAdmin):
    list_display = [
        "from_kva",
        "customer_class",
        "important_only",
        "approvers",
        "basis",
        "confirmed",
        "valid_from",
        "valid_to",
    ]


@admin.register(ValidityRule)
class ValidityRuleAdmin(StandardAdmin):
    list_display = [
        "customer_class",
        "months",
        "ask_days_before",
        "basis",
        "confirmed",
        "valid_from",
        "valid_to",
    ]
