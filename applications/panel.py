"""What the case page shows of the application and of the contact log."""

from __future__ import annotations

from django.db.models import Count, Window
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from applications import steps
from applications.forms import ContactForm
from applications.models import Application, Contact
from workflow.models import Case, Step

LATEST = 5


def panel(step: Step, user: User) -> dict:
    """The sheet of this round, ID numbers masked, with its equipment; two queries."""
    sheet = Application.objects.filter(step=step).select_related("accepted_by").first()
    equipment = list(sheet.equipment.all()) if sheet else []
    return {
        "application": sheet.masked if sheet else None,
        "equipment": equipment,
        "equipment_kw": sum(row.total_kw for row in equipment),
    }


def contacts(case: Case, user: User) -> dict:
    """The latest contacts and the quick form (None for those who only look); one query."""
    latest = read(case.contacts.annotate(of_case=Window(Count("pk")))[:LATEST])
    return {
        "contacts": latest,
        "contact_count": latest[0].of_case if latest else 0,
        "contact_form": _quick_form(case) if steps.may_note(case, user) else None,
    }


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
