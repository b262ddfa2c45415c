"""The one way to a case from an address: not yours is 404, and a POST locks the case first."""

from __future__ import annotations

from django.db.models import Subquery
from django.http import Http404, HttpRequest

from workflow.models import Case, Edition, Step


def get_case_or_404(request: HttpRequest, number: str) -> Case:
    """The case as this person may see it, with its steps; locked for the request when something is
    to be written.
    """
    if not number.isprintable():  # a NUL is more than the database wants to be asked for
        raise Http404
    cases = Case.objects.visible_to(request.user)
    if request.method == "POST":
        locked = (
            cases.select_for_update(of=("self",))
            .filter(number=number)
            .values_list("pk", flat=True)
            .first()
        )
        cases = cases.filter(pk=locked)
    steps = list(
        Step.objects.filter(case__in=cases.filter(number=number))
        .select_related("owner", "case__unit", "case__owner")
        .annotate(edition=Subquery(Edition.objects.values("token")[:1]))
    )
    if not steps:
        raise Http404
    case = steps[0].case
    case.all_steps, case.edition = case.in_order(steps), steps[0].edition
    return case


def get_step_or_404(request: HttpRequest, number: str, kind: str) -> Step:
    """The latest round of a link of the case; `?round=2` asks for an earlier one."""
    case = get_case_or_404(request, number)
    step = case.step(kind)
    asked = request.GET.get("round", "")
    if asked.isdigit() and len(asked) < 4:
        step = next((s for s in case.all_steps if s.kind == kind and s.round == int(asked)), None)
    if step is None:
        raise Http404
    return step
