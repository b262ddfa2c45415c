"""The paper of a dossier, to be read from the first page to the last by somebody outside."""

from __future__ import annotations

from collections.abc import Collection
from importlib import import_module
from typing import Any

from django.apps import apps
from django.template.loader import render_to_string
from django.utils.module_loading import module_has_submodule

from documents.letterhead import letterhead
from documents.models import Paper
from documents.pdf import to_pdf
from dossier.contents import Contents
from dossier.models import Dossier
from fees.paper import capitals


def name_verbs() -> None:
    """Each room names its verbs where it does them; a worker may not have been in every room."""
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "steps"):
            import_module(f"{app.name}.services")


def render(dossier: Dossier, found: Contents, missing: Collection[str] = ()) -> bytes:
    """The bytes of the paper, in the language that is switched on."""
    return to_pdf(html(dossier, found, missing))


def html(dossier: Dossier, found: Contents, missing: Collection[str] = ()) -> str:
    """The paper as HTML; `missing` are paths of files that are gone from the store."""
    name_verbs()
    return render_to_string("dossier/paper.html", context(dossier, found, missing))


def context(dossier: Dossier, found: Contents, missing: Collection[str]) -> dict[str, Any]:
    """What the template shows."""
    return {
        "paper": dossier,
        "case": found.case,
        "letterhead": letterhead(found.case.unit),
        "found": found,
        "issued": [(paper, path_of(paper)) for paper in found.papers],
        "received": [(file, found.event_of(file.sha256)) for file in found.received],
        "missing": missing,
        "bills": [(bill, capitals(bill.total)) for bill in found.bills],
    }


def path_of(paper: Paper) -> str:
    """Where a paper issued lies in the dossier."""
    return f"papers/{paper.number}-{paper.language}.pdf"
