"""An application as somebody fills it in on a phone."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.roles import Role
from public.models import Draft
from tests.applications.factories import WANG
from tests.documents.factories import picture
from tests.factories import person, unit

PLACE = {
    "business_type": "new",
    "customer_class": "lv_residential",
    "district": "临湖区",
    "street": "人民路 8 号院",
    "room": "3-201",
    "existing_supply": "none",
}
PERSON = {
    "customer_type": "person",
    "customer_name": "王小明",
    "id_type": "resident_id",
    "id_number": WANG,
    "phone": "139 0000 4217",
}
DEMAND = {"equipment-0-name": "空调", "equipment-0-quantity": "2", "equipment-0-unit_kw": "1.5"}


def photo(name: str = "id.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or picture(), "image/jpeg")


def begun(client: Client) -> Draft:
    """An application just begun; the office has a supervisor."""
    person(Role.SUPERVISOR)
    client.post("/apply/", {"begin": "1"})
    return Draft.objects.latest("pk")


def filled(client: Client, **answers: str) -> Draft:
    """An application ready to be sent; `answers` replace those of any page."""
    draft = begun(client)
    office = {"unit": str(unit().pk)}
    for page, usual in (("place", PLACE | office), ("person", PERSON), ("demand", DEMAND)):
        client.post(f"/apply/{page}/", {**usual, **answers, "next": "1"})
    client.post("/apply/papers/", {"id": photo(), "next": "1"})
    draft.refresh_from_db()
    return draft
