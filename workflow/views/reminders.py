"""My reminders: what the ladder told me, unread first."""

from __future__ import annotations

from importlib import import_module

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflow import clocks, ladder, mailing, paging
from workflow import reminders as told
from workflow.models import Notice, Reminder
from workflow.queue import label


def reminders(request: HttpRequest) -> HttpResponse:
    """The notices of the person signed in; acknowledged one by one or all at once."""
    if request.method == "POST":
        return _acknowledge(request)
    mine = Notice.objects.filter(user=request.user)
    everything = request.GET.get("show") == "all"
    shown = mine if everything else mine.unread()
    page = paging.by_newest(
        shown.select_related("reminder__case", "reminder__step__owner"), request.GET
    )
    with clocks.one_edition():
        context = {
            "page": page,
            "rows": [(notice, *_words(notice.reminder)) for notice in page.rows],
            "everything": everything,
            "unread": mine.unread().count(),
            "today": timezone.localdate(),
            "undelivered": mailing.undelivered(request.user, timezone.now())
            if request.user.steers
            else [],
            # Rooms to the right are found by name.
            "follow_ups": import_module("metering.panel").follow_ups(request.user),
        }
        return render(request, "workflow/reminders.html", context)


def _words(reminder: Reminder) -> tuple[str, str, str]:
    """The chip of a reminder (class, words) and what it is about."""
    offset = ladder.rung(reminder.level).offset
    what = label(reminder.step) if reminder.step else "–"
    if offset < 0:
        return "soon", _("%(n)s wd before") % {"n": -offset}, what
    if offset == 0:
        return "soon", _("Due"), what
    late = ngettext("%(n)s wd late", "%(n)s wd late", offset) % {"n": offset}
    return "late" if offset >= 3 else "late1", late, what


def _acknowledge(request: HttpRequest) -> HttpResponse:
    if "all" in request.POST:
        seen = told.acknowledge_all(by=request.user)
    else:
        asked = [paging.whole_number(pk) for pk in request.POST.getlist("notice")]
        seen = told.acknowledge([pk for pk in asked if pk is not None], by=request.user)
    if seen:
        said = ngettext("%(n)s reminder acknowledged.", "%(n)s reminders acknowledged.", seen)
        messages.success(request, said % {"n": seen})
    return redirect("workflow:reminders")
