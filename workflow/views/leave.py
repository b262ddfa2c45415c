"""Leave: who is away, from when to when, and who is given their work meanwhile."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import services
from accounts.models import Unit, User
from workflow import moves
from workflow.forms import LeaveForm


def leave(request: HttpRequest) -> HttpResponse:
    """The person's own leave; who steers finds here that of their people."""
    return _leave(request, get_object_or_404(User, pk=request.user.pk))


def leave_of(request: HttpRequest, pk: int) -> HttpResponse:
    """The leave of somebody of the offices that the reader steers."""
    if not request.user.steers:
        raise PermissionDenied
    return _leave(request, get_object_or_404(_people(request.user), pk=pk))


def _people(user: User):
    """The people of the person's own office and of those below it."""
    units = Unit.objects.under(user.unit)
    return User.objects.filter(is_active=True, unit__in=units).select_related("unit", "stand_in")


def _leave(request: HttpRequest, person: User) -> HttpResponse:
    form = LeaveForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        services.keep_leave(person)
        messages.success(request, _said(person, moves.pass_on_of(person, by=request.user)))
        return redirect(request.path)
    people = _people(request.user) if request.user.steers else User.objects.none()
    context = {
        "form": form,
        "person": person,
        "people": people.exclude(pk=person.pk).order_by("unit__path", "name"),
        "today": timezone.localdate(),
    }
    return render(request, "workflow/leave.html", context)


def _said(person: User, passed: list | None) -> str:
    if not person.away_from:
        return _("Kept: no leave.")
    if passed is None:
        return _("Kept. The open work is being passed on.")
    moved = len(passed)
    if not moved:
        return _("Kept. Open work is passed on when the first day begins.")
    return ngettext(
        "Kept. %(n)s step or case was passed on.",
        "Kept. %(n)s steps and cases were passed on.",
        moved,
    ) % {"n": moved}
