"""The customer's works: qualifications, drawings, checks."""

from __future__ import annotations

from django.utils import timezone

import documents.services
from demo.walk.stage import Stage, fresh, picture
from workflow.models import Case, Step
from workflow.process import (
    HV,
    Kind,
)
from works import services as works
from works.guards import sheet_of
from works.models import (
    CheckPhoto,
    DrawingSheet,
    Licence,
    ReceivingEquipment,
    Request,
)


def licence(kind: str) -> Licence:
    """A firm of the demo's register that may work up to 110 kV and more."""
    found = {"designer": "A232004171", "contractor": "6-3-00417-2021"}[kind]
    return Licence.objects.get(kind=kind, number=found)


WORKS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)


def receive(stage: Stage, case: Case, kind: str) -> Step:
    """The customer hands in the file, or asks for the check."""
    step = fresh(case).step(kind)
    request = Request(
        step=step, received_at=timezone.now(), what="资料一套", from_whom=case.customer_name[:60]
    )
    works.receive(request, by=stage.worker(step))
    return fresh(case).step(kind)


def qualification(stage: Stage, case: Case, kind: str) -> None:
    """The firm's licence is checked and passed."""
    step = receive(stage, case, kind)
    stage.clock.later(hours=3)
    check = sheet_of(step)
    check.licence, check.checked_voltage = (
        licence(kind),
        "10kv" if case.customer_class in HV else "380v",
    )
    check.scope_ok = check.grade_ok = check.stamp_ok = True
    check.originals, check.decision = "seen", "passed"
    works.decide(check, by=stage.worker(step))


def designer(stage: Stage, case: Case) -> None:
    qualification(stage, case, Kind.DESIGNER)


def contractor(stage: Stage, case: Case) -> None:
    qualification(stage, case, Kind.CONTRACTOR)


def drawings(stage: Stage, case: Case) -> None:
    """The drawings are filed and pass."""
    step = receive(stage, case, Kind.DRAWINGS)
    by = stage.worker(step)
    review = sheet_of(step)
    review.title = "10 kV 配电所"
    review.follows_plan = review.power_quality_ok = review.protection_ok = True
    review.decision = "passed"
    review.save()
    file = documents.services.attach(
        case, picture(stage.random, "A-01"), title="A-01", by=by, step=step
    )
    DrawingSheet.objects.create(
        review=review, kind="substation", number="A-01", title="一次接线图", attachment=file
    )
    stage.clock.next_day()
    works.decide(review, by=by)


def check(stage: Stage, case: Case, kind: str) -> None:
    """An inspection on site with everything in order."""
    step = receive(stage, case, kind)
    stage.clock.next_day()
    by, inspection = stage.worker(step), sheet_of(step)
    inspection.inspector, inspection.inspected_at, inspection.result = by, timezone.now(), "passed"
    if kind == Kind.MID_CHECK:
        inspection.may_cover = True
        file = documents.services.attach(
            case, picture(stage.random, "trench"), title="电缆沟", by=by, step=step
        )
        CheckPhoto.objects.create(step=step, attachment=file, shows="电缆沟", before_covering=True)
    else:
        for name in (
            "as_built",
            "change_notes",
            "installation_records",
            "test_reports",
            "relay_settings",
            "maker_certificates",
            "concealed_records",
            "operating_rules",
            "duty_staff",
        ):
            setattr(inspection, name, True)
        ReceivingEquipment.objects.get_or_create(
            step=step, type="transformer", kva=400, maker="苏变", serial=f"T-{case.pk}"
        )
    inspection.save()
    step.check_items.update(result="ok")
    works.decide(inspection, by=by)


def mid_check(stage: Stage, case: Case) -> None:
    check(stage, case, Kind.MID_CHECK)


def acceptance(stage: Stage, case: Case) -> None:
    check(stage, case, Kind.ACCEPTANCE)
