"""What comes in with one form is bounded while it is read: no file fills the disk.

A file that is too large by itself, or together with those before it, is not kept; what it was
stays, so that `validate_upload` refuses this one file at its field with the reason. The rest of the
form is read as ever.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class Unread(UploadedFile):
    """A file whose bytes were not kept; `together` where it was too large with the others only."""

    together = False


class BoundedUpload(FileUploadHandler):
    """The first of FILE_UPLOAD_HANDLERS: passes on to the others what may be kept."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.kept = 0  # bytes of the files before this one

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.read = 0

    @property
    def alone(self) -> bool:
        """Too large by itself."""
        return self.read > settings.UPLOAD_LIMIT

    @property
    def together(self) -> bool:
        return self.kept + self.read > settings.UPLOADS_LIMIT

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.read += len(raw_data)
        return None if self.alone or self.together else raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if not (self.alone or self.together):
            self.kept += file_size
            return None
        for other in self.request.upload_handlers:  # what they had of it goes
            if started := getattr(other, "file", None):
                started.close()
        unread = Unread(BytesIO(), self.file_name, self.content_type, file_size, self.charset)
        unread.together = not self.alone
        return unread
