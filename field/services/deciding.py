"""What becomes of a record that could not simply go onto its case."""

from __future__ import annotations

from contextlib import contextmanager

from django.core.files.storage import default_storage
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from documents import services as documents
from documents.files import validate_upload
from field.models import Record
from field.services.applying import times, written
from field.sheets import ATTEMPT, SHEETS
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import unit_of_work
from workflow.verbs import verb

SETTLED = verb("field_settled", gettext_lazy("Record of the tablet decided"))
State, Settlement = Record.State, Record.Settlement


@contextmanager
def deciding(record: Record, by: User):
    """The record under lock, still waiting for a correction or a decision; raises Refused."""
    with unit_of_work():
        Case.objects.select_for_update(of=("self",)).get(steps=record.step_id)
        found = (
            Record.objects.select_for_update(of=("self",))
            .select_related("author", "step__case__unit")
            .get(pk=record.pk)
        )
        if not found.is_undecided:
            raise Refused(_("This record is decided already."))
        moves.demand_writer(found.step.case, by)
        yield found


def settle(record: Record, how: str, *, by: User, note: str = "") -> None:
    """Write down what became of a record."""
    record.state, record.settled_how, record.settled_by = State.SETTLED, how, by
    record.applied_at = timezone.now()
    record.save(update_fields=["state", "settled_how", "settled_by", "applied_at"])
    label = record.get_settled_how_display
    moves.record(
        record.step.case,
        SETTLED,
        by=by,
        step=record.step,
        note=lambda: f"{SHEETS[record.sheet].title}. {label()}. {note}".strip(),
        **times(record),
    )


def take_over(
    record: Record, step: Step, data: QueryDict, files: MultiValueDict, *, edition: str, by: User
) -> dict[str, list[str]]:
    """Put what was chosen onto the sheet as a draft; what stands against it, or {} when done.

    `edition` is that of the sheet which was seen beside the record: one saved since is not
    written over.
    """
    with deciding(record, by) as found:
        if record.sheet != ATTEMPT:
            _demand_unmoved(step, edition)
        code = record.sheet
        act = SHEETS[code].sign if code == ATTEMPT else SHEETS[code].keep
        data["save"] = "1"
        errors = written(code, step, data, files, act, by)
        if not errors:
            settle(found, Settlement.TAKEN, by=by)
    return errors


def _demand_unmoved(step: Step, edition: str) -> None:
    now = Step.objects.select_related("sheet_saved_by").get(pk=step.pk)
    if now.sheet_saved_at and edition != str(now.sheet_edition):
        text = _(
            "%(who)s saved this sheet after you had opened this page. What you chose stands here "
            "and is not saved: compare once more, then save again."
        )
        raise Refused(text % {"who": now.sheet_saved_by})


def keep_evidence(record: Record, *, by: User) -> None:
    """The sheet stays as it is; the pictures go to the files of the case."""
    with deciding(record, by) as found:
        if not all(default_storage.exists(file.path) for file in found.files.all()):
            raise Refused(_("Not every picture of this record is here: it can only be left aside."))
        for file in found.files.all():
            checked = validate_upload(file.upload(), ("image",))
            documents.attach(
                found.step.case,
                checked,
                title=_("From the tablet: %(sheet)s") % {"sheet": SHEETS[found.sheet].title},
                by=by,
                step=found.step,
                taken=file.taken,
            )
        settle(found, Settlement.EVIDENCE, by=by)


def drop(record: Record, *, why: str, by: User) -> None:
    """Leave a record aside, with the reason; it stays readable."""
    if not why.strip():
        raise Refused(_("Say why."))
    with deciding(record, by) as found:
        settle(found, Settlement.DROPPED, by=by, note=why)
