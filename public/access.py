"""The one way to a case without an account: its number and its code, remembered for the session.

A page of a case that was not opened by its code looks the same whether there is such a case or
not, and costs the same work.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User, at_work
from accounts.roles import Role
from applications.models import Contact, TrackingCode
from public.forms import CodeForm
from workflow.models import Case, Edition

# In the session: the code by which each case was opened. A code that is revoked opens no page more.
OPENED = "tracking"
SEVERAL = 20


def public_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page for everybody: no login, kept by no cache, listed by no search engine."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


def customer_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of one case, which the view is given by its code; strangers are asked for the code."""

    @public_page
    @wraps(view)
    def guarded(request: HttpRequest, number: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        code = opened(request, number)
        return view(request, code, *args, **kwargs) if code else shut(request, number)

    return guarded


def shut(request: HttpRequest, number: str) -> HttpResponse:
    """The question for number and code, where a page of a case was asked for without them."""
    form = CodeForm(initial={"number": number[:20]})
    return render(request, "public/door.html", {"form": form, "shut": True}, status=404)


def opened(request: HttpRequest, number: str) -> TrackingCode | None:
    """The code by which this browser opened the case, if it still holds.

    The case is locked for the request when something is to be written.
    """
    code = request.session.get(OPENED, {}).get(number)
    if code is None:
        return None
    if request.method == "POST":
        Case.objects.select_for_update(of=("self",)).filter(number=number).first()
    return find(number, code)


def find(number: str, code: str) -> TrackingCode | None:
    """The code of a case, with what the page says of the office; one query."""
    return with_office(
        TrackingCode.objects.filter(code=code, case__number=number, revoked_at=None)
    ).first()


def with_office(codes: QuerySet[TrackingCode]) -> QuerySet[TrackingCode]:
    """With unit and accountable person, `deputy` (who stands in: the nearest supervisor), the
    news last promised, and the edition of limits and calendar.
    """
    unit = OuterRef("case__unit")
    deputies = User.objects.filter(
        Q(unit=unit) | Q(unit=OuterRef("case__unit__parent")),
        at_work(timezone.localdate()),
        groups__name=Role.SUPERVISOR,
    ).order_by("-unit__path", "pk")
    promises = Contact.objects.filter(case=OuterRef("case"), promised_on__isnull=False)
    beside: dict[str, Any] = {
        "deputy": Subquery(deputies.values("name")[:1]),
        "promised_on": Subquery(promises.order_by("-at", "-pk").values("promised_on")[:1]),
        "edition": Subquery(Edition.objects.values("token")[:1]),
    }
    return codes.select_related("case__unit", "case__owner").annotate(**beside)


def remember(request: HttpRequest, code: TrackingCode) -> None:
    """This browser opened the case; the latest cases are kept, under a key nobody knew before."""
    if not request.user.is_authenticated:
        request.session.cycle_key()
    kept = request.session.get(OPENED, {})
    kept.pop(code.case.number, None)
    kept[code.case.number] = code.code
    request.session[OPENED] = dict(list(kept.items())[-SEVERAL:])
