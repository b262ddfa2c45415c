"""A form counts once, however often its button is pressed.

Every form bears a number of its own (accounts/templatetags/writer.py). The first of several presses
notes it, and what the form said, in the transaction of what it does; the others wait for that one,
do nothing, and lead where it led. A form that says something else, on a page gone back to, is
another one. A form that was refused counts for nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Sent

FIELD = "once"
KEPT = timedelta(days=2)
View = Callable[..., HttpResponse]


class Once:
    """Middleware, the innermost: what it calls is the view itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if hasattr(view, "_non_atomic_requests"):  # no form: it reads the body by itself
            return None
        token = _token(request)
        if token is None:
            return None
        noted = False
        try:
            with transaction.atomic():
                sent = Sent.objects.create(token=token)
                noted = True
                response = view(request, *args, **kwargs)
                if isinstance(response, HttpResponseRedirectBase) and not _is_refusal(request):
                    sent.to = response.url
                    sent.save(update_fields=["to"])
                else:
                    sent.delete()
                return response
        except Exception as error:
            if isinstance(error, IntegrityError) and not noted:
                return _again(request, token)
            # Django asks `process_exception` about a view that it has called; this one was not.
            if answer := request.answer_refusal(request, error):
                return answer
            raise


def _is_refusal(request: HttpRequest) -> bool:
    """The view says by a message, not by its page, that it did nothing."""
    said = messages.get_messages(request)
    return any(message.level >= messages.ERROR for message in said._queued_messages)


def _token(request: HttpRequest) -> uuid.UUID | None:
    """What stands for the form and what it said, where it is to count once.

    Not where the answer begins a session: only the browser's last press would get its cookie.
    """
    if request.method != "POST" or request.htmx or FIELD not in request.POST:
        return None
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    if request.resolver_match and request.resolver_match.app_name == "accounts":
        return None
    try:
        number = uuid.UUID(hex=request.POST[FIELD])
    except ValueError:
        return None
    return uuid.uuid5(number, json.dumps([_said(request.POST), _files(request)]))


def _said(data: QueryDict) -> list:
    return sorted(pair for pair in data.lists() if pair[0] != "csrfmiddlewaretoken")


def _files(request: HttpRequest) -> list:
    several = sorted(request.FILES.lists())
    return [(name, file.name, file.size) for name, files in several for file in files]


def _again(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Where the first press led."""
    messages.info(request, _("This was received already; it counts once."))
    return redirect(Sent.objects.values_list("to", flat=True).get(token=token) or request.path)


def clear() -> int:
    """Forget the numbers of forms whose pages nobody has open any more."""
    return Sent.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]
