"""Limits, calendar and reasons are edited here; cases and events can only be read."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflow import reminders
from workflow.models import Case, DeadlineRule, Event, Step, StopReason, WorkDay


class ClockAdmin(admin.ModelAdmin):
    """A table that due dates are computed from: saving recomputes the open ones and logs
    old → new.
    """

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        self._reschedule(request, obj)

    def delete_model(self, request, obj):
        super().delete_model(request, obj)
        self._reschedule(request, obj)

    def delete_queryset(self, request, queryset):
        super().delete_queryset(request, queryset)
        self._reschedule(request, self.model._meta.verbose_name_plural)

    @transaction.atomic
    def _reschedule(self, request, changed) -> None:
        moved = reminders.reschedule_all(
            by=request.user, why=lambda: _("%(what)s changed") % {"what": changed}
        )
        messages.info(
            request,
            ngettext("%(n)s open due date moved.", "%(n)s open due dates moved.", moved)
            % {"n": moved},
        )


@admin.register(DeadlineRule)
class DeadlineRuleAdmin(ClockAdmin):
    list_display = [
        "kind",
        "customer_class",
        "business_type",
        "promise",
        "ceiling",
        "basis",
        "confirmed",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["regime", "kind", "customer_class", "confirmed"]


@admin.register(WorkDay)
class WorkDayAdmin(ClockAdmin):
    list_display = ["day", "worked", "name", "source", "confirmed"]
    list_filter = ["worked", "confirmed"]
    date_hierarchy = "day"


@admin.register(StopReason)
class StopReasonAdmin(admin.ModelAdmin):
    list_display = ["code", "label_zh", "label_en", "cap", "basis", "confirmed", "active"]


class ReadOnlyAdmin(admin.ModelAdmin):
    """To look at; what happens to a case goes through the door."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["number", "customer_name", "state", "business_type", "customer_class", "unit"]
    search_fields = ["number", "customer_name", "phone"]


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    list_display = ["case", "kind", "round", "state", "owner", "due_on"]
    list_filter = ["kind", "state"]


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["case", "seq", "verb", "actor", "happened_at", "entered_at"]
    list_filter = ["verb"]
