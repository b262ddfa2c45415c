"""How a refusal that no page caught reaches the person: one page with the reason, and the way back.

Yours, but not now: 409 to an act, 404 to a look. Not for you: 403. Not your case: Django's 404.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from workflow import walls
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import leave

logger = logging.getLogger(__name__)


class NotNow(Http404):
    """The case does not allow it as it is now; bears the reason in the user's language."""


def refuse(step: Step, hindrances: Sequence[str]) -> NoReturn:
    """Answer a sheet that is handed in and not taken: because of the person, or of its step."""
    if hindrances:
        raise PermissionDenied(" ".join(hindrances))
    raise NotNow(_("%(step)s is not open.") % {"step": step.get_kind_display()})


class Refusals:
    """The middleware: what the rooms, the doors and the database refuse is answered in words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.answer_refusal = self.process_exception
        try:
            return self.get_response(request)
        finally:
            leave()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page; None where it is no refusal."""
        reasons = _reasons(request, error)
        if not reasons:
            return None
        context = {"reasons": reasons, "number": _number(request)}
        look = isinstance(error, Http404) and request.method != "POST"
        return render(request, "409.html", context, status=404 if look else 409)


def _reasons(request: HttpRequest, error: Exception) -> list[str]:
    if isinstance(error, Refused):
        return error.messages
    if isinstance(error, NotNow):
        return [str(error)]
    if isinstance(error, Http404) and _number(request):
        return [_("This is not there any more. Look at the case again.")]
    if isinstance(error, IntegrityError):
        logger.warning("The database refused: %s", error)
        return [reason_of(error)]
    return []


def _number(request: HttpRequest) -> str:
    """The number of the case that the address speaks of; empty where this person has none there."""
    match = request.resolver_match
    if match is None or not match.route.startswith("cases/") or request.user.is_anonymous:
        return ""
    number = match.kwargs["number"]
    seen = number.isprintable() and Case.objects.visible_to(request.user).filter(number=number)
    return number if seen and seen.exists() else ""


def reason_of(error: IntegrityError) -> str:
    """What the database said, in the user's language: by its wall, or by the model's constraint."""
    said = str(error)
    for wall in walls.every():
        if wall.message in said:
            return _(wall.message)
    for constraint in (each for model in apps.get_models() for each in model._meta.constraints):
        own = constraint.violation_error_message != constraint.default_violation_error_message
        if own and re.search(rf"\b{re.escape(constraint.name)}\b", said):
            return str(constraint.violation_error_message)
    return _("It contradicts what is on record already. Look at the case again.")
