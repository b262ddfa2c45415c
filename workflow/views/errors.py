"""When everything else fails: pages that need nothing."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.middleware.csrf import get_token
from django.template.loader import get_template

from accounts import typed

AGAIN_AFTER = 5  # seconds


def server_error(request: HttpRequest) -> HttpResponse:
    """Say in both languages that it was not the reader's fault.

    Called while the error is handled: where the database is away, or a lock or a statement took
    longer than its limit, nothing is broken, and what was typed can be sent once more.
    """
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return _busy(request)
    return HttpResponseServerError(get_template("500.html").render())


def _busy(request: HttpRequest) -> HttpResponse:
    context = {
        "typed": typed.of(request),
        "token": get_token(request),
        "mark": request.POST.get("writer", ""),
        "once": request.POST.get("once", ""),
    }
    page = get_template("503.html").render(context)
    return HttpResponse(page, status=503, headers={"Retry-After": AGAIN_AFTER})
