"""Files as they come in: judged by their content, never by their ending."""

from documents.files.checked import Checked, Taken, clean_name
from documents.files.pictures import is_bare_jpeg, without_metadata
from documents.files.uploads import bare, validate_upload

__all__ = [
    "Checked",
    "Taken",
    "bare",
    "clean_name",
    "is_bare_jpeg",
    "validate_upload",
    "without_metadata",
]
