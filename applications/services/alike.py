"""Cases that look alike: found, joined to, or related."""

from __future__ import annotations

from functools import partial

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, User
from applications.models import Application, Contact, Relation
from applications.services.contacts import note_contact
from workflow import moves, words
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

RELATED = verb("case_related", gettext_lazy("Related to another case"))


def duplicates(sheet: Application, within: Unit) -> list[Application]:
    """Sheets of open cases of this office and those below it with the same ID, phone, address or
    shared account.

    The latest ten, newest first, one a case; each found through the index of its column.
    """
    found = (
        Application.objects.in_open_cases(within)
        .like(sheet)
        .prefetch_related("corrections")
        .select_related("step__case__unit", "step__owner")
        .order_by("-pk")[:30]
    )
    by_case: dict[int, Application] = {}
    for other in found:
        # What was put right since it was signed counts, what was wrong does not.
        held = other.as_corrected()
        if held.same_as(sheet):
            by_case.setdefault(other.step.case_id, held)
    return list(by_case.values())[:10]


@act
def relate(case: Case, other: Case, *, by: User, reason: str) -> Relation:
    """Keep that two cases belong together; both histories and both pages say so.

    Related already, nothing happens. Raises Refused without a reason, or when the person sees only
    one of them.
    """
    for one in (case, other):
        moves.demand_writer(one, by)
        _hold(one)
    if not reason.strip():
        raise Refused(_("Say how the two cases belong together."))
    relation = Relation.objects.of(case).filter(Q(case=other) | Q(other=other)).first()
    if relation:
        return relation
    relation = Relation(case=case, other=other, by=by, reason=reason.strip())
    relation.full_clean()
    relation.save(force_insert=True)
    for one in (case, other):
        moves.record(one, RELATED, by=by, note=partial(_said_of, relation, one))
    return relation


def _hold(case: Case) -> None:
    """Lock a case beside the own one without waiting: two people who join each other's cases must
    not wait for one another for ever. Raises Refused while somebody else writes on it.
    """
    try:
        with transaction.atomic():
            Case.objects.select_for_update(of=("self",), nowait=True).get(pk=case.pk)
    except OperationalError as error:
        raise Refused(
            _("Somebody is just writing on case %(number)s. Press once more in a moment.")
            % {"number": case.number}
        ) from error


def _said_of(relation: Relation, one: Case) -> str:
    """A relation as the history of the one case tells it."""
    return f"{relation.across(one).number}: {relation.reason}"


@act
def join(sheet: Application, other: Case, *, by: User) -> Contact:
    """The request is there already: what was said now is noted on that case, none is opened.

    A case that was opened for this sheet (it came by the web, say) is related to the other and
    withdrawn. Raises Refused when the other case does not look alike.
    """
    sheet.computed()
    if other.pk not in [found.step.case_id for found in duplicates(sheet, by.unit)]:
        raise Refused(_("Case %(number)s is not similar to this one.") % {"number": other.number})
    _hold(other)
    contact = _said_again(sheet, other, by)
    if sheet.step_id:
        case = Case.objects.select_related("unit").get(pk=sheet.step.case_id)

        def reason() -> str:
            return _("The same request as %(number)s, continued there.") % {"number": other.number}

        relate(case, other, by=by, reason=words.keep(reason))
        moves.withdraw(case, by=by, reason=reason())
    return contact


def _said_again(sheet: Application, other: Case, by: User) -> Contact:
    """What was typed, as an incoming contact of the case; pressed twice, it is one."""
    by_phone = sheet.channel == Application.Channel.PHONE
    said = [sheet.customer_name, sheet.phone, sheet.address, sheet.remarks]
    text = words.keep(
        lambda: _("Asked again: %(said)s") % {"said": ", ".join(word for word in said if word)}
    )
    contact = Contact(
        direction=Contact.Direction.IN,
        channel=Contact.Channel.PHONE if by_phone else Contact.Channel.COUNTER,
        outcome=Contact.Outcome.REACHED,
        summary=text,
    )
    if sheet.channel in Application.FROM_OUTSIDE:  # nobody has spoken with them
        contact.channel, contact.outcome = Contact.Channel.APP, Contact.Outcome.MESSAGE
    today = timezone.localdate()
    before = other.contacts.filter(by=by, summary=text, at__date=today).first()
    return before or note_contact(contact, case=other, by=by)
