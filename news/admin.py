"""The words of messages are edited here, each edit a new version; messages are only looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from news import services, wording
from news.models import Channel, Message, OptOut, Template
from news.services.outbox import rendered
from workflow.admin import ReadOnly
from workflow.guards import Refused


class TemplateForm(forms.ModelForm):
    """The words of a template, judged for its channel and language."""

    class Meta:
        model = Template
        fields = ("subject", "body", "by_law")
        widgets = {
            "subject": forms.TextInput(attrs={"size": 80}),
            "body": forms.Textarea(attrs={"rows": 14, "cols": 90}),
        }


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    form = TemplateForm
    change_form_template = "admin/news/template/change_form.html"
    list_display = ["what", "language", "channel", "version", "active", "by_law", "made_at"]
    list_filter = ["active", "channel", "language", "by_law"]
    search_fields = ["verb", "subject", "body"]
    readonly_fields = ["what", "language", "channel", "version", "active", "placeholders"]
    actions = None

    def get_fields(self, request: HttpRequest, obj: Template | None = None) -> list[str]:
        """An SMS has no subject."""
        of_mail = ["subject"] if obj is None or obj.channel == Channel.EMAIL else []
        return [*self.readonly_fields, "by_law", *of_mail, "body"]

    @admin.display(description=_("what happened"), ordering="verb")
    def what(self, template: Template) -> str:
        return template.what

    @admin.display(description=_("what may stand in it"))
    def placeholders(self, template: Template) -> SafeString:
        return format_html_join(
            "", "{{{}}} {}<br>", ((name, text) for name, text in wording.PLACEHOLDERS.items())
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        """A version that is not in use any more stays what it was."""
        return super().has_change_permission(request, obj) and (obj is None or obj.active)

    def has_delete_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        """The words as typed become the next version; the row that was opened stays."""
        words = {"subject": "", **form.cleaned_data}
        try:
            new = services.revise(obj, by=request.user, **words)
        except Refused as refusal:
            messages.error(request, " ".join(refusal.messages))
            return
        obj.pk = new.pk

    def get_urls(self) -> list:
        preview = self.admin_site.admin_view(self.preview)
        return [
            path("<int:pk>/preview/", preview, name="news_template_preview"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words as typed, on a sample case; nothing is kept."""
        template = get_object_or_404(Template, pk=pk)
        if not self.has_view_permission(request, template):
            return redirect("admin:index")
        form = TemplateForm(request.POST or None, instance=template)
        valid = form.is_valid() if form.is_bound else True
        shown = rendered(template, wording.sample(template.language)) if valid else {}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Preview"),
            "template": template,
            "form": form,
            "shown": shown,
            "parts": wording.parts(shown["body"])
            if shown and template.channel == Channel.SMS
            else 0,
        }
        return TemplateResponse(request, "admin/news/template/preview.html", context)


@admin.register(Message)
class MessageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["case", "created_at", "what", "channel", "to", "state", "attempts", "error"]
    list_filter = ["state", "channel"]
    search_fields = ["to", "case__number"]
    list_select_related = ["case"]
    # The customer's code in the text is for the customer alone.
    exclude = ["body"]
    readonly_fields = ["shown"]
    show_full_result_count = False


@admin.register(OptOut)
class OptOutAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["address", "since", "how", "noted_by"]
    search_fields = ["address"]
    list_select_related = ["noted_by"]
