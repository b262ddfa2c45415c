"""Find any case: open or closed, by number, name, phone, address or meter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from workflow import paging
from workflow.forms import SearchForm
from workflow.models import Case

COUNTED_TO = 1000


def search(request: HttpRequest) -> HttpResponse:
    """A number in full leads straight to its case; anything else lists what matches."""
    form = SearchForm(request.GET, user=request.user)
    chosen = form.chosen
    words = (chosen.get("q") or "").strip()
    cases = Case.objects.visible_to(request.user)
    if words and cases.filter(number=words).exists():
        return redirect("workflow:case", words)
    if words:
        cases = cases.matching(words)
    for column in ("state", "customer_class"):
        if chosen.get(column):
            cases = cases.filter(**{column: chosen[column]})
    if chosen.get("unit"):
        cases = cases.filter(unit__path__startswith=chosen["unit"])
    page = paging.by_newest(cases.select_related("unit", "owner"), request.GET)
    found = cases.order_by()[: COUNTED_TO + 1].count()
    context = {
        "form": form,
        "words": words,
        "page": page,
        "found": found,
        "many": found > COUNTED_TO,
        "limit": COUNTED_TO,
    }
    return render(request, "workflow/search.html", context)
