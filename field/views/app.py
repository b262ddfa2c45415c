"""What makes of the pages an app: the files all of them need, the worker, the manifest."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _

SHELL = (
    "vendor/tabler.min.css",
    "jiedian.css",
    "field/field.css",
    "icons.svg",
    "favicon.svg",
    *(f"vendor/{name}.js" for name in ("idb", "fflate", "signature_pad", "exifr")),
    *(
        f"field/{name}.js"
        for name in (
            *("store", "sync", "frame"),
            *("today", "rescue"),
            *("capture", "rules", "controls", "photos", "rows", "draft", "visit"),
        )
    ),
)


def shell() -> list[str]:
    """The addresses of the files that every page of the tablet needs."""
    return [static(name) for name in SHELL]


@login_not_required
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, served from its scope."""
    context = {
        "shell": shell(),
        "offline_title": _("Offline"),
        "offline_text": _("This page is not kept on the tablet. Try again with a signal."),
    }
    response = render(request, "field/sw.js", context, content_type="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@login_not_required
def manifest(request: HttpRequest) -> HttpResponse:
    """What a tablet needs to put the site on its home screen."""
    icons = [
        {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    ] + [
        {"src": static(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"}
        for size in (192, 512)
    ]
    told = {
        "name": _("Jiedian: today's visits"),
        "short_name": _("Jiedian"),
        "start_url": "/field/",
        "scope": "/field/",
        "display": "standalone",
        "background_color": "#17212c",
        "theme_color": "#17212c",
        "icons": icons,
    }
    return JsonResponse(
        told,
        content_type="application/manifest+json",
        json_dumps_params={"ensure_ascii": False},
    )
