"""The tablet's way in: today's visits, the sheets of a visit, and the records that come back."""

from field.views.app import manifest, shell, worker
from field.views.pages import today, visit
from field.views.records import picture, record, records
from field.views.wire import chunk, receipt, receive

__all__ = [
    "chunk",
    "manifest",
    "picture",
    "receipt",
    "receive",
    "record",
    "records",
    "shell",
    "today",
    "visit",
    "worker",
]
