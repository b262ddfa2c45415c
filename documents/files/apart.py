"""A large picture is read in a process of its own: the memory it takes is gone with it, and what
would end a process ends that one.
"""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PATIENCE = 20  # seconds
MEMORY = 2 * 2**30  # bytes of address space


def call(task: str, *args: Any) -> Any:
    """What a function of documents.files.pictures returns there, or raises: ValidationError."""
    try:
        done = subprocess.run(  # noqa: S603 ourselves
            [sys.executable, "-c", f"from {__name__} import answer; answer()"],
            cwd=settings.BASE_DIR,
            input=pickle.dumps((MEMORY, task, args)),
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=True,
        )
    except subprocess.SubprocessError as error:
        text = _("The picture is too large to be read here. Send it smaller.")
        raise ValidationError(text) from error
    is_refused, found = pickle.loads(done.stdout)  # noqa: S301 our own process
    if is_refused:
        raise found
    return found


def answer() -> None:
    """The other side: do the task, and say what came of it."""
    memory, task, args = pickle.load(sys.stdin.buffer)  # noqa: S301 our own process
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from documents.files import pictures

    try:
        answer = False, getattr(pictures, task)(*args)
    except ValidationError as refusal:
        answer = True, refusal
    sys.stdout.buffer.write(pickle.dumps(answer))
