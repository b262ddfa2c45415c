"""Every act that can be done with a case, through the rooms' own steps, and an office that is good
at it.

An act is a function of the step, the person and a way to choose: the machine of tests/test_machine
chooses at random, the competent office takes the first of what is offered, which is always the one
that leads on. `typed` marks what a page keeps before its button is pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from accounts.models import Unit, User
from accounts.roles import Role
from applications import services as applications
from applications.models import Application, Contact
from applications.signers import signers_of
from contracts import services as contracts
from contracts.content import asked, kinds_for
from contracts.models import Contract
from demo import walk
from demo.clock import StoryClock
from documents import services as documents
from documents.models import PaperItem
from fees import services as fees
from fees.models import Bill, Correction, Refund
from metering import fit
from metering import services as metering
from metering.guards import energizes, removes
from metering.models import Installation, Meter, MeterPhoto, Removal, Seal
from plans import services as plans
from plans.models import Plan, PlanSource
from surveys import services as surveys
from surveys.models import Candidate, Consent, Photo, SourcePoint, Survey, Visit
from tests.contracts.factories import SUPPLY
from tests.plans.factories import word
from tests.works.factories import picture
from workflow import clocks, moves, process, reminders
from workflow.guards import Refused
from workflow.models import Case, Step, StopReason
from workflow.moves import countersign
from workflow.process import HV, BusinessType, CustomerClass, ExistingSupply, Importance, Kind
from works import services as works
from works.guards import sheet_of
from works.models import (
    CheckPhoto,
    Defect,
    DrawingComment,
    DrawingSheet,
    LicenceCheck,
    ReceivingEquipment,
    Request,
)

OLD_METER = "3200000000"
WORKS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)
CHECKS = (Kind.MID_CHECK, Kind.ACCEPTANCE)


@dataclass(frozen=True)
class Act:
    """One thing to do with a step of one of the kinds; by its worker, or by who holds the role."""

    name: str
    kinds: frozenset[str]
    role: str | None
    do: Callable[[House, Step, User, Callable], object]


ACTS: dict[str, Act] = {}


def act(*kinds: str, role: str | None = None):
    """Put a function on the list of acts; without kinds it can be done with every step."""

    def register(do):
        ACTS[do.__name__] = Act(do.__name__, frozenset(kinds or process.PROCESS), role, do)
        return do

    return register


@dataclass
class House:
    """The people, the clock and one case."""

    people: dict[str, User]
    clock: StoryClock
    unit: Unit
    typed: Callable[[], None] = lambda: None
    case_pk: int = 0

    @property
    def case(self) -> Case:
        return Case.objects.select_related("unit", "owner").get(pk=self.case_pk)

    @property
    def stage(self) -> walk.Stage:
        return walk.Stage(self.people, self.clock, Random(self.case_pk), self.unit)

    def holders(self, role: str) -> list[User]:
        """Everybody who may do the work of a role on this case."""
        return [p for p in self.people.values() if p.has_role(role) and moves.sees(p, self.case)]

    def workers(self, step: Step, role: str | None) -> list[User]:
        """Who may do an act: the owner of the step, or anybody of the role."""
        if role is None and step.owner:
            return [step.owner]
        return self.holders(role or step.process.role)


def first(*offered: Any) -> Any:
    """How the competent office chooses."""
    return offered[0]


def nothing_there() -> Refused:
    return Refused("There is nothing to do this with.")


# Counter ------------------------------------------------------------------------------------------


@act(Kind.APPLICATION)
def fill_application(house: House, step: Step, by: User, choose) -> None:
    before = Application.objects.filter(step=step).first()
    sheet = walk.sheet(
        house.stage,
        choose(step.case.business_type, *BusinessType.values[::3]),
        choose(step.case.customer_class, *CustomerClass.values),
        importance=choose(step.case.importance, Importance.NONE, Importance.SECOND),
        not_duplicate="另一户",
    )
    supply = choose(sheet.existing_supply, "", ExistingSupply.SHARED)
    sheet.existing_supply = supply
    if supply == ExistingSupply.SHARED:
        sheet.shared_account, sheet.co_users, sheet.disputed = "0312", "张建国", True
        sheet.dispute = "电费分摊"
    if sheet.customer_class != CustomerClass.LV_RESIDENTIAL:
        sheet.customer_works = choose(sheet.customer_works, True, False)
    sheet.papers = sorted(walk.papers(sheet.customer_class))
    sheet.pk = before.pk if before else None
    sheet._state.adding = before is None
    applications.save_draft(step, sheet, walk.equipment(sheet), by=by)


@act(Kind.APPLICATION)
def accept_application(house: House, step: Step, by: User, choose) -> None:
    applications.accept(step, by=by)


@act(Kind.APPLICATION, role=Role.CLERK)
def talk(house: House, step: Step, by: User, choose) -> None:
    reached = choose(Contact.Outcome.REACHED, Contact.Outcome.NOT_REACHED)
    note = Contact(direction="out", channel="phone", outcome=reached, summary="通话")
    applications.note_contact(note, case=step.case, by=by)


@act(role=Role.CLERK)
def bring_paper(house: House, step: Step, by: User, choose) -> None:
    owed = list(PaperItem.objects.owed().filter(case=step.case))
    if not owed:
        raise nothing_there()
    documents.receive(choose(*owed), by=by)


@act(role=Role.SUPERVISOR)
def waive_paper(house: House, step: Step, by: User, choose) -> None:
    owed = list(PaperItem.objects.owed().filter(case=step.case))
    if not owed:
        raise nothing_there()
    documents.waive(choose(*owed), by=by, reason="已有")


# Site ---------------------------------------------------------------------------------------------


@act(Kind.SURVEY)
def measure(house: House, step: Step, by: User, choose) -> None:
    voltage = "10kv" if step.case.customer_class in HV else "380v"
    points = list(SourcePoint.objects.filter(voltage=voltage).order_by("name"))
    known = set(
        Candidate.objects.filter(survey__step=step, workable=True).values_list(
            "source_point", flat=True
        )
    )
    point = choose(*([p for p in points if p.pk not in known] or points))
    works = choose(True, False)
    candidate = Candidate(
        source_point=choose(point, None),
        name="现场另一处",
        distance_m=20,
        cable_m=30,
        works_days=2,
        workable=works,
        why_not="" if works else "够不着",
    )
    if candidate.source_point is None:
        candidate.rated_kva, candidate.committed_kva = choose(Decimal(400), None), Decimal(10)
    surveys.measure(candidate, step=step, by=by)


def _candidates(step: Step) -> list[Candidate]:
    found = list(Candidate.objects.filter(survey__step=step).select_related("survey__step__case"))
    if not found:
        raise nothing_there()
    for candidate in found:
        candidate.survey.step = step
    return found


@act(Kind.SURVEY)
def ask_consent(house: House, step: Step, by: User, choose) -> None:
    consent = Consent(
        party_kind="co_user",
        party=choose("张建国", "李四"),
        subject="从原接户点 T 接",
        asked_on=timezone.localdate(),
        asked_how="in_person",
    )
    surveys.ask_consent(consent, candidate=choose(*_candidates(step)), by=by)


@act(Kind.SURVEY)
def answer_consent(house: House, step: Step, by: User, choose) -> None:
    asked = list(
        Consent.objects.filter(candidate__survey__step=step).select_related(
            "candidate__survey__step__case"
        )
    )
    if not asked:
        raise nothing_there()
    answer, today = choose("yes", "no", "not_reached"), timezone.localdate()
    surveys.answer_consent(
        choose(*asked),
        by=by,
        answer=answer,
        on=today,
        words="说了",
        options="改接 2# 分支箱" if answer == "no" else "",
        expires_on=choose(None, today + timedelta(days=5)) if answer == "yes" else None,
    )


@act(Kind.SURVEY)
def visit(house: House, step: Step, by: User, choose) -> None:
    outcome = choose("done", "no_access")
    surveys.attempt(
        Visit(at=timezone.now(), outcome=outcome, evidence="敲门无人应答"), step=step, by=by
    )


@act(Kind.SURVEY)
def sign_survey(house: House, step: Step, by: User, choose) -> None:
    case, now = step.case, timezone.now()
    signature = Photo.Subject.SIGNATURE
    if choose(True, False) and not Photo.objects.filter(survey__step=step, subject=signature):
        surveys.add_photo(Photo(subject=signature), picture("signature"), step=step, by=by)
    draft, loads = surveys.draft_for(step)
    draft.on_site_at, draft.surveyor = now, by
    if case.customer_class in HV:
        others = [p for p in house.holders(Role.SURVEYOR) if p != by]
        draft.second_surveyor = choose(others[0], None)
    draft.found_supply = choose(case.existing_supply, *ExistingSupply.values)
    draft.found_disputed = choose(case.disputed, True)
    draft.load_grade, draft.phase, draft.meter_position = 3, "three", "单元表箱"
    draft.customer_signed_name, draft.customer_signed_at = choose(_signer(case), "", "路人"), now
    for name in ("concealed_works", "customer_works", "special_load"):
        setattr(draft, name, choose(getattr(case, name), True, False))
    draft.can_supply = choose(True, True, False)
    draft.no_supply_reason = "没有电源点"
    surveys.sign(draft, loads, by=by)


@act(Kind.SURVEY)
def confirm_survey(house: House, step: Step, by: User, choose) -> None:
    _countersign(Survey, surveys.confirm, house, step, choose)


def _countersign(model: Any, confirm: Any, house: House, step: Step, choose) -> None:
    """The second confirms, does not, or the first takes it back; now and then it is another."""
    sheet = model.objects.waiting().filter(step=step).select_related("step__case").first()
    if sheet is None:
        raise nothing_there()
    others = [p for p in house.holders(step.process.role) if p.pk != sheet.presented_by_id]
    what = choose("confirm", "confirm", "back", "reopen", "name")
    if what == "name" or sheet.second is None:
        countersign.name_second(sheet, others[0], by=step.owner)
    elif what == "reopen":
        countersign.reopen(sheet, by=step.owner)
    elif what == "back":
        countersign.send_back(sheet, by=sheet.second, reason="数据不对")
    else:
        confirm(sheet, by=choose(sheet.second, *others))


# Plan ---------------------------------------------------------------------------------------------


@act(Kind.PLAN)
def draw_plan(house: House, step: Step, by: User, choose) -> None:
    case = step.case
    plan, sources = plans.draft_for(step)
    high = case.customer_class in HV
    plan.voltage = choose("10kv" if high else "380v", "10kv")
    plan.total_kva = choose(plan.total_kva or Decimal(8), Decimal(8), Decimal(1500))
    plan.primary_wiring, plan.property_boundary = "单电源放射式", "表箱出线开关"
    plan.metering = "lv_lv" if plan.voltage == "380v" else "hv_hv"
    plan.ct_ratio, plan.pt_ratio = ("50/5", "10/0.1") if plan.metering == "hv_hv" else ("", "")
    plan.power_factor = choose(Decimal("0.90"), None)
    plan.meter_type, plan.meter_accuracy, plan.tariff = "三相智能表", "0.5S", "commercial"
    plan.protection = choose("过流、速断", "")
    plan.emergency_kva = choose(Decimal(100), Decimal(0))
    plan.reserve_kva = choose(Decimal(0), Decimal(50))
    usable = plans.usable(plan.survey, timezone.localdate()) if plan.survey_id else []
    wanted = choose(2 if case.customer_class == CustomerClass.HV_DUAL else 1, 1, 2)
    plans.save_draft(
        step,
        plan,
        [
            PlanSource(
                candidate=candidate,
                role="main" if n == 0 else "standby",
                capacity_kva=plan.total_kva,
            )
            for n, candidate in enumerate(_apart(usable, wanted))
        ]
        or sources,
        by=by,
    )


def _apart(candidates: list[Candidate], wanted: int) -> list[Candidate]:
    """As many points, on different lines while there are such, the newest measured first."""
    lines = {(c.substation, c.line): c for c in candidates}
    return [*lines.values()][-wanted:]


@act(Kind.PLAN)
def submit_plan(house: House, step: Step, by: User, choose) -> None:
    plans.submit(step, by=by)


@act(Kind.PLAN, role=Role.APPROVER)
def approve_plan(house: House, step: Step, by: User, choose) -> None:
    plans.approve(step, by=by)


@act(Kind.PLAN, role=Role.APPROVER)
def give_back_plan(house: House, step: Step, by: User, choose) -> None:
    plans.give_back(step, by=by, reason="再算一遍")


@act(Kind.PLAN)
def answer_plan(house: House, step: Step, by: User, choose) -> None:
    plans.answer(step, by=by, how=Plan.Channel.COUNTER)


def _signer(case: Case) -> str:
    return signers_of(case, timezone.localdate()).usual


def _signs_as(case: Case) -> str:
    signers = signers_of(case, timezone.localdate())
    if signers.in_person:
        return Contract.Signer.SELF
    return Contract.Signer.REPRESENTATIVE if signers.representative else Contract.Signer.AGENT


@act(Kind.PLAN, role=Role.CLERK)
def accept_plan(house: House, step: Step, by: User, choose) -> None:
    plans.accept(step, by=by, signed_name=choose(_signer(step.case), "钱七", " "), **word())


@act(Kind.PLAN)
def object_to_plan(house: House, step: Step, by: User, choose) -> None:
    plans.object_to(step, by=by, reason=choose("太远", ""))


@act(Kind.PLAN, role=Role.PLANNER)
def extend_plan(house: House, step: Step, by: User, choose) -> None:
    plans.extend(step, by=by, reason="资金未到")


# Works --------------------------------------------------------------------------------------------


@act(*WORKS)
def receive_file(house: House, step: Step, by: User, choose) -> None:
    ago = choose(timedelta(0), timedelta(days=2))
    request = Request(step=step, received_at=timezone.now() - ago, what="资料", from_whom="王小明")
    works.receive(request, by=by)


@act(*WORKS)
def ask_for_more(house: House, step: Step, by: User, choose) -> None:
    works.ask_for_more(step, missing=choose("缺盖章", ""), by=by)


@act(Kind.DESIGNER, Kind.CONTRACTOR)
def decide_licence(house: House, step: Step, by: User, choose) -> None:
    check = sheet_of(step)
    if not check.pk:
        raise nothing_there()
    passed = choose(True, True, False)
    check.licence = walk.licence(choose(step.kind, Kind.CONTRACTOR))
    check.checked_voltage = check.checked_voltage or "380v"
    check.scope_ok = check.grade_ok = check.stamp_ok = choose(True, None)
    check.originals = choose(LicenceCheck.Originals.SEEN, LicenceCheck.Originals.DEFERRED)
    check.originals_until = timezone.localdate() + timedelta(days=20)
    check.decision = "passed" if passed else "failed"
    check.remarks = "" if passed else choose("等级不够", "")
    house.typed()
    works.decide(check, by=by)


def _in_hand(step: Step, by: User) -> Any:
    """The sheet of a step in the person's hand, as a page would offer it."""
    moves.demand_worker(step, by)
    sheet = sheet_of(step)
    if step.state != Step.State.IN_HAND or not sheet.pk:
        raise nothing_there()
    return sheet


@act(Kind.DRAWINGS)
def file_drawing(house: House, step: Step, by: User, choose) -> None:
    review = _in_hand(step, by)
    file = documents.attach(step.case, picture("A"), title="A", by=by, step=step)
    number = f"A-{review.sheets.count() + 1}"
    DrawingSheet.objects.create(
        review=review, kind="substation", number=number, title="图", attachment=file
    )


@act(Kind.DRAWINGS)
def comment(house: House, step: Step, by: User, choose) -> None:
    review = _in_hand(step, by)
    DrawingComment.objects.create(
        case=step.case, raised_in=review, drawing="A-1", item="3", text="间距不足"
    )


@act(Kind.DRAWINGS)
def settle_comments(house: House, step: Step, by: User, choose) -> None:
    review = _in_hand(step, by)
    DrawingComment.objects.open().filter(case=step.case).update(
        closed_in=review, closed_by=by, answer="已改"
    )


@act(Kind.DRAWINGS)
def decide_drawings(house: House, step: Step, by: User, choose) -> None:
    review = _in_hand(step, by)
    review.title, review.decision = "配电所", choose("passed", "passed", "returned")
    review.follows_plan = review.power_quality_ok = choose(True, None)
    review.protection_ok = True
    works.decide(review, by=by)


@act(*CHECKS)
def inspect(house: House, step: Step, by: User, choose) -> None:
    """What is seen on site: items, photos, equipment; a defect more, or all cured."""
    check = _in_hand(step, by)
    step.check_items.update(result=choose("ok", "ok", "not_ok"))
    if choose(False, False, True):
        Defect.objects.create(step=step, text="接地电阻超标", cure_by=timezone.localdate())
    else:
        Defect.objects.of(step.case, step.kind).open().update(
            cured_on=timezone.localdate(), cure="已整改", seen_by=by
        )
    if step.kind == Kind.MID_CHECK:
        file = documents.attach(step.case, picture("T"), title="T", by=by, step=step)
        CheckPhoto.objects.create(step=step, attachment=file, shows="沟", before_covering=True)
        check.may_cover = choose(True, False)
    else:
        ReceivingEquipment.objects.create(step=step, type="transformer", kva=400)
        check.papers_not_needed = choose("全部齐全", "")
    check.inspector, check.inspected_at = choose(by, None), timezone.now()
    check.save()


@act(*CHECKS)
def decide_check(house: House, step: Step, by: User, choose) -> None:
    check = _in_hand(step, by)
    check.result = choose("passed", "passed", "failed")
    works.decide(check, by=by)


@act(Kind.DRAWINGS, *CHECKS)
def licence_lapsed(house: House, step: Step, by: User, choose) -> None:
    works.back_to_qualification(step, by=by)


# Money --------------------------------------------------------------------------------------------


@act(Kind.FEES)
def issue_bill(house: House, step: Step, by: User, choose) -> None:
    fees.issue(step, by=by)


@act(Kind.FEES)
def nothing_due(house: House, step: Step, by: User, choose) -> None:
    fees.nothing_due(step, by=by)


def _bills(step: Step) -> list[Bill]:
    """The bills of the case, the newest first."""
    found = list(Bill.objects.of_case(step.case).order_by("-pk"))
    if not found:
        raise nothing_there()
    return found


@act(Kind.FEES, role=Role.CASHIER)
def pay(house: House, step: Step, by: User, choose) -> None:
    fees.receive(choose(*_bills(step)), by=by, method="transfer", payer="王小明", reference="转 1")


@act(Kind.FEES, role=Role.BILLER)
def propose(house: House, step: Step, by: User, choose) -> None:
    kind = choose(Correction.Kind.CORRECT, Correction.Kind.WAIVE)
    fees.propose(choose(*_bills(step)), by=by, kind=kind, reason="算错")


def _proposals(step: Step) -> list[Correction]:
    found = list(Correction.objects.filter(bill__step__case=step.case).order_by("-pk"))
    if not found:
        raise nothing_there()
    return found


@act(Kind.FEES, role=Role.SUPERVISOR)
def approve_proposal(house: House, step: Step, by: User, choose) -> None:
    fees.approve(choose(*_proposals(step)), by=by)


@act(Kind.FEES, role=Role.SUPERVISOR)
def decline_proposal(house: House, step: Step, by: User, choose) -> None:
    fees.decline(choose(*_proposals(step)), by=by)


def _refunds(step: Step) -> list[Refund]:
    found = list(Refund.objects.of_case(step.case))
    if not found:
        raise nothing_there()
    return found


@act(Kind.FEES, role=Role.CASHIER)
def pay_out(house: House, step: Step, by: User, choose) -> None:
    fees.pay_out(choose(*_refunds(step)), by=by, method="transfer", reference="转 2")


@act(Kind.FEES, role=Role.BILLER)
def confirm_refund(house: House, step: Step, by: User, choose) -> None:
    fees.confirm(choose(*_refunds(step)), by=by)


# Contract -----------------------------------------------------------------------------------------


@act(Kind.CONTRACT)
def draw_contract(house: House, step: Step, by: User, choose) -> None:
    today = timezone.localdate()
    end = today + timedelta(days=300)
    kind = kinds_for(step.case)[0]
    until = end if kind == "temporary" else choose(None, end)
    usual = SUPPLY | ({"metering": "高供高计"} if step.case.customer_class in HV else {})
    supply = {name: choose(said or usual[name], None) for name, said in asked(step.case).items()}
    contracts.draw(step, by=by, kind=kind, term_from=today, term_to=until, **supply)


def _contracts(step: Step) -> list[Contract]:
    found = list(Contract.objects.filter(step__case=step.case).order_by("-pk"))
    if not found:
        raise nothing_there()
    return found


@act(Kind.CONTRACT)
def revise_contract(house: House, step: Step, by: User, choose) -> None:
    contracts.revise(choose(*_contracts(step)), by=by, reason=choose("改期", ""))


@act(Kind.CONTRACT)
def customer_signs(house: House, step: Step, by: User, choose) -> None:
    contracts.sign_customer(
        choose(*_contracts(step)),
        by=by,
        signed_name=_signer(step.case),
        signed_as=choose(*sorted(Contract.Signer, key=lambda way: way != _signs_as(step.case))),
        signed_how=Contract.How.HAND,
        evidence=choose(word()["evidence"], None),
    )


@act(Kind.CONTRACT)
def utility_signs(house: House, step: Step, by: User, choose) -> None:
    contracts.sign_utility(choose(*_contracts(step)), by=by)


@act(Kind.CONTRACT)
def interim_agreement(house: House, step: Step, by: User, choose) -> None:
    contracts.sign_interim(
        choose(*_contracts(step)),
        by=by,
        interim_name="王小明",
        interim_how=Contract.How.HAND,
        evidence=choose(word()["evidence"], None),
    )


# Meter --------------------------------------------------------------------------------------------


def _meters(step: Step) -> list[Meter | None]:
    """What a technician may take from the shelf: one that fits, any other, none."""
    free = Meter.objects.in_stock().order_by("pk")
    return [*free.fitting(*fit.wanted(step.case))[:1], *free[:1], None]


@act(Kind.METER)
def order_meter(house: House, step: Step, by: User, choose) -> None:
    order = metering.order_of(step, by)
    order.meter = choose(*_meters(step))
    metering.plan_order(order, by=by)


@act(Kind.METER)
def seal(house: House, step: Step, by: User, choose) -> None:
    metering.demand_open(step, by)
    order = metering.order_of(step, by)
    if not order.pk:
        raise nothing_there()
    Seal.objects.create(installation=order, place="meter", number=f"F{Seal.objects.count()}")


@act(Kind.METER)
def hang_meter(house: House, step: Step, by: User, choose) -> None:
    order = metering.order_of(step, by)
    order.meter = order.meter or choose(*_meters(step))
    # Where no plan names the transformer, the nameplate on site does.
    if order.meter and order.meter.through_ct and not order.ct_ratio:
        order.ct_ratio = "50/5"
    order.installer, order.second_installer = by, choose(_other_fitter(house, by), None)
    order.installed_at = order.customer_signed_at = timezone.now()
    order.reading_total = choose(0, None)
    order.customer_signed_name = choose(_signer(step.case), "", "路人")
    _sign_on_glass(step, by, choose)
    metering.install(order, by=by)


def _sign_on_glass(step: Step, by: User, choose) -> None:
    shows = MeterPhoto.Shows.SIGNATURE
    if choose(True, False) and not MeterPhoto.objects.filter(step=step, shows=shows).exists():
        metering.demand_open(step, by)
        kept = documents.attach(step.case, picture("signature"), title="S", by=by, step=step)
        MeterPhoto.objects.create(step=step, attachment=kept, shows=shows)


def _other_fitter(house: House, by: User) -> User:
    return next(p for p in house.holders(Role.FITTER) if p != by)


@act(Kind.METER)
def take_meter_off(house: House, step: Step, by: User, choose) -> None:
    removal = metering.removal_of(step, by)
    removal.asset_number = choose(removal.asset_number or OLD_METER, OLD_METER, "3100000007")
    removal.installer, removal.second_installer = by, _other_fitter(house, by)
    removal.removed_at, removal.reading_total = timezone.now(), choose(8421, None)
    removal.new_seal = "F-OLD"
    metering.remove(removal, by=by)


@act(Kind.METER)
def confirm_order(house: House, step: Step, by: User, choose) -> None:
    _countersign(Installation, metering.confirm, house, step, choose)


@act(Kind.METER)
def confirm_removal(house: House, step: Step, by: User, choose) -> None:
    _countersign(Removal, metering.confirm, house, step, choose)


@act(Kind.METER)
def power_fails(house: House, step: Step, by: User, choose) -> None:
    power = metering.power_of(step, by)
    power.result, power.remarks = "failed", "相序错"
    metering.keep_power(power, by=by)


@act(Kind.METER)
def power_on(house: House, step: Step, by: User, choose) -> None:
    power = metering.power_of(step, by)
    power.operator, power.energized_at, power.result = by, timezone.now(), "on"
    power.phase_order_ok = power.meter_runs = choose(True, None)
    metering.energize(power, by=by)


@act(Kind.CALLBACK)
def not_reached(house: House, step: Step, by: User, choose) -> None:
    metering.not_reached(metering.call_of(step), note="无人接听", by=by)


@act(Kind.CALLBACK)
def call_back(house: House, step: Step, by: User, choose) -> None:
    call = metering.call_of(step)
    call.called_at, call.spoke_with = timezone.now(), "王小明"
    call.reached, call.satisfaction = choose(True, False), choose(5, 1, None)
    call.power_quality_ok, call.charged_beyond_bill = True, choose(False, True)
    call.charged_what = choose("有人另收 200 元", "")
    metering.call_back(call, by=by)


# What can be done with every step and case --------------------------------------------------------


@act()
def claim(house: House, step: Step, by: User, choose) -> None:
    moves.claim(step, by=by)


@act(role=Role.SUPERVISOR)
def assign(house: House, step: Step, by: User, choose) -> None:
    moves.assign(step, choose(*house.people.values()), by=by)


@act()
def stop(house: House, step: Step, by: User, choose) -> None:
    moves.stop(
        step,
        by=by,
        reason=choose(*StopReason.objects.order_by("pk")),
        party="客户",
        evidence=choose("函", ""),
        review_on=clocks.calendar().add(timezone.localdate(), choose(1, 3, 400)),
    )


@act(role=Role.SUPERVISOR)
def resume(house: House, step: Step, by: User, choose) -> None:
    moves.resume(step, by=by)


@act()
def send_back(house: House, step: Step, by: User, choose) -> None:
    moves.send_back(step, by=by, reason=choose("重来", ""), to=choose(step.kind, *process.PROCESS))


@act(role=Role.SUPERVISOR)
def ask_fast_lane(house: House, step: Step, by: User, choose) -> None:
    moves.ask_fast_lane(step.case, by=by, grounds="信用 AAA")


@act(role=Role.MANAGER)
def approve_fast_lane(house: House, step: Step, by: User, choose) -> None:
    kinds = choose([Kind.FEES, Kind.CONTRACT], [Kind.CONTRACT], [Kind.FEES], [Kind.SURVEY])
    until = timezone.localdate() + timedelta(days=choose(30, -1))
    moves.approve_fast_lane(step.case, by=by, kinds=kinds, until=until)


@act(role=Role.SUPERVISOR)
def revoke_fast_lane(house: House, step: Step, by: User, choose) -> None:
    moves.revoke_fast_lane(step.case, by=by, reason="失信")


@act(role=Role.SUPERVISOR)
def correct_facts(house: House, step: Step, by: User, choose) -> None:
    name, value = choose(
        ("customer_works", True),
        ("customer_works", False),
        ("concealed_works", True),
        ("special_load", True),
        ("special_load", False),
        ("disputed", True),
        ("capacity_kva", Decimal(1600)),
        *[("importance", value) for value in Importance.values[:2]],
        *[("existing_supply", value) for value in ExistingSupply.values],
        *[("customer_class", value) for value in CustomerClass.values],
        *[("business_type", value) for value in BusinessType.values],
    )
    moves.set_facts(step.case, by=by, note="更正", **{name: value})


@act(role=Role.CLERK)
def withdraw(house: House, step: Step, by: User, choose) -> None:
    moves.withdraw(step.case, by=by, reason="不办了")


@act(role=Role.APPROVER)
def refuse(house: House, step: Step, by: User, choose) -> None:
    moves.refuse(step.case, by=by, reason=choose("没有电源点", ""))


# Time ---------------------------------------------------------------------------------------------


def days_go_by(house: House, working_days: int) -> None:
    """Time passes, and what the clock does by itself is done."""
    house.clock.next_day(working_days)
    reminders.resume_capped(timezone.localdate())
    plans.expire()


# The competent office -----------------------------------------------------------------------------


def ways_on(house: House, step: Step) -> Iterator[str]:
    """The names of acts that may lead a live step on, the best first."""
    case = step.case
    if step.state == Step.State.STOPPED:
        yield "resume"
    elif step.kind not in process.kinds_of(case):
        yield "send_back"  # begun, and found not to be needed: the next round falls away
    else:
        yield from WAYS.get(step.kind, _works)(house, step)


def _application(house: House, step: Step) -> Iterator[str]:
    yield "accept_application"
    yield "fill_application"


def _survey(house: House, step: Step) -> Iterator[str]:
    needed = 2 if step.case.is_contested or step.case.customer_class == "hv_dual" else 1
    survey = Survey.objects.filter(step=step).first()
    usable = plans.usable(survey, timezone.localdate()) if survey else []
    high = "10kv" if step.case.customer_class in HV else "380v"
    fitting = [c for c in usable if c.source_point and c.voltage == high]
    if survey and survey.waits:
        yield "confirm_survey"
    elif Kind.PLAN in process.flow(step.case.business_type) and len(fitting) < needed:
        yield "measure"
    else:
        yield "sign_survey"
        yield "measure"


def _plan(house: House, step: Step) -> Iterator[str]:
    plan = Plan.objects.filter(step=step).first()
    state = plan.state if plan else None
    if state == Plan.State.SUBMITTED:
        yield "approve_plan"
        yield "give_back_plan"
    elif state == Plan.State.APPROVED:
        yield "answer_plan"
        yield "give_back_plan"
    elif state == Plan.State.ANSWERED:
        yield "accept_plan"
        yield "object_to_plan"
    else:
        yield "submit_plan"
        yield "draw_plan"


def _works(house: House, step: Step) -> Iterator[str]:
    if step.state == Step.State.WITH_CUSTOMER:
        yield "receive_file"
    elif step.kind in CHECKS:
        yield "licence_lapsed"
        yield "decide_check"
        yield "inspect"
    elif step.kind == Kind.DRAWINGS:
        yield "licence_lapsed"
        yield "decide_drawings"
        if DrawingComment.objects.open().filter(case=step.case).exists():
            yield "settle_comments"
        yield "file_drawing"
    else:
        yield "decide_licence"


def _fees(house: House, step: Step) -> Iterator[str]:
    if step.state == Step.State.WITH_CUSTOMER:
        yield "pay"
        yield "decline_proposal"
    else:
        yield "issue_bill"
        yield "nothing_due"


def _contract(house: House, step: Step) -> Iterator[str]:
    if step.state == Step.State.IN_HAND:
        yield "draw_contract"
    yield "customer_signs"
    yield "utility_signs"


def _meter(house: House, step: Step) -> Iterator[str]:
    yield "confirm_removal"
    yield "confirm_order"
    if energizes(step.case):
        yield "power_on"
        yield "hang_meter"
        if not Seal.objects.filter(installation__step=step).exists():
            yield "seal"
            yield "order_meter"
    if removes(step.case):
        yield "take_meter_off"


def _callback(house: House, step: Step) -> Iterator[str]:
    yield "call_back"


WAYS: dict[str, Callable[[House, Step], Iterator[str]]] = {
    Kind.APPLICATION: _application,
    Kind.SURVEY: _survey,
    Kind.PLAN: _plan,
    Kind.FEES: _fees,
    Kind.CONTRACT: _contract,
    Kind.METER: _meter,
    Kind.CALLBACK: _callback,
}
# What stands so badly that only an earlier link can mend it: another survey for the plan.
BACK_TO = {Kind.PLAN: Kind.SURVEY}
PATIENCE = 120


def drive_home(house: House, until: str | None = None) -> None:
    """Bring the case to its end, or until a link is open, as a competent office would.

    Raises AssertionError at a dead end.
    """
    told: list[str] = []
    for _n in range(PATIENCE):
        case = house.case
        if not case.is_open or (until and (step := case.step(until)) and step.is_live):
            return
        walk.bring_papers(house.stage, case)
        case = house.case
        if not case.is_open:
            return
        assert case.live_steps, f"{case.number}: open, and nobody's turn. {state_of(case)}"
        told.append(one_act(house, case.live_steps[0]))
        house.clock.later(minutes=5)
    raise AssertionError(f"{house.case.number} goes in circles: {told[-20:]}")


def one_act(house: House, step: Step, *, stuck: bool = True) -> str:
    """Do the first act that is not refused, and tell it.

    Where all are refused that is a dead end; not so for a link that may wait (`stuck=False`).
    """
    refused: list[str] = []
    names = [*ways_on(house, step), *(["back"] if step.kind in BACK_TO else [])]
    for name in names:
        todo = ACTS.get(name)
        for by in house.workers(step, todo.role if todo else None):
            step = next(s for s in house.case.all_steps if s.pk == step.pk)
            try:
                if todo is None:
                    moves.send_back(step, by=by, reason="另找电源点", to=BACK_TO[step.kind])
                else:
                    todo.do(house, step, by, first)
            except Refused as refusal:
                refused.append(f"{name} by {by.username}: {'; '.join(refusal.messages)}")
            else:
                return f"{step.kind} {step.round}: {name} by {by.username}"
    assert not stuck, f"dead end at {step.kind}: {refused}. {state_of(house.case)}"
    return ""


def state_of(case: Case) -> str:
    """All there is to know about a case in one line."""
    steps = ", ".join(f"{s.kind} {s.round} {s.state}" for s in case.all_steps)
    return f"{case.state}, {case.facts}: {steps}"
