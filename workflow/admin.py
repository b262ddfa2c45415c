"""Limits, calendar and reasons are edited here; cases and events can only be read."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.utils import display_for_field, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import accounts.admin
from accounts import typed
from accounts.models import User
from workflow import moves, rescheduling, standards
from workflow.models import (
    Case,
    DatedStandard,
    DeadlineRule,
    Event,
    LateCause,
    Rescheduling,
    Standard,
    Step,
    StopReason,
    WorkDay,
)


class Standing(admin.SimpleListFilter):
    """Drafts, or what is released."""

    title = gettext_lazy("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("draft", _("Draft")), ("released", _("Released"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(released_at__isnull=self.value() == "draft")


class ListedAdmin(admin.ModelAdmin):
    """A row of a list is edited until it was used; then it is taken out of use only."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = super().get_readonly_fields(request, obj)
        if obj is None or not obj.is_used:
            return [*fixed]
        names = (f.name for f in self.opts.concrete_fields if f.editable and not f.primary_key)
        return [*fixed, *(name for name in names if name not in obj.OPEN)]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kw: Any) -> Any:
        """Say why there is nothing to type."""
        row = self.get_object(request, unquote(object_id))
        if row and request.method == "GET" and row.is_used:
            messages.info(request, _(standards.USED))
        return super().change_view(request, object_id, *args, **kw)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        used = obj is None or obj.is_used
        return super().has_delete_permission(request, obj) and not used


class StandardAdmin(admin.ModelAdmin):
    """Versions of a standard: a draft is edited, a released one is read; a change is a draft of the
    next version, and a second person releases it.
    """

    change_form_template = "admin/workflow/standard.html"
    actions = None
    # Of the version copied, what the next one does not take over.
    begins_anew = ("document_number", "document_date", "valid_to", "confirmed")

    # How the form ends: the source, its days, and who answers for it.
    ending = (
        "document_number",
        "document_date",
        "valid_from",
        "valid_to",
        "confirmed",
        "note",
        "author",
        "released_by",
        "released_at",
    )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        first, *rest = super().get_list_display(request)
        return [first, "standing", *rest]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self._in_order(list(super().get_fields(request, obj)))

    def _in_order(self, names: list[str]) -> list[str]:
        """What the row is about, what it says, where that comes from."""
        begin = [name for name in (*self.model.KEY, "version") if name in names]
        end = [name for name in self.ending if name in names]
        return [*begin, *(name for name in names if name not in {*begin, *end}), *end]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [Standing, *super().get_list_filter(request)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        signed = ["author", "released_by", "released_at"] if obj else []
        return [*super().get_readonly_fields(request, obj), *signed]

    @admin.display(description=gettext_lazy("standing"), ordering="released_at")
    def standing(self, row: Standard) -> str:
        return _("Draft") if row.is_draft else _("Released")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A version to begin with (`?of=`): what it says, from tomorrow on."""
        of = request.GET.get("of", "")
        row = self.model.objects.released().filter(pk=of).first() if of.isdecimal() else None
        if row is None:
            return super().get_changeform_initial_data(request)
        data = {k: v for k, v in model_to_dict(row).items() if k not in self.begins_anew}
        if isinstance(row, DatedStandard):
            data["valid_from"] = timezone.localdate() + timedelta(days=1)
        return data

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A draft of who wrote it last: another one releases it."""
        obj.author, obj.released_at = request.user, None
        super().save_model(request, obj, form, change)
        messages.info(request, _("A draft counts for nobody until a second person releases it."))

    def get_urls(self) -> list:
        name = f"{self.opts.app_label}_{self.opts.model_name}_release"
        view = self.admin_site.admin_view(self.release)
        return [path("<int:pk>/release/", view, name=name), *super().get_urls()]

    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes, side by side; with the second press it is in force."""
        draft = get_object_or_404(self.model, pk=pk)
        if not super().has_change_permission(request, draft):
            raise PermissionDenied
        here = reverse(admin_urlname(self.opts, "change"), args=[pk])
        if request.method == "POST":
            try:
                row = standards.release(draft, by=request.user, seen=request.POST.get("seen", ""))
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
            else:
                self.log_change(request, row, [{"changed": {"fields": ["released"]}}])
                messages.success(request, _("%(version)s is released.") % {"version": row})
                self.released(request, row)
                return redirect(here)
        if not draft.is_draft:
            return redirect(here)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Release %(version)s") % {"version": draft},
            "opts": self.opts,
            "draft": draft,
            "is_author": draft.author_id == request.user.pk,
            "changes": self._changes(draft),
            "back": here,
        }
        return TemplateResponse(request, "admin/workflow/release.html", context)

    def released(self, request: HttpRequest, row: Standard) -> None:
        """What follows when a version is in force."""

    def _changes(self, draft: Standard) -> list[tuple[str, str, str]]:
        """Each field: its name, in the version before, in the draft."""
        released = self.model.objects.released().filter(**draft.key)
        before = released.order_by("released_at", "pk").last()
        names = [f.name for f in self.opts.concrete_fields if f.editable and not f.primary_key]
        return [
            (
                field.verbose_name,
                display_for_field(field.value_from_object(before), field, "–") if before else "–",
                display_for_field(field.value_from_object(draft), field, "–"),
            )
            for field in map(self.opts.get_field, self._in_order(names))
        ]


class ClockAdmin(StandardAdmin):
    """A standard that due dates are computed from: when a version is released, the worker computes
    the open ones anew and logs old → new.
    """

    def released(self, request: HttpRequest, row: Standard) -> None:
        rescheduling.ask(by=request.user, what=lambda: _("%(what)s changed") % {"what": row})
        messages.info(
            request,
            _(
                "The open due dates are being computed anew; “Recomputations of due dates” shows "
                "when it is done."
            ),
        )


admin.site.unregister(User)


@admin.register(User)
class StaffAdmin(accounts.admin.StaffAdmin):
    """The people, as accounts keeps them; and what moves when one of them cannot do their work any
    more: seen before it is saved.
    """

    def response_change(self, request, obj):
        """Pass on what the person cannot do any more; unless that was seen before, undo all of it
        and show it.
        """
        person = User.objects.get(pk=obj.pk)  # without the roles read before
        passed = moves.pass_on_of(person, by=request.user)
        today = timezone.localdate()
        cases = Case.objects.left(today).filter(owner=person).count()
        if (passed is None or passed or cases) and "seen" not in request.POST:
            steps = Step.objects.left(today).filter(owner=person).count()
            transaction.set_rollback(True)
            return self._show(request, person, passed, steps, cases)
        return super().response_change(request, obj)

    def _show(self, request, person, passed, steps_left, cases_left):
        """What moves, and to whom; where that is much, how much the worker will move."""
        steps = Counter(to for step, to in passed or [] if step)
        cases = Counter(to for step, to in passed or [] if not step)
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(person)s: what moves") % {"person": person},
            "opts": self.opts,
            "person": person,
            "steps": sum(steps.values()) if passed is not None else steps_left,
            "cases": sum(cases.values()) if passed is not None else cases_left,
            "stays": cases_left if passed is not None else 0,
            "receivers": [(to, steps[to], cases[to]) for to in {**steps, **cases}],
            "typed": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name not in typed.UNSENT
            ],
        }
        return TemplateResponse(request, "admin/accounts/user/passing_on.html", context)


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
class StopReasonAdmin(ListedAdmin):
    list_display = ["code", "label_zh", "label_en", "cap", "basis", "confirmed", "active"]


@admin.register(LateCause)
class LateCauseAdmin(ListedAdmin):
    list_display = ["code", "label_zh", "label_en", "party", "needs_words", "active"]


class ReadOnly:
    """To look at: nothing is added, changed or deleted here, the office does that by its pages."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Rescheduling)
class ReschedulingAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["what", "asked_by", "asked_at", "finished_at", "moved", "failed"]
    fields = list_display


@admin.register(Case)
class CaseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["number", "customer_name", "state", "business_type", "customer_class", "unit"]
    search_fields = ["number", "customer_name", "phone"]


@admin.register(Step)
class StepAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["case", "kind", "round", "state", "owner", "due_on"]
    list_filter = ["kind", "state"]


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["case", "seq", "verb", "actor", "happened_at", "entered_at"]
    list_filter = ["verb"]
