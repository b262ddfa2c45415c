"""What was typed on a page whose session or token was no longer valid.

It travels sealed in the browser's own page, from the refused request through the login to a page
where its writer sends it on by pressing a button; the server keeps nothing of it. Only what came
from one of our own pages is carried: another site can put no words in anybody's mouth. Every form
bears the mark of the person whose page it is (accounts/templatetags/writer.py): whoever logs in
next at the same computer is shown nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import demo

SALT = "accounts.typed"
MARK = signing.Signer(salt="accounts.writer")
LIMIT = 500_000  # characters, sealed
# Ours, not the writer's.
MACHINE = ("csrfmiddlewaretoken", "token", "kept")
UNSENT = ("csrfmiddlewaretoken", "writer", "once")
FORMSET = ("-TOTAL_FORMS", "-INITIAL_FORMS", "-MIN_NUM_FORMS", "-MAX_NUM_FORMS")


@dataclass(frozen=True)
class Typed:
    """A form as it was sent: where to, its fields in order, the names of its files, and whose page
    it was sent from (the id of a user; None for a page open to all).
    """

    path: str
    fields: list[list[str]]
    files: list[str]
    writer: int | None = None

    @property
    def words(self) -> list[str]:
        """What a person would know again of it."""
        return [
            value
            for name, value in self.fields
            if value.strip() and name not in MACHINE and not name.endswith(FORMSET)
        ]

    @property
    def sealed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def mark(user_id: int) -> str:
    """What a form says of whose page it is."""
    return MARK.sign(str(user_id))


def _marked(text: str) -> int | None:
    try:
        return int(MARK.unsign(text))
    except signing.BadSignature:
        return None


def of(request: HttpRequest) -> Typed | None:
    """What this request brings, or brings along; None if it is not from a page of ours."""
    if request.method != "POST" or not _from_here(request):
        return None
    if "typed" in request.POST:
        return unsealed(request.POST["typed"])
    if request.resolver_match and request.resolver_match.app_name == "accounts":
        return None
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        for value in values
        if name not in UNSENT
        and "password" not in name
        # Files are not carried: what the browser keeps of this sheet is not done with yet.
        and not (name == "kept" and request.FILES)
    ]
    files = [file.name for _name, several in request.FILES.lists() for file in several]
    writer = _marked(request.POST.get("writer", ""))
    found = Typed(request.get_full_path(), fields, files, writer)
    return found if len(found.sealed) <= LIMIT else None


def unsealed(text: str) -> Typed | None:
    """What we sealed ourselves within the last working day; None for anything else."""
    try:
        found = Typed(**signing.loads(text, salt=SALT, max_age=settings.SESSION_COOKIE_AGE))
    except signing.BadSignature:
        return None
    return found if url_has_allowed_host_and_scheme(found.path, None) else None


def _from_here(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    return urlsplit(origin).netloc == request.get_host()


def ask_who(request: HttpRequest, typed: Typed, status: int) -> HttpResponse:
    """The login, which brings along what was typed."""
    context = {"form": AuthenticationForm(request), "typed": typed, **demo.shown()}
    return render(request, "registration/login.html", context, status=status)


def send_on(request: HttpRequest, typed: Typed, status: int = 200) -> HttpResponse:
    """The page on which a person sends on what they had typed."""
    return render(request, "registration/send_on.html", {"typed": typed}, status=status)


class LoginRequired(LoginRequiredMiddleware):
    """Sends strangers to the login, and what they had typed along with them."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable) -> HttpResponse:
        if request.method == "POST" and request.htmx:
            # htmx swaps nothing in then: the page stays as it is, with what is typed on it.
            return HttpResponse(status=401)
        typed = of(request)
        return (
            ask_who(request, typed, 401)
            if typed
            else super().handle_no_permission(request, view_func)
        )
