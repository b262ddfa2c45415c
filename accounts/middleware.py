"""What holds for every page: its language, who may keep it, and whether typing has arrived."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


def user_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The language of a page: the signed-in person's, else the cookie's, else the browser's."""
    known = dict(settings.LANGUAGES)

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = request.user.language if request.user.is_authenticated else None
        chosen = chosen or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen not in known:
            chosen = translation.get_language_from_request(request)
        with translation.override(chosen):
            request.LANGUAGE_CODE = translation.get_language()
            response = get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response

    return middleware


def kept_by_nobody(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """What a signed-in person is shown stays in no cache, where the next one would find it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


SAVED = "jiedian_saved"
KEPT = re.compile(r"[0-9a-f]{32}")
MOST = 20


def tells_what_it_took(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Tell the browser which of the sheets that it keeps (static/kept.js) the server has now.

    A sheet that was taken is answered by a redirect, one that was not by its own page.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if (
            request.method == "POST"
            and response.status_code == 302
            and request.user.is_authenticated
        ):
            kept = request.POST.get("kept", "")
            if KEPT.fullmatch(kept):
                earlier = KEPT.findall(request.COOKIES.get(SAVED, ""))[-MOST:]
                response.set_cookie(
                    SAVED,
                    ".".join([*earlier, kept]),
                    secure=settings.SESSION_COOKIE_SECURE,
                    samesite="Lax",
                )
        return response

    return middleware
