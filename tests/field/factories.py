"""Records as a tablet would send them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from io import BytesIO
from typing import Any

from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from field.merge import as_posted
from field.sheets import SHEETS
from tests.surveys import factories as surveys
from workflow.models import Case, Step
from workflow.process import Kind

CHUNK = 64 * 1024


def picture(shade: int = 0, size: int = 64) -> bytes:
    """A bare JPEG, as a canvas writes it, different for every shade."""
    out = BytesIO()
    image = Image.effect_noise((size, size), 30 + shade % 100).convert("RGB")
    image.putpixel((0, 0), (shade % 256, shade // 256, 0))
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def step_of(case: Case, kind: str = Kind.SURVEY) -> Step:
    return Step.objects.select_related("case__unit", "owner").filter(case=case, kind=kind).last()


def filled(step: Step, user: User, sheet: str, **values: Any) -> list[list[str]]:
    """The sheet as its page has it, with these values: what a tablet would keep."""
    data = as_posted(SHEETS[sheet].form(step, user))
    for name, value in values.items():
        data.setlist(name.replace("__", "-"), [str(value)])
    return [[name, value] for name, told in data.lists() for value in told]


def survey_values(**more: Any) -> dict[str, Any]:
    """A survey that can be signed, but for its point and its photos."""
    return {
        "on_site_at": f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        "found_supply": "none",
        "load_grade": 3,
        "phase": "single",
        "meter_position": "一楼楼道表箱",
        "can_supply": "True",
        "points__TOTAL_FORMS": 1,
        "points__INITIAL_FORMS": 0,
        "points__0__name": "院内 2# 分支箱",
        "points__0__rated_kva": 100,
        "points__0__committed_kva": 20,
        "points__0__distance_m": 42,
        "points__0__workable": "True",
        **more,
    }


def listed(name: str, content: bytes, **taken: Any) -> dict[str, Any]:
    """A file in an envelope."""
    return {
        "name": name,
        "filename": f"{name}.jpg",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "taken": taken or None,
    }


def envelope(
    step: Step,
    user: User,
    *,
    sheet: str = "survey",
    photos: list[bytes] = (),
    signing: bool = True,
    happened: datetime | None = None,
    values: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A whole envelope; photos go into the table of photos."""
    told = dict(values if values is not None else survey_values())
    field = "picture" if sheet in ("survey", "attempt") else "file"
    if photos:
        told |= {"photos__TOTAL_FORMS": len(photos), "photos__INITIAL_FORMS": 0}
        for number in range(len(photos)):
            told[f"photos__{number}__{'subject' if field == 'picture' else 'shows'}"] = "site"
    now = timezone.now().isoformat()
    return {
        "uuid": str(uuid.uuid4()),
        "user": user.pk,
        "step": step.pk,
        "sheet": sheet,
        "signing": signing,
        "edition": step.sheet_edition,
        "fields": filled(step, user, sheet, **told),
        "files": [
            listed(
                f"photos-{n}-{field}",
                content,
                at=now,
                longitude=114.305,
                latitude=30.6,
                accuracy_m=6,
            )
            for n, content in enumerate(photos)
        ],
        "happened": (happened or timezone.now()).isoformat(),
        "sent": now,
        **more,
    }


def post(client: Client, sent: dict[str, Any]) -> Any:
    return client.post("/field/records/new/", sent, content_type="application/json")


def put(client: Client, sent: dict[str, Any], content: bytes, chunk: int = CHUNK) -> Any:
    """Every piece of one file; the last answer."""
    sha256 = hashlib.sha256(content).hexdigest()
    answer = None
    for start in range(0, len(content), chunk):
        answer = piece(client, sent, sha256, start, content[start : start + chunk])
    return answer


def piece(client: Client, sent: dict[str, Any], sha256: str, start: int, content: bytes) -> Any:
    return client.post(
        f"/field/records/{sent['uuid']}/files/{sha256}/",
        content,
        content_type="application/octet-stream",
        headers={"Upload-Offset": str(start)},
    )


def send(client: Client, sent: dict[str, Any], photos: list[bytes] = ()) -> dict[str, Any]:
    """The whole record; the last receipt."""
    answer = post(client, sent)
    for content in photos:
        answer = put(client, sent, content)
    return answer.json()


def surveyor_of(case: Case) -> User:
    """Somebody who surveys, and has this step."""
    user = surveys.surveyor()
    Step.objects.filter(case=case, kind=Kind.SURVEY).update(owner=user)
    return user
