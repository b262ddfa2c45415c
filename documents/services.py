"""The only writer of documents: files received, debts settled, papers issued."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from accounts.models import User
from accounts.roles import STEERING
from documents import asking, checklist, rooms
from documents.files import Checked, Taken, bare
from documents.models import Attachment, Original, Paper, PaperItem, PaperKind, Requirement
from documents.tasks import render
from workflow import clocks, ladder, moves, words
from workflow.guards import Refused
from workflow.models import Case, Step, Subject
from workflow.moves.unit_of_work import act, current
from workflow.verbs import verb

RECEIVED = verb("paper_received", gettext_lazy("Paper received"))
PROMISED = verb("papers_promised", gettext_lazy("Papers still owed"), told=True)
HANDED_IN = verb("paper_handed_in", gettext_lazy("Paper sent by the customer, to be looked at"))
NOT_TAKEN = verb("paper_not_taken", gettext_lazy("Paper sent by the customer not taken"), told=True)
WAIVED = verb("paper_waived", gettext_lazy("Paper not needed"))
ATTACHED = verb("file_attached", gettext_lazy("File received"))
ISSUED = verb("paper_issued", gettext_lazy("Paper issued"))
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@act
def start_checklist(
    case: Case,
    *,
    received: Collection[str],
    by: User | None,
    without: Collection[str] = (),
    at: datetime | None = None,
) -> list[PaperItem]:
    """Write the checklist of a case at acceptance: what was handed in, and a dated debt for the
    rest.

    `received` are codes of Requirement; `without` are those that this case does not need (an
    agent's papers where there is no agent). What is owed goes to the customer as one numbered
    list. Raises Refused when a paper without which nothing may start is missing.
    """
    needed = checklist.requirements(
        customer_class=case.customer_class,
        business_type=case.business_type,
        existing_supply=case.existing_supply,
        importance=case.importance,
        asked_at=["application"],
    )
    needed = [r for r in needed if r.code not in without]
    missing = [r.label for r in needed if r.needed_to_start and r.code not in received]
    if missing:
        raise Refused(
            _("Without this paper nothing can start: %(papers)s.")
            % {"papers": _(", ").join(missing)}
        )
    now = at or timezone.now()
    day = timezone.localdate(now)
    known = {item.requirement_id: item for item in case.papers_owed.all()}
    items = []
    for requirement in needed:
        item = known.get(requirement.pk) or PaperItem(case=case, requirement=requirement)
        item.due_on = item.due_on or clocks.calendar().add(day, requirement.working_days)
        if requirement.code in received and item.state == PaperItem.State.OWED:
            _settle(item, PaperItem.State.RECEIVED, by)
        items.append(item)
    fresh = [item for item in items if item.pk is None]
    told = any(item.state == PaperItem.State.OWED for item in fresh)
    _number(case, items)
    PaperItem.objects.bulk_create(fresh)
    for item in items:
        if item.state == PaperItem.State.OWED or item not in fresh:
            _remind(item)
    _drop_unlisted(case, needed, by)
    if told:
        owed = [item.requirement for item in items if item.state == PaperItem.State.OWED]
        moves.record(case, PROMISED, by=by, note=lambda: _(", ").join(r.label for r in owed))
        # What is missing is told once, as one list, in writing (DOMAIN section 5).
        issue(case, PaperKind.DEFICIENCY, by=by, at=at)
    return items


def received_codes(case: Case) -> list[str]:
    """The codes of the papers of the checklist that are in."""
    received = case.papers_owed.filter(state=PaperItem.State.RECEIVED)
    return list(received.values_list("requirement__code", flat=True))


def _number(case: Case, items: list[PaperItem]) -> None:
    """What is owed gets its place on the one list, and keeps it."""
    unnumbered = [i for i in items if i.state == PaperItem.State.OWED and i.number is None]
    if unnumbered:
        for number, item in enumerate(unnumbered, asking.next_number(case)):
            item.number = number
            _keep(item, "number")


def _drop_unlisted(case: Case, needed: list[Requirement], by: User | None) -> None:
    """Debts of a class or business type that the case has left: what is not listed may not be
    asked for.
    """
    listed = case.papers_owed.owed().filter(requirement__asked_at="application")
    for item in listed.select_related("requirement"):
        if item.requirement not in needed:
            item.reason = words.keep(lambda: _("Not on the list for this case any more."))
            _settle(item, PaperItem.State.WAIVED, by)
            _remind(item)


@act
def receive(item: PaperItem, *, by: User | None, file: Checked | None = None) -> PaperItem:
    """A paper owed is handed in, with its scan when there is one."""
    moves.demand_writer(item.case, by)
    item = _locked(item)
    if item.state == PaperItem.State.RECEIVED:
        raise Refused(_("This paper was handed in already."))
    if by is None and item.attachment_id:
        raise Refused(_("We have this paper already, and look at it."))
    if file:
        label = item.requirement
        item.attachment = attach(item.case, file, title=lambda: label.label, by=by, log=False)
    item.reason = ""  # why an earlier file was not taken
    if by is None:
        return _hand_in(item)
    _settle(item, PaperItem.State.RECEIVED, by)
    _remind(item)
    moves.record(
        item.case,
        RECEIVED,
        by=by,
        note=lambda: item.requirement.label,
        **_checksums(item if file else None),
    )
    moves.conclude(item.case, by=by)
    return item


def _hand_in(item: PaperItem) -> PaperItem:
    """The customer's own upload settles nothing: somebody of the office looks at it first."""
    item.save(update_fields=["attachment", "reason"])
    now = timezone.now()
    tomorrow = clocks.calendar().add(timezone.localdate(now), 1)
    ladder.stand(Subject.PAPER, item.pk, case=item.case, due_on=tomorrow, at=now)
    label = item.requirement
    moves.record(item.case, HANDED_IN, by=None, note=lambda: label.label, **_checksums(item))
    return item


def _checksums(item: PaperItem | None) -> dict[str, Any]:
    """Of the paper that came with this act; of none, an empty one."""
    return item.attachment.checksums if item and item.attachment else {"sha256": ""}


@act
def not_taken(item: PaperItem, *, by: User, reason: str) -> PaperItem:
    """What the customer sent is not the paper, or cannot be read: it is owed on, and they hear why.

    The file stays with the case.
    """
    moves.demand_writer(item.case, by)
    if not reason.strip():
        raise Refused(_("Say what is wrong with the file."))
    item = _locked(item)
    if item.state != PaperItem.State.OWED or item.attachment_id is None:
        raise Refused(_("No file waits to be looked at."))
    item.attachment, item.reason = None, reason.strip()
    item.save(update_fields=["attachment", "reason"])
    _remind(item)
    what = item.requirement
    moves.record(item.case, NOT_TAKEN, by=by, note=lambda: f"{what.label}{_(': ')}{reason}")
    return item


@act
def waive(item: PaperItem, *, by: User, reason: str) -> PaperItem:
    """A supervisor decides that a paper is not needed in this case."""
    moves.demand_role(item.case, by, *STEERING)
    if not reason.strip():
        raise Refused(_("Say why the paper is not needed."))
    item = _locked(item)
    if item.state != PaperItem.State.OWED:
        raise Refused(_("This paper is not owed any more."))
    item.reason = reason.strip()
    _settle(item, PaperItem.State.WAIVED, by)
    _remind(item)
    what = item.requirement
    moves.record(item.case, WAIVED, by=by, note=lambda: f"{what.label}{_(': ')}{reason}")
    moves.conclude(item.case, by=by)
    return item


def _locked(item: PaperItem) -> PaperItem:
    return (
        PaperItem.objects.select_for_update(of=("self",))
        .select_related("requirement", "case__unit")
        .get(pk=item.pk)
    )


@act
def owe(case: Case, code: str, *, due_on: date, by: User) -> PaperItem:
    """A paper of the published list becomes a dated debt (one the fast lane defers, say)."""
    requirement = Requirement.objects.get(code=code)
    item, _made = PaperItem.objects.get_or_create(
        case=case, requirement=requirement, defaults={"due_on": due_on}
    )
    _number(case, [item])
    _remind(item)
    moves.record(case, PROMISED, by=by, note=lambda: f"{requirement.label} ({due_on:%Y-%m-%d})")
    return item


def _settle(item: PaperItem, state: str, by: User | None) -> None:
    item.state, item.settled_at, item.settled_by = state, timezone.now(), by
    _keep(item, "state", "settled_at", "settled_by", "attachment", "reason")


def _keep(item: PaperItem, *columns: str) -> None:
    """Write what was changed of a line; one that is new is written whole, later."""
    if item.pk:
        item.save(update_fields=columns)


def _remind(item: PaperItem) -> None:
    due: date | None = item.due_on if item.state == PaperItem.State.OWED else None
    ladder.stand(Subject.PAPER, item.pk, case=item.case, due_on=due, at=timezone.now())


@act
def attach(
    case: Case,
    file: Checked,
    *,
    title: words.Words,
    by: User | None,
    step: Step | None = None,
    log: bool = True,
    taken: Taken | None = None,
) -> Attachment:
    """Keep a checked file with the case; its bytes are stored once by content.

    What is shown of a picture says nothing of place and device; of evidence, `taken` keeps it
    beside the file. What was sent is kept as well. Raises Refused when it is damaged.
    """
    taken = taken or Taken()
    moves.demand_writer(case, by)
    sent = file
    try:
        file = bare(sent)
    except ValidationError as error:
        raise Refused(error.messages) from error
    keep_original(sent, file)
    attachment = Attachment(
        case=case,
        step=step,
        title=words.keep(title),
        original_name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        original_sha256="" if sent is file else sent.sha256,
        taken_at=taken.at,
        longitude=taken.longitude,
        latitude=taken.latitude,
        accuracy_m=taken.accuracy_m,
        uploaded_at=timezone.now(),
        uploaded_by=by,
    )
    attachment.file.name = store(
        attachment.file.field.upload_to(attachment, file.name), file.content
    )
    attachment.save(force_insert=True)
    if log:
        moves.record(case, ATTACHED, by=by, step=step, note=title, **attachment.checksums)
    return attachment


def keep_original(sent: Checked, shown: Checked) -> None:
    """Keep a picture as it was sent beside what is shown of it, where the two differ."""
    if sent.sha256 == shown.sha256:
        return
    original = Original(
        shown_sha256=shown.sha256,
        sha256=sent.sha256,
        name=sent.name,
        content_type=sent.content_type,
        size=sent.size,
    )
    original.file.name = store(original.file.field.upload_to(original, sent.name), sent.content)
    Original.objects.bulk_create([original], ignore_conflicts=True)


def store(path: str, content: bytes | File) -> str:
    """Write bytes under a path made of their checksum, unless they lie there already.

    Who was killed while writing left a part; it is written anew.
    """
    file = content if isinstance(content, File) else ContentFile(content)
    if default_storage.exists(path):
        if default_storage.size(path) == file.size:
            return path
        default_storage.delete(path)
    name = default_storage.save(path, file)
    _make_durable(name)
    return name


def _make_durable(name: str) -> None:
    """See to it that a file outlives a power cut: who sent it drops the own copy now."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:
        return  # kept elsewhere: there it is safe as soon as it is answered for
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@act
def issue(
    case: Case,
    kind: str,
    *,
    by: User | None,
    step: Step | None = None,
    at: datetime | None = None,
    **data: Any,
) -> list[Paper]:
    """Ask for a paper in every language; it is rendered by the worker once this transaction stands.

    `data` is what the paper says beyond the sheets. Returns the papers, not yet rendered.
    """
    now = at or timezone.now()
    locked = current().locked(case.pk)  # one number at a time
    count = locked.papers.filter(kind=kind, language=LANGUAGES[0]).count() + 1
    number = f"{case.number}-{list(PaperKind).index(PaperKind(kind)) + 1:02d}-{count}"
    said = rooms.frozen(locked, kind, step, data)
    said |= {name: words.as_data(value) for name, value in data.items()}
    papers = [
        Paper(
            case=case,
            step=step,
            kind=kind,
            language=code,
            number=number,
            issued_at=now,
            issued_by=by,
            data=said,
        )
        for code in LANGUAGES
    ]
    Paper.objects.bulk_create(papers)
    moves.record(
        case,
        ISSUED,
        by=by,
        step=step,
        at=at,
        note=lambda: f"{PaperKind(kind).label} {number}",
        paper=kind,
    )
    for paper in papers:
        _render_after(paper.pk)
    return papers


def _render_after(paper_id: int) -> None:
    """Send a paper to the worker once this transaction stands.

    Robust: with the broker away the act stands, and `render_missing` sends the paper later.
    """

    def send() -> None:
        render.delay(paper_id)

    transaction.on_commit(send, robust=True)


def ask_for(paper: Paper) -> None:
    """A paper made on demand has its first reader: the worker makes it now.

    Nothing is written: with the broker away, the reader asks again.
    """
    with contextlib.suppress(OperationalError):
        render.delay(paper.pk)


@act
def keep(paper: Paper, content: bytes, sha256: str) -> bool:
    """Store the rendered bytes of a paper; a paper rendered before keeps its first bytes."""
    paper = Paper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    if paper.rendered_at:
        return False
    paper.sha256, paper.size, paper.rendered_at = sha256, len(content), timezone.now()
    paper.file.name = store(paper.file.field.upload_to(paper, ""), content)
    paper.save(update_fields=["sha256", "size", "rendered_at", "file"])
    return True
