"""How the people of the demo do each link of the chain: through the rooms' steps, like everybody.

Each function takes a case whose link is the customer's or the utility's turn, and brings it to the
end of that link. Nothing here writes a row itself where a room has a verb for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random

from django.utils import timezone
from PIL import Image, ImageDraw

import documents.steps
from accounts.demo import PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role
from applications import steps as applications
from applications.models import Application, Contact, Equipment
from contracts import steps as contracts
from contracts.content import kinds_for
from contracts.models import Contract
from demo import names
from demo.clock import StoryClock
from documents.files import Checked
from documents.models import PaperItem
from fees import steps as fees
from fees.models import Bill
from fees.standing import Standing
from metering import steps as metering
from metering.guards import energizes
from metering.models import Meter, Seal
from plans import steps as plans
from plans.models import Plan, PlanSource
from surveys import steps as surveys
from surveys.models import Candidate, Photo, SourcePoint
from workflow import moves
from workflow.models import Case, Step
from workflow.process import (
    HV,
    PROCESS,
    BusinessType,
    CustomerClass,
    Kind,
    descendants,
    kinds_of,
)
from works import steps as works
from works.guards import sheet_of
from works.models import (
    CheckPhoto,
    DrawingSheet,
    Licence,
    ReceivingEquipment,
    Request,
)

COLOURS = ((199, 208, 216), (217, 223, 208), (215, 211, 203), (190, 200, 190))


@dataclass
class Stage:
    """The demo's people, clock and dice, handed from link to link."""

    people: dict[str, User]
    clock: StoryClock
    random: Random
    unit: Unit

    def who(self, role: str) -> User:
        """The first person of the demo who holds the role and sees the office of the story."""
        return next(
            self.people[login.username]
            for login in PEOPLE
            if role in login.roles
            and self.unit.path.startswith(self.people[login.username].unit.path)
        )

    def worker(self, step: Step) -> User:
        return step.owner or self.who(step.process.role)


def fresh(case: Case) -> Case:
    """The case as the database has it now."""
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def picture(random: Random, text: str) -> Checked:
    """A photo of the demo: a plain ground with its title."""
    image = Image.new("RGB", (640, 480), random.choice(COLOURS))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = random.randrange(600), random.randrange(440)
        draw.rectangle(
            (x, y, x + random.randrange(20, 160), y + random.randrange(20, 120)),
            outline=(90, 100, 110),
            width=3,
        )
    out = BytesIO()
    image.save(out, "JPEG", quality=70)
    return Checked(out.getvalue(), "image/jpeg", f"{text}.jpg")


# Counter ------------------------------------------------------------------------------------------


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
        given |= {"existing_kw": 60, "new_kw": 20}
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
        documents.steps.receive(item, by=stage.who(Role.CLERK))


# Site ---------------------------------------------------------------------------------------------


def point(stage: Stage, case: Case, ordinal: int = 0) -> Candidate:
    """A candidate from the catalogue of the office, on a line of its own."""
    voltage = "10kv" if case.customer_class in HV else "380v"
    points = SourcePoint.objects.for_unit(case.unit).filter(voltage=voltage).order_by("pk")
    chosen = points[(case.pk + ordinal) % len(points)]
    return Candidate(
        source_point=chosen,
        distance_m=stage.random.randrange(5, 60),
        overhead_m=0,
        cable_m=stage.random.randrange(10, 90),
        works="敷设进户电缆，装表箱",
        cost_yuan=Decimal(stage.random.randrange(800, 9000)),
        works_days=stage.random.choice((1, 2, 3, 5)),
        workable=True,
    )


def begin_survey(stage: Stage, case: Case, *, points: int | None = None) -> Step:
    """The surveyor goes to the site, measures the points, takes photos; the sheet is not signed."""
    step = case.step(Kind.SURVEY)
    by = stage.worker(step)
    survey = surveys.begin(step, by=by)
    wanted = points or (
        2 if case.is_contested or case.customer_class == CustomerClass.HV_DUAL else 1
    )
    if survey.needs_point:
        for ordinal in range(wanted):
            surveys.measure(point(stage, case, ordinal), step=survey.step, by=by)
    for title in ("接户点", "表箱"):
        add_photo(stage, survey.step, title, by)
    return fresh(case).step(Kind.SURVEY)


def add_photo(stage: Stage, step: Step, title: str, by: User) -> None:
    surveys.add_photo(Photo(caption=title), picture(stage.random, title), step=step, by=by)


def survey(stage: Stage, case: Case) -> None:
    """The site is surveyed and can be supplied."""
    step = begin_survey(stage, case)
    sign_survey(stage, step)


def sign_survey(stage: Stage, step: Step) -> None:
    """Fill in what was found and sign."""
    case = step.case
    draft, loads = surveys.draft_for(step)
    now = timezone.now()
    draft.on_site_at = now
    draft.surveyor = stage.worker(step)
    if case.customer_class in HV:
        draft.second_surveyor = stage.people["matao"]
    draft.found_supply, draft.found_disputed = case.existing_supply, case.disputed
    draft.load_grade, draft.phase = 3, "three" if case.customer_class in HV else "single"
    draft.meter_position, draft.box_slots, draft.box_slots_free = "单元表箱", 6, 2
    draft.accuracy_m = 6
    draft.customer_signed_name, draft.customer_signed_at = case.customer_name[:60], now
    draft.can_supply = True
    if case.customer_class in HV:
        draft.concealed_works = draft.customer_works = True
    surveys.sign(draft, loads, by=stage.worker(step))


# Plan ---------------------------------------------------------------------------------------------


def begin_plan(stage: Stage, case: Case) -> Step:
    """The planner draws; nothing is submitted yet."""
    bring_papers(stage, case, Kind.PLAN)
    step = fresh(case).step(Kind.PLAN)
    by, high = stage.worker(step), case.customer_class in HV
    plan, _ = plans.draft_for(step)
    plan.total_kva = plan.total_kva or Decimal(8)
    plan.primary_wiring = (
        "单母线分段" if case.customer_class == CustomerClass.HV_DUAL else "单电源放射式"
    )
    plan.property_boundary = "10 kV 分支箱出线桩头" if high else "表箱出线开关"
    plan.ct_ratio, plan.pt_ratio = ("50/5", "10/0.1") if high else ("", "")
    plan.meter_type, plan.meter_accuracy = ("三相智能表", "0.5S") if high else ("单相智能表", "2.0")
    plan.tariff = plan.tariff or ("commercial" if high else "residential")
    plan.power_factor = Decimal("0.90") if high else None
    plan.protection = "过流、速断" if high else "剩余电流保护"
    if case.importance != "none":
        plan.emergency_kva = Decimal(100)
    candidates = plans.usable(plan.survey, timezone.localdate())
    count = 2 if case.customer_class == CustomerClass.HV_DUAL else 1
    sources = [
        PlanSource(
            candidate=candidate,
            role="main" if n == 0 else "standby",
            laying="cable",
            capacity_kva=plan.total_kva,
        )
        for n, candidate in enumerate(candidates[:count])
    ]
    plans.save_draft(step, plan, sources, by=by)
    return fresh(case).step(Kind.PLAN)


def draw_plan(stage: Stage, case: Case) -> Step:
    """The planner draws and submits."""
    step = begin_plan(stage, case)
    plans.submit(step, by=stage.worker(step))
    return fresh(case).step(Kind.PLAN)


def approve_plan(stage: Stage, case: Case) -> None:
    """As many approvers as the plan needs agree."""
    step = fresh(case).step(Kind.PLAN)
    for username in ("wuguohua", "qianwei"):
        if Plan.latest(case).state == Plan.State.SUBMITTED:
            plans.approve(step, by=stage.people[username], remark="同意")
            stage.clock.later(minutes=20)


def answer_plan(stage: Stage, case: Case) -> None:
    """The customer has it in writing."""
    step = fresh(case).step(Kind.PLAN)
    plans.answer(step, by=stage.worker(step), how=Plan.Channel.COUNTER)


def plan(stage: Stage, case: Case) -> None:
    """Drawn, approved, answered, accepted."""
    draw_plan(stage, case)
    stage.clock.later(hours=2)
    approve_plan(stage, case)
    stage.clock.later(hours=1)
    answer_plan(stage, case)
    stage.clock.next_day()
    step = fresh(case).step(Kind.PLAN)
    plans.accept(step, by=stage.worker(step), signed_name=case.customer_name[:60], how="signature")


# Works --------------------------------------------------------------------------------------------


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
    file = documents.steps.attach(
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
        file = documents.steps.attach(
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


# Money and contract -------------------------------------------------------------------------------


def issue_bill(stage: Stage, case: Case) -> Bill | None:
    """The bill that the accepted plan causes; None when nothing is due."""
    step = fresh(case).step(Kind.FEES)
    by = stage.worker(step)
    if Standing(step).assessment.nothing_due:
        fees.nothing_due(step, by=by)
        return None
    return fees.issue(step, by=by)


def pay(stage: Stage, case: Case) -> None:
    """The customer is billed, and pays the next day."""
    bill = issue_bill(stage, case)
    if bill:
        stage.clock.next_day()
        fees.receive(
            bill,
            by=stage.who(Role.CASHIER),
            method="transfer",
            payer=case.customer_name[:60],
            reference="转账 0417",
        )


def contract(stage: Stage, case: Case) -> None:
    """Drawn from the accepted plan, signed by both."""
    bring_papers(stage, case, Kind.CONTRACT)
    step = fresh(case).step(Kind.CONTRACT)
    by, private = stage.worker(step), case.customer_class == CustomerClass.LV_RESIDENTIAL
    drawn = contracts.draw(
        step,
        by=by,
        kind=kinds_for(case)[0],
        term_from=timezone.localdate(),
        term_to=_term_end(case),
    )
    stage.clock.later(hours=2)
    drawn = contracts.sign_customer(
        drawn,
        by=by,
        signed_name=case.customer_name[:60],
        signed_as=Contract.Signer.SELF if private else Contract.Signer.REPRESENTATIVE,
        signed_how=Contract.How.HAND if private else Contract.How.SEAL,
    )
    contracts.sign_utility(drawn, by=by)


def _term_end(case: Case) -> date | None:
    """A temporary supply ends; the others run on."""
    application = Application.of(case)
    return application.temporary_to if application else None


# Meter --------------------------------------------------------------------------------------------


def meter_from_stock(stage: Stage, case: Case) -> Meter:
    """A meter that fits, fresh from its maker."""
    high = case.customer_class in HV
    three = high or case.customer_class == CustomerClass.LV_OTHER
    return Meter.objects.create(
        asset_number=f"3201{case.pk:08d}",
        unit=case.unit,
        phase="three" if three else "single",
        rating_a="1.5(6)" if high else "5(60)",
        voltage_v="3×100" if high else ("3×220/380" if three else "220"),
        accuracy="0.5S" if high else "2.0",
        maker="华立",
    )


def hang_meter(stage: Stage, case: Case) -> Step:
    """Two technicians hang, seal and read the meter; the customer signs."""
    bring_papers(stage, case, Kind.METER)
    step = fresh(case).step(Kind.METER)
    by = stage.worker(step)
    order = metering.order_of(step)
    order.meter = meter_from_stock(stage, case)
    order.installer, order.second_installer = by, second_fitter(stage)
    order.installed_at = order.customer_signed_at = timezone.now()
    order.reading_total, order.customer_signed_name = 0, case.customer_name[:60]
    metering.plan_order(order, by=by)
    Seal.objects.create(installation=order, place="meter", number=f"F{case.pk:06d}")
    metering.install(order, by=by)
    return fresh(case).step(Kind.METER)


def second_fitter(stage: Stage) -> User:
    return stage.people["fangyong"]


def meter(stage: Stage, case: Case) -> None:
    """The meter hangs and the power is on; or it comes off where the supply ends."""
    if not energizes(case):
        return take_off(stage, case)
    step = hang_meter(stage, case)
    stage.clock.later(hours=1)
    power = metering.power_of(step)
    power.operator, power.energized_at = stage.worker(step), timezone.now()
    power.phase_order_ok = power.meter_runs = True
    power.result = "on"
    metering.energize(power, by=stage.worker(step))
    return None


def take_off(stage: Stage, case: Case) -> None:
    """The old meter comes off with its final readings."""
    step = fresh(case).step(Kind.METER)
    by = stage.worker(step)
    removal = metering.removal_of(step)
    removal.asset_number = removal.asset_number or f"3200{case.pk:08d}"
    removal.installer, removal.second_installer = by, second_fitter(stage)
    removal.removed_at, removal.reading_total = timezone.now(), 8421
    removal.new_seal = f"F{case.pk:06d}"
    metering.remove(removal, by=by)


def callback(stage: Stage, case: Case) -> None:
    """The customer is called back and content."""
    step = fresh(case).step(Kind.CALLBACK)
    call = metering.call_of(step)
    call.called_at, call.spoke_with, call.reached = timezone.now(), case.customer_name[:60], True
    call.satisfaction, call.power_quality_ok = 5, True
    call.on_time, call.charged_beyond_bill = True, False
    call.words = "很满意"
    metering.call_back(call, by=stage.worker(step))


LINKS = {
    Kind.SURVEY: survey,
    Kind.PLAN: plan,
    Kind.DESIGNER: designer,
    Kind.DRAWINGS: drawings,
    Kind.CONTRACTOR: contractor,
    Kind.MID_CHECK: mid_check,
    Kind.ACCEPTANCE: acceptance,
    Kind.FEES: pay,
    Kind.CONTRACT: contract,
    Kind.METER: meter,
    Kind.CALLBACK: callback,
}


def walk(stage: Stage, case: Case, *, until: str | None = None) -> Case:
    """Do link after link until the named one is open, or the case is closed."""
    if until is not None and until not in PROCESS:
        raise ValueError(until)
    while (case := fresh(case)).is_open:
        live = [step for step in case.live_steps if step.kind != until]
        if until and (reached := case.step(until)) and reached.is_live:
            return case
        if not live:
            bring_papers(stage, case)
            moves.conclude(case, by=None)
            if fresh(case).is_open:
                return fresh(case)
            continue
        claim(stage, live[0])
        stage.clock.later(hours=1)
        LINKS[live[0].kind](stage, fresh(case))
        reached = fresh(case).step(until) if until else None
        if not (reached and reached.is_live):
            stage.clock.next_day()
    return case


# Working days that a link takes in the walk, where it is not one.
DAYS = {Kind.PLAN: 2, Kind.DRAWINGS: 2, Kind.MID_CHECK: 2, Kind.ACCEPTANCE: 2}


def days_until(application: Application, until: str | None) -> int:
    """How many working days the walk takes from the counter to the opening of a link."""
    facts = Case(**{name: value for name, value in application.facts.items() if value is not None})
    if application.customer_class in HV:
        facts.customer_works = facts.concealed_works = True  # as the survey finds
    here = kinds_of(facts)
    before = {k for k in here if until is None or until in descendants(k)} - {Kind.APPLICATION}
    billed = Kind.FEES in before and application.customer_class == CustomerClass.HV_DUAL
    days = sum(DAYS.get(kind, 1) for kind in before) + billed
    return days - 1 if until and before else days


def claim(stage: Stage, step: Step) -> None:
    """The worker of a step takes it, if nobody has."""
    if step.owner_id is None:
        moves.claim(step, by=stage.who(step.process.role))
