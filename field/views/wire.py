"""What the tablet sends: envelopes, pieces of files, questions how far a record has come.

Nothing here is one transaction with its request: what has arrived stays, whatever becomes of what
is done with it afterwards. Each step has its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from field import envelope, services
from field.models import Record, RecordFile
from workflow.guards import Refused
from workflow.models import Step

STATUS = {services.Clash: 409, services.Missing: 404, services.TooMuch: 413}


def answering(view: Callable[..., JsonResponse]) -> Callable[..., JsonResponse]:
    """Refusals as JSON, in words."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        try:
            return view(request, *args, **kwargs)
        except envelope.Malformed as error:
            return JsonResponse({"error": error.text}, status=error.status)
        except Refused as refusal:
            text = " ".join(refusal.messages)
            return JsonResponse({"error": text}, status=STATUS.get(type(refusal), 422))
        except RequestDataTooBig:
            return JsonResponse({"error": _("This is too large for one message.")}, status=413)
        except Http404:
            return JsonResponse({"error": _("There is no such record of yours.")}, status=404)

    return wrapped


@transaction.non_atomic_requests
@require_POST
@answering
def receive(request: HttpRequest) -> JsonResponse:
    """An envelope arrives; the answer says which of its files the server holds."""
    found = services.receive(envelope.read(request.body, request.user), by=request.user)
    return _receipt(services.try_to_apply(found))


@transaction.non_atomic_requests
@answering
def receipt(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """How far a record has come; one that is whole goes onto its case at the latest now."""
    return _receipt(services.try_to_apply(_own(request, uuid)))


@transaction.non_atomic_requests
@require_POST
@answering
def chunk(request: HttpRequest, uuid: UUID, sha256: str) -> JsonResponse:
    """A piece of a file: raw bytes from `Upload-Offset` on; the answer says how far it has come."""
    found = _own(request, uuid)
    files = found.files.filter(sha256=sha256)
    file = files.filter(receipt_at=None).first() or files.first()
    if file is None:
        raise Http404
    start, content = _piece(request)
    try:
        file = services.take_chunk(file, start, content)
    except services.OutOfStep as error:
        return JsonResponse({"received": error.received}, status=409)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages), "received": 0}, status=422)
    if file.receipt_at is None:
        return JsonResponse({"received": file.received})
    return _receipt(services.try_to_apply(found))


def _piece(request: HttpRequest) -> tuple[int, bytes]:
    """Where a piece begins and what it is; raises Malformed."""
    start, length = request.headers.get("Upload-Offset", ""), request.headers.get("Content-Length")
    if not (start.isascii() and start.isdigit()) or len(start) > 9 or not (length or "").isdigit():
        raise envelope.Malformed(_("The piece does not say where it belongs."))
    if not 0 < int(length or 0) <= services.CHUNK:
        raise envelope.Malformed(_("A piece is at most 512 KB."), 413)
    # Not `request.body`: a request holds that until Python next looks for rings of objects.
    content = request.read(services.CHUNK)
    if len(content) != int(length or 0):
        raise envelope.Malformed(_("The piece was cut off on its way."))
    return int(start), content


def _own(request: HttpRequest, uuid: UUID) -> Record:
    return get_object_or_404(Record, uuid=uuid, author=request.user)


def _receipt(record: Record) -> JsonResponse:
    """What the server holds of a record, and what became of it."""
    files = list(RecordFile.objects.filter(record=record))
    # Of a file that stands in two fields the first is the one that is being received.
    by_sum = {file.sha256: file for file in reversed(files)}
    step = Step.objects.get(pk=record.step_id)
    return JsonResponse(
        {
            "uuid": str(record.uuid),
            "state": record.state,
            "label": record.get_state_display(),
            "held": sum(file.is_held for file in files),
            "of": len(files),
            "files": {
                sha256: "whole" if file.is_held else file.received
                for sha256, file in by_sum.items()
            },
            "errors": record.errors,
            "conflict": record.get_conflict_display(),
            "edition": step.sheet_edition,
            "url": record.get_absolute_url(),
            "now": timezone.now().isoformat(),
        }
    )
