"""The only writer of applications begun on the web: kept page by page, sent once, forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import applications.services
import documents.services
from applications.models.code import LENGTH, SIGNS
from documents.files import Checked, bare
from documents.models import Requirement
from public import pages
from public.models import Draft, DraftFile
from public.services import barred_until, note_guess, place_of
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act

KEPT = timedelta(days=30)
# Applications begun from one address within an hour: a family, an estate office, not a machine.
BEGUN_AT_MOST = 30
# Longer than any column; what is longer still is no answer to a question.
LONGEST = 2000


@act
def begin(address: str, language: str) -> Draft:
    """An empty application with its code. Raises Refused for too many from one address."""
    now, place = timezone.now(), place_of(address)
    begun = Draft.objects.filter(address=place, begun_at__gt=now - timedelta(hours=1))
    if begun.count() >= BEGUN_AT_MOST:
        raise Refused(_("Too many applications were begun from here. Try again in an hour."))
    return Draft.objects.create(language=language, address=place, begun_at=now, saved_at=now)


@act
def keep(draft: Draft, answers: Mapping[str, str], *, language: str) -> Draft:
    """Keep what was answered on a page, right or wrong; a sent application stays as it was sent.

    A NUL, which no database keeps, is left out.
    """
    draft = _locked(draft)
    kept = {name: value.replace("\0", "")[:LONGEST] for name, value in answers.items()}
    draft.typed = draft.typed | kept
    draft.saved_at, draft.language = timezone.now(), language
    draft.save(update_fields=["typed", "saved_at", "language"])
    return draft


@act
def keep_file(draft: Draft, paper: Requirement, file: Checked) -> DraftFile:
    """Keep the picture of a paper as it was sent: the case will show it without what it says of
    place and device. A newer one replaces it. Raises Refused when it is damaged.
    """
    draft = _locked(draft)
    try:
        bare(file)
    except ValidationError as error:
        raise Refused(error.messages) from error
    drop_file(draft, paper.code)
    kept = DraftFile(
        draft=draft,
        requirement=paper.code,
        original_name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
    )
    path = kept.file.field.upload_to(kept, file.name)
    kept.file.name = documents.services.store(path, file.content)
    kept.save(force_insert=True)
    Draft.objects.filter(pk=draft.pk).update(saved_at=timezone.now())
    return kept


@act
def drop_file(draft: Draft, code: str) -> None:
    """The picture of a paper is taken back."""
    _forget(draft.files.filter(requirement=code))


@act
def send(draft: Draft) -> Case:
    """The application becomes a case that waits for a clerk; sent again, it is the same case.

    Raises Refused with what is missing or wrong, by the same rules as at the counter.
    """
    draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.case:
        return draft.case
    form = pages.read(draft.typed)
    files = {file.requirement: file for file in draft.files.all()}
    if lacking := shortcomings(form, files):
        raise Refused(lacking)
    sheet = form.instance
    sheet.language = draft.language
    wanted = {paper.code for paper in pages.papers_for(form)}
    checked = {code: _read(file) for code, file in files.items() if code in wanted}
    draft.case = applications.services.hand_in(
        sheet, pages.rows_of(form), unit=form.cleaned_data["unit"], files=checked
    )
    draft.typed = {}
    draft.save(update_fields=["case", "typed"])
    _forget(draft.files.all())
    return draft.case


def shortcomings(form: pages.PublicForm, files: Mapping[str, DraftFile]) -> list[str]:
    """Everything that keeps the application from being sent, in words."""
    found = [
        f"{form.fields[name].label}: {errors[0]}" if name in form.fields else errors[0]
        for name, errors in form.errors.items()
    ]
    if not form.equipment.is_valid():
        found.append(_("The list of appliances is not right yet."))
    for paper in pages.papers_for(form):
        if paper.needed_to_start and paper.code not in files:
            found.append(_("%(paper)s: a photo is enough to begin.") % {"paper": paper.label})
    return found


def clear() -> int:
    """Delete what was never sent and not touched for 30 days; returns how many."""
    old = Draft.objects.filter(case=None, saved_at__lt=timezone.now() - KEPT)
    gone = 0
    for draft in old.order_by("pk")[:500]:
        with transaction.atomic():
            found = Draft.objects.select_for_update(skip_locked=True).filter(pk=draft.pk, case=None)
            if not found:
                continue
            _forget(draft.files.all())
            draft.delete()
            gone += 1
    return gone


def _locked(draft: Draft) -> Draft:
    """The draft as it is now, until the transaction ends. Raises Refused once it is sent."""
    draft = Draft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.case_id:
        raise Refused(_("This application is sent: a clerk has it now."))
    return draft


def _read(file: DraftFile) -> Checked:
    with file.file.open("rb") as kept:
        return Checked(kept.read(), file.content_type, file.original_name)


def _forget(files) -> None:
    """Delete rows, and once that stands the bytes that no other draft has."""
    paths = {file.file.name for file in files}
    files.delete()

    def sweep() -> None:
        for path in paths - set(
            DraftFile.objects.filter(file__in=paths).values_list("file", flat=True)
        ):
            default_storage.delete(path)

    transaction.on_commit(sweep)


# The code that leads back ------------------------------------------------------------------------


def resume(code: str, address: str) -> Draft | None:
    """The application of a code, or None for a wrong one; after too many of these, none is heard.

    Raises Refused for who has to wait.
    """
    if barred_until(address):
        raise Refused(_("Too many wrong codes. Try again in 15 minutes."))
    said = "".join(sign for sign in code.upper() if sign in SIGNS)
    draft = Draft.objects.filter(code=said).first() if len(said) == LENGTH else None
    if draft is None:
        note_guess(address)
    return draft
