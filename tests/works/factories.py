"""Firms, licences and cases that have come to the customer's works."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from unittest.mock import patch

from django.utils import timezone
from PIL import Image

from documents.files import Checked
from documents.services import attach
from plans.services import accept
from tests import factories
from tests.made_once import made_once
from tests.plans import factories as plans
from workflow import moves
from workflow.models import Case, Step
from workflow.process import PROCESS, Kind
from works import services
from works.guards import sheet_of
from works.models import (
    CheckPhoto,
    Defect,
    DrawingSheet,
    Grade,
    Licence,
    ReceivingEquipment,
    Request,
)

# What survey and plan found: every link of the customer's works applies.
FOUND = {"customer_works": True, "concealed_works": True, "importance": "second"}


def licence(kind: str = "contractor", **columns: Any) -> Licence:
    """A firm in the register, valid for a year more."""
    today = timezone.localdate()
    columns.setdefault(
        "grade",
        Grade.objects.get(
            kind=kind,
            code=columns.pop("code", None) or {"contractor": "三级", "designer": "乙级"}[kind],
        ),
    )
    number = columns.pop("number", f"{kind}-1")
    found = Licence.objects.filter(kind=kind, number=number).first()
    return found or Licence.objects.create(
        **{
            "kind": kind,
            "number": number,
            "firm": "江城电力安装有限公司" if kind == "contractor" else "江城电力设计院",
            "unified_code": "91320102MA1XYZ1239",
            "installs": True,
            "issued_by": "国家能源局江苏监管办",
            "valid_from": today - timedelta(days=365),
            "valid_to": today + timedelta(days=365),
            **columns,
        }
    )


def worker(kind: str):
    """Somebody who does this kind of step."""
    return factories.person(PROCESS[kind].role)


@made_once
def case_at(kind: str, **facts: Any) -> Case:
    """A company on 10 kV with its accepted plan; what stands before the kind is finished.

    The sheets between plan and kind are other rooms' tests, and left empty.
    """
    case = plans.factory(not_duplicate="另一处厂房")
    moves.set_facts(case, by=None, **{**FOUND, **facts})
    plan = plans.answered(case_of(case), emergency_kva=Decimal(100))
    accept(plan.step, by=plans.clerk(), signed_name=plans.signer(plan.step.case), **plans.word())
    return walk(case_of(plan.step.case), kind)


def case_of(case: Case) -> Case:
    """The case as the database has it."""
    return Case.objects.get(pk=case.pk)


def walk(case: Case, kind: str) -> Case:
    """Finish what stands before the kind, whatever its sheets say."""
    with patch("workflow.process.guards", lambda kind: ()):
        while not (step := case.step(kind)) or not step.is_live:
            before = next(s for s in case.live_steps if s.kind != kind)
            moves.finish(before, by=worker(before.kind))
            case = case_of(case)
    return case


def received(case: Case, kind: str, **columns: Any) -> Step:
    """The customer has done their part: the step is in hand."""
    request = Request(
        step=case.step(kind),
        received_at=timezone.now(),
        what="资料一套",
        from_whom="王小明",
        **columns,
    )
    return fresh(services.receive(request, by=worker(kind)))


def fresh(step: Step) -> Step:
    """The latest round of the same link, as the database has it."""
    return Case.objects.get(pk=step.case_id).step(step.kind)


def qualified(case: Case, kind: str, **columns: Any) -> Step:
    """The firm's licence was checked and passed."""
    step = received(case, kind)
    sheet = sheet_of(step)
    sheet.licence = columns.pop("licence", None) or licence(kind)
    sheet.checked_voltage = "10kv"
    sheet.scope_ok = sheet.grade_ok = sheet.stamp_ok = True
    sheet.originals, sheet.decision = "seen", "passed"
    for name, value in columns.items():
        setattr(sheet, name, value)
    services.decide(sheet, by=worker(kind))
    return fresh(step)


def picture(text: str = "photo") -> Checked:
    """A small JPEG."""
    out = BytesIO()
    Image.new("RGB", (8, 8), (200, len(text) % 256, 40)).save(out, "JPEG")
    return Checked(out.getvalue(), "image/jpeg", f"{text}.jpg")


def drawings_ready(case: Case) -> Step:
    """Drawings in hand, filed and in order; not signed."""
    step = received(case, Kind.DRAWINGS)
    review = sheet_of(step)
    review.title = "10 kV 配电所"
    review.follows_plan = review.power_quality_ok = review.protection_ok = True
    review.decision = "passed"
    review.save()
    file = attach(case, picture("A-01"), title="A-01", by=worker(Kind.DRAWINGS))
    DrawingSheet.objects.create(
        review=review, kind="substation", number="A-01", title="一次接线图", attachment=file
    )
    return step


def check_ready(case: Case, kind: str) -> Step:
    """A check on site with everything in order; not signed."""
    step = received(case, kind)
    sheet = sheet_of(step)
    sheet.inspector, sheet.inspected_at = worker(kind), timezone.now()
    sheet.result = "passed"
    if kind == Kind.MID_CHECK:
        sheet.may_cover = True
        file = attach(case, picture(), title="photo", by=worker(kind))
        CheckPhoto.objects.create(step=step, attachment=file, shows="电缆沟", before_covering=True)
    else:
        sheet.papers_not_needed = "无继电保护"
        ReceivingEquipment.objects.get_or_create(
            step=step, type="transformer", kva=800, maker="苏变", serial="T-1"
        )
    sheet.save()
    step.check_items.update(result="ok")
    return step


def defect(step: Step, text: str = "接地电阻超标", **columns: Any) -> Defect:
    columns.setdefault("cure_by", timezone.localdate() + timedelta(days=10))
    return Defect.objects.create(step=step, text=text, **columns)


def accepted(case: Case) -> Step:
    """Completion acceptance passed."""
    step = check_ready(case, Kind.ACCEPTANCE)
    services.decide(sheet_of(step), by=worker(Kind.ACCEPTANCE))
    return fresh(step)
