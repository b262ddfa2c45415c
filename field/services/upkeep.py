"""What goes on without anybody asking."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.storage import default_storage
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from field.models import Record, RecordFile
from field.services.applying import try_to_apply
from field.services.arrival import begin_again

KEEP_FILES = KEEP_PIECES = timedelta(days=30)
State, Settlement = Record.State, Record.Settlement


def catch_up() -> int:
    """Apply the records that became whole while nobody could: a worker was killed in between."""
    missing = RecordFile.objects.filter(record=OuterRef("pk"), receipt_at=None)
    whole = Record.objects.filter(~Exists(missing), state=State.ARRIVING)
    found = whole.order_by("received_at")[:200]
    return sum(try_to_apply(record).state != record.state for record in found)


def clear() -> int:
    """Delete the copies of pictures that the case has had for a month.

    What waits keeps its own, and so does what was left aside, not chosen or not taken over into
    a correction: of that there is no other copy.
    """
    before = timezone.now() - KEEP_FILES
    on_case = Q(record__state__in=[State.APPLIED, State.KEPT]) | Q(
        record__settled_how=Settlement.EVIDENCE
    )
    with_case = RecordFile.objects.filter(on_case, record__applied_at__lt=before)
    corrected = Q(Exists(with_case.filter(sha256=OuterRef("sha256"))), record__state=State.REPLACED)
    done = RecordFile.objects.filter(on_case & Q(record__applied_at__lt=before) | corrected)
    needed = RecordFile.objects.exclude(pk__in=done).values("path")
    paths = set(done.exclude(path="").exclude(path__in=needed).values_list("path", flat=True))
    for path in paths:
        default_storage.delete(path)
    done.filter(path__in=paths).update(path="", receipt_at=None, cleared=True)
    return len(paths)


def forget_pieces() -> int:
    """Forget the pieces of files that nobody has gone on with for a month.

    Their records stay; a tablet that comes back after all begins these files at 0.
    """
    before = timezone.now() - KEEP_PIECES
    begun = RecordFile.objects.annotate(last=Max("chunks__arrived_at"))
    left = list(begun.filter(receipt_at=None, last__lt=before))
    for file in left:
        begin_again(file)
    return len(left)
