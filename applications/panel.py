"""What the case page shows of the application and of the contact log."""

from __future__ import annotations

from django.db.models import Count, Exists, Window
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from applications import services
from applications.forms import ContactForm
from applications.models import Application, Contact, Relation
from workflow.models import Case, Step

LATEST = 5


def panel(step: Step, user: User) -> dict:
    """The sheet of this round, ID numbers masked, with its equipment; two queries."""
    people = ("accepted_by", "taken_by")
    sheets = Application.objects.filter(step=step).select_related(*people).knowing_corrections()
    signed = sheets.first()
    sheet = signed.as_corrected() if signed else None
    equipment = list(sheet.equipment.all()) if sheet else []
    agent = bool(sheet and sheet.agent_name and sheet.accepted_at)
    return {
        "authority_ends": sheet.authority_ends() if agent else None,
        "is_corrected": sheet and sheet.is_corrected,
        "may_renew": agent and services.may_renew_authority(step.case, user),
        "application": sheet.masked if sheet else None,
        "equipment": equipment,
        "equipment_kw": sum(row.total_kw for row in equipment),
    }


def contacts(case: Case, user: User) -> dict:
    """The latest contacts, the quick form (None for those who only look), and the cases that this
    one belongs together with; one query where there are none of these.
    """
    also = Exists(Relation.objects.of(case))
    latest = read(case.contacts.annotate(of_case=Window(Count("pk")), also=also)[:LATEST])
    return {
        "contacts": latest,
        "contact_count": latest[0].of_case if latest else 0,
        "relations": related(case) if not latest or latest[0].also else [],
        "contact_form": _quick_form(case) if services.may_note(case, user) else None,
        "contact_code": services.may_hand_out_code(case, user),
        "may_correct": bool(case.accepted_at) and services.may_correct(case, user),
    }


def related(case: Case) -> list[tuple[Case, Relation]]:
    """The cases that belong together with this one, each with the word on it."""
    found = Relation.objects.of(case).select_related("case", "other", "by")
    return [(relation.across(case), relation) for relation in found]


def _quick_form(case: Case) -> ContactForm:
    """The form beside the case; the key c leads to its words."""
    form = ContactForm(case=case, auto_id="contact_%s")
    form.fields["summary"].widget.attrs |= {"data-key": "c", "data-key-label": _("Note a contact")}
    return form


def read(contacts) -> list[Contact]:
    """Contacts with who made them and `is_missed`: what was promised by a day now past, unkept."""
    today = timezone.localdate()
    found = list(contacts.with_answers().select_related("by"))
    for contact in found:
        contact.is_missed = contact.missed(today, contact.answered_at)
    return found
