"""Buttons beside the messages of a case: send again, the customer wants none."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from applications.services import may_note
from news import services
from news.models import Channel, Message
from workflow.access import get_case_or_404
from workflow.guards import Refused


@require_POST
def again(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """A message that did not arrive is sent once more."""
    case = get_case_or_404(request, number)
    if not may_note(case, request.user):
        raise PermissionDenied
    message = get_object_or_404(Message, pk=pk, case=case)
    try:
        services.resend(message, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("The message is on its way again."))
    return redirect("applications:contact", number)


@require_POST
def wanted(request: HttpRequest, number: str) -> HttpResponse:
    """The customer wants no messages by a channel, or wants them again."""
    case = get_case_or_404(request, number)
    if not may_note(case, request.user):
        raise PermissionDenied
    channel = request.POST.get("channel", "")
    if channel not in Channel.values:
        raise Http404
    try:
        services.want(case, channel, "again" in request.POST, by=request.user)
    except Refused as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, _("Noted."))
    return redirect("applications:contact", number)
