"""The only writer of dossiers: asked for, made, removed after a month."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.roles import STEERING, Role
from documents.services import store
from dossier.models import Dossier
from dossier.tasks import make
from workflow import moves
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

MADE = verb("dossier_made", gettext_lazy("Complaint dossier made"))
ROLES = (*sorted(STEERING, reverse=True), Role.AUDITOR)
KEPT_FOR = timedelta(days=30)
# Bytes younger than this may belong to a worker that has not finished.
SETTLED = timedelta(days=1)


@act
def ask(case: Case, *, by: User, language: str) -> Dossier:
    """Ask for the dossier of a case; who asks again while it is being made gets the same one."""
    moves.demand_role(case, by, *ROLES)
    found = Dossier.objects.unmade().filter(case=case, asked_by=by).first()
    if found and not found.is_late:
        return found
    asked = found or Dossier(case=case, asked_by=by)
    asked.language, asked.asked_at = language, timezone.now()
    asked.save()

    def send() -> None:
        make.delay(asked.pk)

    # Robust: with the broker away the row stands, and `make_missing` sends it later.
    transaction.on_commit(send, robust=True)
    return asked


@act
def keep(dossier: Dossier, file: File, *, events: int, head: str) -> bool:
    """Store a made dossier and write its checksum into the history of the case.

    `events` are how many events of the case it holds, `head` is the hash of the last of them. One
    that was made before keeps its bytes.
    """
    found = Dossier.objects.select_for_update(of=("self",)).filter(pk=dossier.pk).first()
    if found is None or found.made_at:
        return False
    file.seek(0)
    found.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    found.size, found.event_count, found.head = file.size, events, head
    found.made_at = timezone.now()
    found.file.name = store(found.file.field.upload_to(found, ""), file)
    found.save(update_fields=["sha256", "size", "event_count", "head", "made_at", "file"])
    number = dossier.number
    moves.record(
        dossier.case,
        MADE,
        by=found.asked_by,
        note=lambda: f"{number}: SHA-256 {found.sha256[:12]}",
        sha256=found.sha256,
        events=events,
    )
    return True


def clear() -> int:
    """Remove the dossiers of more than a month ago, then the bytes that no dossier names."""
    removed, _rows = Dossier.objects.filter(asked_at__lt=timezone.now() - KEPT_FOR).delete()
    named = set(Dossier.objects.values_list("file", flat=True))
    for path in _stored():
        old = default_storage.get_modified_time(path) < timezone.now() - SETTLED
        if old and path not in named:
            default_storage.delete(path)
    return removed


def _stored() -> list[str]:
    """The path of every stored dossier, also of those that a killed worker left behind."""
    if not default_storage.exists(Dossier.FOLDER):
        return []
    folders, _files = default_storage.listdir(Dossier.FOLDER)
    return [
        f"{Dossier.FOLDER}/{folder}/{name}"
        for folder in folders
        for name in default_storage.listdir(f"{Dossier.FOLDER}/{folder}")[1]
    ]
