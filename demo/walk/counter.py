"""At the counter: the application, its papers, the contacts."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

import documents.services
from accounts.roles import Role
from applications import services as applications
from applications.models import Application, Contact, Equipment
from demo import names
from demo.walk.stage import Stage
from documents.models import PaperItem
from workflow.models import Case
from workflow.process import (
    HV,
    BusinessType,
    CustomerClass,
)


def sheet(stage: Stage, business_type: str, customer_class: str, **columns) -> Application:
    """An application as such a customer hands it in."""
    random, private = stage.random, customer_class == CustomerClass.LV_RESIDENTIAL
    high = customer_class in HV
    existing = (
        "none"
        if business_type in (BusinessType.NEW, BusinessType.TEMPORARY, BusinessType.EV_CHARGER)
        else "own"
    )
    today = timezone.localdate()
    given = {
        "business_type": business_type,
        "customer_class": customer_class,
        "customer_type": "person" if private else "company",
        "customer_name": names.person(random) if private else names.firm(random),
        "id_type": "resident_id" if private else "credit_code",
        "id_number": names.identity_number(random) if private else names.credit_code(random),
        "legal_representative": "" if private else names.person(random),
        "contact_name": "" if private else names.person(random),
        "phone": names.phone(random),
        "district": "临湖区",
        "street": names.street(random),
        "room": names.room(random) if private else "",
        "existing_supply": existing,
        "account_number": f"0312 {random.randrange(10000):04d} {random.randrange(1000):03d}"
        if existing == "own"
        else "",
        "category": "residential" if private else "commercial",
        "voltage": "10kv" if high else ("220v" if private else "380v"),
        "sources_wanted": 2 if customer_class == CustomerClass.HV_DUAL else 1,
        "existing_kw": 0 if existing == "none" else 4,
        "new_kw": 0 if high else random.choice((4, 6, 8) if private else (15, 30, 45)),
        "new_kva": random.choice((315, 400, 630)) if high else 0,
        "wanted_on": today + timedelta(days=40),
    }
    if high:
        given |= {"customer_works": True, "existing_kva": 0}
    if business_type == BusinessType.TEMPORARY:
        given |= {"temporary_from": today, "temporary_to": today + timedelta(days=300)}
    if business_type == BusinessType.EV_CHARGER:
        given |= {
            "parking_space": f"B{random.randrange(1, 4)}-{random.randrange(1, 200)}",
            "parking_right": "owned",
        }
    if business_type == BusinessType.DECREASE:
        unit, before, given_up = ("kva", 1000, 315) if high else ("kw", 60, 20)
        given |= {f"existing_{unit}": before, f"new_{unit}": given_up}
    if business_type == BusinessType.NAME_CHANGE:
        given |= {"previous_holder": names.person(random)}
    if business_type == BusinessType.RELOCATION:
        given |= {"previous_address": f"临湖区{names.street(random)}"}
    return Application(**given | columns)


def papers(customer_class: str) -> set[str]:
    """What the customer brings on the first day: identity and form; the rest is owed."""
    return {
        "form",
        "id",
        f"licence_{customer_class}",
        f"equipment_{customer_class}",
        f"site_plan_{customer_class}",
    }


def equipment(application: Application) -> list[Equipment]:
    """A load list that fits what is asked for."""
    if application.customer_class == CustomerClass.LV_RESIDENTIAL:
        return [
            Equipment(name="空调", category="cooling", quantity=2, unit_kw=Decimal("1.5")),
            Equipment(
                name="储水式电热水器", category="heating", quantity=1, unit_kw=Decimal("2.2")
            ),
        ]
    return [Equipment(name="电动机", category="motor", quantity=4, unit_kw=Decimal("7.5"))]


def take(stage: Stage, application: Application) -> Case:
    """The clerk opens and accepts the case."""
    return applications.take(
        application,
        equipment(application),
        by=stage.who(Role.CLERK),
        unit=stage.unit,
        papers=papers(application.customer_class),
    )


def contact(
    stage: Stage, case: Case, summary: str, *, reached: bool = True, promised_on=None
) -> None:
    """A call with the customer."""
    note = Contact(
        direction=Contact.Direction.OUT,
        channel=Contact.Channel.PHONE,
        outcome=Contact.Outcome.REACHED if reached else Contact.Outcome.NOT_REACHED,
        summary=summary,
        promised_on=promised_on,
    )
    applications.note_contact(note, case=case, by=stage.who(Role.CLERK))


def bring_papers(stage: Stage, case: Case, kind: str | None = None) -> None:
    """The customer brings what is still owed (all of it, or what one link needs)."""
    owed = PaperItem.objects.owed().filter(case=case)
    for item in owed.filter(requirement__blocks=kind) if kind else owed:
        documents.services.receive(item, by=stage.who(Role.CLERK))
