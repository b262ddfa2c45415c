"""The one way to a case from an address: not yours is 404, and a POST locks the case first.

And the one place that knows for whom an address opens, before anybody follows it.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.db.models import Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from accounts.models import User
from workflow.models import Case, Edition, Step
from workflow.moves.unit_of_work import bring
from workflow.paging import whole_number
from workflow.process import Kind
from workflow.refusals import NotNow

Page = Callable[..., HttpResponse]


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
    if request.method == "POST":
        bring(case)
    return case


def get_step_or_404(request: HttpRequest, number: str, kind: str) -> Step:
    """The latest round of a link of the case; `?round=2` asks for an earlier one."""
    case = get_case_or_404(request, number)
    step = case.step(kind)
    asked = whole_number(request.GET.get("round", ""))
    if asked is not None:
        step = next((s for s in case.all_steps if s.kind == kind and s.round == asked), None)
    if step is None:
        raise NotNow(_("%(step)s: this case has no such step.") % {"step": Kind(kind).label})
    return step


def opens_for(may: Callable[[Case, User], bool]) -> Callable[[Page], Page]:
    """Mark a page under a case with the rule by which it refuses people; links to it ask the same.

    A page without a mark opens for everybody who sees the case.
    """

    def mark(view: Page) -> Page:
        view.opens_for = may  # type: ignore[attr-defined]
        return view

    return mark


def opens(address: str, case: Case, user: User) -> bool:
    """Whether the page of this address, of the case or of the admin, lets the person in."""
    try:
        view = resolve(urlsplit(address).path).func
    except Resolver404:
        return False
    if admin := getattr(view, "model_admin", None):
        return user.is_staff and user.has_perm(
            f"{admin.opts.app_label}.view_{admin.opts.model_name}"
        )
    may = getattr(view, "opens_for", None)
    return may is None or may(case, user)
