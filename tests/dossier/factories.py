"""Dossiers as the worker makes them, without its process."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from accounts.roles import Role
from dossier import archive, services
from dossier.models import Dossier
from tests.factories import person
from workflow.models import Case


def asked(case: Case, *, by=None, language: str = "en") -> Dossier:
    """A dossier that the worker owes."""
    return services.ask(case, by=by or person(Role.SUPERVISOR), language=language)


def made(case: Case, **options) -> Dossier:
    """A dossier as the worker leaves it."""
    found = asked(case, **options)
    with archive.written(found) as (file, events, head):
        assert services.keep(found, file, events=events, head=head)
    return Dossier.objects.get(pk=found.pk)


def short(case: Case) -> Dossier:
    """A dossier whose bytes are nobody's business: only its addresses are."""
    found = asked(case)
    content = BytesIO()
    with ZipFile(content, "w") as file:
        file.writestr("dossier.pdf", b"%PDF-1.7 nothing")
    services.keep(found, archive.File(content), events=1, head="0" * 64)
    return Dossier.objects.get(pk=found.pk)


def unpacked(dossier: Dossier, folder: Path) -> Path:
    """The dossier as its receiver has it."""
    with dossier.file.open("rb") as file, ZipFile(file) as found:
        found.extractall(folder)
    return folder
