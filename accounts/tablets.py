"""Who is signed in on a device, for pages kept on it: no secret, and no right comes of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse

COOKIE = "jiedian_user"
DAYS = 30  # longer than a session: who stands without a signal goes on working


def remember(response: HttpResponse, user: Any) -> None:
    """Pages kept on this device for others are not shown from now on."""
    response.set_cookie(
        COOKIE,
        str(user.pk),
        max_age=DAYS * 86400,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    """Nobody is signed in on this device."""
    response.delete_cookie(COOKIE, samesite="Lax")
